//! The demonstration's claim, counted: one source with the mother's beats, another with the foetus's.

use std::fs;

use anyhow::{Context as _, Result};

use super::bss;
use crate::shell;

/// Ten seconds at 250 Hz: beats a window, within one (DaISy 96-012, counted by eye on the recording).
const MOTHER: usize = 14;
const FOETUS: usize = 22;
/// A beat is above this share of the tenth largest value.
const THRESHOLD: f64 = 0.5;
/// Samples between two beats of one heart at the least: 250 a minute.
const REFRACTORY: usize = 60;
/// Samples over which the baseline's median is taken.
const BASELINE: usize = 51;

/// Fits the record with three seeds and counts the beats of every source.
pub(super) fn run() -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = shell::target_dir().join("reproduce").join("foetal-ecg");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let (run, sources) = (work.join("run").display().to_string(), work.join("sources.csv"));
    let mut all = true;
    for seed in ["0", "1", "2"] {
        let file = ["fit", "fixtures/foetal_ecg.dat", "--columns", "1-8", "--sample-rate", "250"];
        bss(&[&file[..], &["--seed", seed, "--out", &run, "--force", "--quiet"]].concat())?;
        bss(&["separate", "--run", &run, "--out", &sources.display().to_string()])?;
        let columns = columns(&fs::read_to_string(&sources)?)?;
        let beats: Vec<usize> = columns.iter().map(|column| count_beats(column)).collect();
        let has = |beat: usize| beats.iter().any(|found| found.abs_diff(beat) <= 1);
        let both = has(MOTHER) && has(FOETUS);
        println!("seed {seed}: beats by source {beats:?}{}", if both { "" } else { "  MISSED" });
        all &= both;
    }
    Ok(all)
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

/// The number of sharp peaks, upwards or downwards, whichever are larger.
fn count_beats(column: &[f64]) -> usize {
    let half = BASELINE / 2;
    let median = |r: usize| {
        let mut window = column[r.saturating_sub(half)..(r + half + 1).min(column.len())].to_vec();
        window.sort_by(f64::total_cmp);
        window[window.len() / 2]
    };
    let flat: Vec<f64> = column.iter().enumerate().map(|(r, value)| value - median(r)).collect();
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
    beats.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_counted_whatever_their_sign_and_baseline() {
        for sign in [1.0, -1.0] {
            let beat = |r: usize| if r % 180 == 90 { 5.0 * sign } else { 0.0 };
            let column: Vec<f64> = (0..2500).map(|r| beat(r) + (0.01 * r as f64).sin()).collect();
            assert_eq!(count_beats(&column), 14);
        }
    }

    #[test]
    fn tables_are_read_with_and_without_a_header() {
        assert_eq!(columns("a,b\n1,2\n-3,4e0\n").unwrap(), [[1.0, -3.0], [2.0, 4.0]]);
        assert!(columns("1,x\n").is_err());
    }
}
