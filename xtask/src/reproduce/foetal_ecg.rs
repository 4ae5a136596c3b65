//! The demonstration's claim, counted, and the classical methods beside it: which of them has one source with the mother's
//! beats and another with the child's?

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::results::{median, number};
use super::{bss, machine};
use crate::shell;

/// Ten seconds at 250 Hz: beats a window, within one (DaISy 96-012, counted by eye on the recording).
const MOTHER: usize = 14;
const CHILD: usize = 22;
/// A beat is above this share of the tenth largest value.
const THRESHOLD: f64 = 0.5;
/// Samples between two beats of one heart at the least: 250 a minute.
const REFRACTORY: usize = 60;
/// Samples over which the baseline's median is taken.
const BASELINE: usize = 51;
/// Samples to either side of a peak that belong to the beat.
const BEAT: usize = 10;

const METHODS: [&str; 5] = ["ar-flow", "fastica", "picard", "sobi", "jade"];
const SEEDS: [&str; 3] = ["0", "1", "2"];
/// How far a clearness may fall short of the stored one.
const TOLERANCE: f64 = 0.1;

/// Separates the record by every method with every seed, and counts the beats of every source.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = shell::target_dir().join("reproduce").join("foetal-ecg");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let mut results = Vec::new();
    for method in METHODS {
        for seed in SEEDS {
            let result = one(method, seed, &work)?;
            println!("{method:<8} seed {seed}: {}", beats(&result));
            results.push(result);
        }
    }
    let ours = results.iter().filter(|result| result["method"] == METHODS[0]);
    let found = ours.fold(true, |found, result| found && result["mother"].is_f64() && result["child"].is_f64());
    let folder = shell::root().join("docs").join("experiments").join("foetal-ecg");
    let path = folder.join("results.json");
    if check {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(agrees(&results, &serde_json::from_str::<Vec<Value>>(&text)?) && found);
    }
    fs::create_dir_all(&folder)?;
    fs::write(&path, serde_json::to_string_pretty(&results)? + "\n")?;
    fs::write(folder.join("README.md"), page(&results))?;
    println!("wrote {}", folder.display());
    Ok(found)
}

/// One method and seed.
fn one(method: &str, seed: &str, work: &Path) -> Result<Value> {
    let (run, sources) = (work.join("run").display().to_string(), work.join("sources.csv"));
    let file = ["fit", "fixtures/foetal_ecg.dat", "--columns", "1-8", "--sample-rate", "250", "--model", method];
    bss(&[&file[..], &["--seed", seed, "--out", &run, "--force", "--quiet"]].concat())?;
    bss(&["separate", "--run", &run, "--out", &sources.display().to_string()])?;
    let columns = columns(&fs::read_to_string(&sources)?)?;
    let found: Vec<Beats> = columns.iter().map(|column| Beats::of(column)).collect();
    let clearest = |beats: usize| {
        let hearts = found.iter().filter(|found| found.count.abs_diff(beats) <= 1).map(|found| found.clearness);
        hearts.reduce(f64::max).map(|clearness| (clearness * 100.0).round() / 100.0)
    };
    Ok(json!({
        "method": method,
        "seed": seed,
        "beats": found.iter().map(|found| found.count).collect::<Vec<_>>(),
        "mother": clearest(MOTHER),
        "child": clearest(CHILD),
    }))
}

/// A run's beats by source, and what is missing.
fn beats(result: &Value) -> String {
    let missed = ["mother", "child"].into_iter().filter(|heart| result[heart].is_null());
    let missed: Vec<String> = missed.map(|heart| format!("  {heart} MISSED")).collect();
    format!("beats by source {}{}", result["beats"], missed.concat())
}

/// Prints the runs whose hearts are missing or less clear than stored.
fn agrees(results: &[Value], stored: &[Value]) -> bool {
    let mut agree = true;
    for found in results {
        let same = |other: &&Value| other["method"] == found["method"] && other["seed"] == found["seed"];
        let stored = stored.iter().find(same).unwrap_or(&Value::Null);
        for heart in ["mother", "child"] {
            let (is, was) = (number(found, heart), number(stored, heart));
            let is_worse = !was.is_nan() && (is.is_nan() || is < (1.0 - TOLERANCE) * was);
            if stored.is_null() || is_worse {
                println!("{} seed {}, {heart}: {is}, stored {was}", found["method"], found["seed"]);
                agree = false;
            }
        }
    }
    agree
}

fn page(results: &[Value]) -> String {
    let mut text = format!(
        "# The foetal ECG, by every method\n\n\
         Ten seconds from eight electrodes on a pregnant woman (`fixtures/foetal_ecg.dat`, DaISy 96-012), separated into eight \
         sources.\nThe mother's heart beats {MOTHER} times in them and the child's {CHILD} times, counted by eye. A heart is \
         found where a source has as\nmany sharp peaks, give or take one, so that none is missed and none of the other's is \
         counted.\n\n\
         The clearness of a heart is the median height of its peaks over the root mean square of that source between the \
         beats:\nthe larger, the less of anything else is in it.\n\n\
         `cargo xtask reproduce foetal-ecg` writes this page and `results.json`; `--check` compares with them. Machine: {}.\n\n\
         | method | seed | beats by source | mother's clearness | child's clearness |\n| --- | --- | --- | --- | --- |\n",
        machine()
    );
    for result in results {
        let clearness =
            |heart: &str| result[heart].as_f64().map_or("not found".to_owned(), |value| format!("{value:.1}"));
        let counts: Vec<String> = result["beats"].as_array().into_iter().flatten().map(Value::to_string).collect();
        let word = |key: &str| result[key].as_str().unwrap_or_default().to_owned();
        let (method, seed, counts) = (word("method"), word("seed"), counts.join(" "));
        let _ = writeln!(text, "| `{method}` | {seed} | {counts} | {} | {} |", clearness("mother"), clearness("child"));
    }
    text
}

/// The columns of a table of numbers, its header left out.
fn columns(text: &str) -> Result<Vec<Vec<f64>>> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with(char::is_alphabetic)) {
        for (j, cell) in line.split(',').enumerate() {
            if columns.len() <= j {
                columns.push(Vec::new());
            }
            columns[j].push(cell.trim().parse().with_context(|| format!("`{cell}` is no number"))?);
        }
    }
    Ok(columns)
}

/// The sharp peaks of a source, upwards or downwards, whichever are larger.
struct Beats {
    count: usize,
    /// Their median height over the root mean square between them.
    clearness: f64,
}

impl Beats {
    fn of(column: &[f64]) -> Self {
        let half = BASELINE / 2;
        let baseline = |r: usize| {
            let mut window = column[r.saturating_sub(half)..(r + half + 1).min(column.len())].to_vec();
            window.sort_by(f64::total_cmp);
            window[window.len() / 2]
        };
        let flat: Vec<f64> = column.iter().enumerate().map(|(r, value)| value - baseline(r)).collect();
        let (lowest, highest) = flat.iter().fold((0.0f64, 0.0f64), |(low, high), &v| (low.min(v), high.max(v)));
        let sign = if -lowest > highest { -1.0 } else { 1.0 };
        let upright: Vec<f64> = flat.iter().map(|value| sign * value).collect();
        let mut sorted = upright.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let threshold = THRESHOLD * sorted.get(9).copied().unwrap_or(0.0);
        // The highest sample first, and none within the refractory time of one that counts already.
        let mut order: Vec<usize> = (0..upright.len()).filter(|&r| upright[r] > threshold).collect();
        order.sort_by(|&a, &b| upright[b].total_cmp(&upright[a]));
        let mut beats: Vec<usize> = Vec::new();
        for r in order {
            if beats.iter().all(|beat| beat.abs_diff(r) >= REFRACTORY) {
                beats.push(r);
            }
        }
        let is_near = |r: usize| beats.iter().any(|beat| beat.abs_diff(r) <= BEAT);
        let between: Vec<f64> = (0..upright.len()).filter(|&r| !is_near(r)).map(|r| upright[r].powi(2)).collect();
        let background = (between.iter().sum::<f64>() / between.len().max(1) as f64).sqrt();
        if beats.is_empty() {
            return Self { count: 0, clearness: 0.0 };
        }
        let height = median(&beats.iter().map(|&r| upright[r]).collect::<Vec<f64>>());
        Self { count: beats.len(), clearness: height / background }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_counted_whatever_their_sign_and_baseline() {
        for sign in [1.0, -1.0] {
            let beat = |r: usize| if r % 180 == 90 { 5.0 * sign } else { 0.0 };
            let column: Vec<f64> = (0..2500).map(|r| beat(r) + (0.01 * r as f64).sin()).collect();
            assert_eq!(Beats::of(&column).count, 14);
        }
    }

    #[test]
    fn a_source_is_clearer_the_less_there_is_between_its_beats() {
        let source = |noise: f64| -> Vec<f64> {
            let between = |r: usize| noise * (1.3 * (r * r) as f64).sin();
            (0..2500).map(|r| if r % 180 == 90 { 5.0 } else { between(r) }).collect()
        };
        let [clear, noisy] = [0.1, 0.5].map(|noise| Beats::of(&source(noise)).clearness);
        assert!((clear / noisy - 5.0).abs() < 0.5, "{clear} against {noisy}");
    }

    #[test]
    fn a_heart_that_is_no_longer_found_is_told() {
        let run = |child: Value| vec![json!({ "method": "sobi", "seed": "0", "mother": null, "child": child })];
        assert!(agrees(&run(json!(9.5)), &run(json!(10.0))));
        assert!(!agrees(&run(json!(8.0)), &run(json!(10.0))));
        assert!(!agrees(&run(Value::Null), &run(json!(10.0))));
        assert!(agrees(&run(json!(9.0)), &run(Value::Null)));
        assert!(!agrees(&run(json!(9.0)), &[]));
    }

    #[test]
    fn tables_are_read_with_and_without_a_header() {
        assert_eq!(columns("a,b\n1,2\n-3,4e0\n").unwrap(), [[1.0, -3.0], [2.0, 4.0]]);
        assert!(columns("1,x\n").is_err());
    }
}
