//! How often `bss count` finds the number of sources: synthetic mixtures of three, of five families.

mod page;

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::bss;
use super::results::number;
use crate::shell;

const FAMILIES: [&str; 5] = ["sine+square+ar", "ar-gaussian", "ar-laplace", "iid", "garch"];
/// Every family's number of sources.
const TRUTH: u64 = 3;
const SAMPLES: &str = "1000";
/// Smaller ones were looked at while the command was made.
const FIRST_SEED: u64 = 10;
const SEEDS: u64 = 10;
/// A case may fall so many hits short of the stored one: another processor rounds otherwise, and close calls turn.
const SLACK: usize = 3;

/// A way to mix.
struct Case {
    name: &'static str,
    channels: &'static str,
    noise_db: Option<&'static str>,
}

const CASES: [Case; 3] = [
    Case { name: "square", channels: "3", noise_db: None },
    Case { name: "noise-20-db", channels: "6", noise_db: Some("20") },
    Case { name: "noise-30-db", channels: "6", noise_db: Some("30") },
];

/// One mixture.
struct Task {
    case: &'static Case,
    family: &'static str,
    seed: u64,
}

/// Runs all, prints a line for each, and writes or checks the stored result.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let results = measure()?;
    for case in &CASES {
        println!("{:<12} {} of {} right", case.name, hits(&results, case.name), results.len() / CASES.len());
    }
    let folder = shell::root().join("docs").join("experiments").join("count");
    let path = folder.join("results.json");
    if check {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(agrees(&results, &serde_json::from_str::<Vec<Value>>(&text)?));
    }
    fs::create_dir_all(&folder)?;
    let lines: Vec<String> = results.iter().map(Value::to_string).collect();
    fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n")))?;
    fs::write(folder.join("README.md"), page::page(&results))?;
    println!("wrote {}", folder.display());
    Ok(true)
}

/// All mixtures in their order, as many at once as there are cores, each on one thread.
fn measure() -> Result<Vec<Value>> {
    let mut tasks = Vec::new();
    for case in &CASES {
        for family in FAMILIES {
            tasks.extend((FIRST_SEED..FIRST_SEED + SEEDS).map(|seed| Task { case, family, seed }));
        }
    }
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = |worker: usize| -> Result<Vec<(usize, Value)>> {
        let folder = shell::target_dir().join("reproduce").join("count").join(worker.to_string());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mine = tasks.iter().enumerate().skip(worker).step_by(workers);
        mine.map(|(index, task)| Ok((index, one(task, &folder)?))).collect()
    };
    let mut results = thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        let ends = threads.into_iter().map(|thread| thread.join().expect("a worker returns its errors"));
        ends.collect::<Result<Vec<_>>>()
    })?;
    let mut results: Vec<(usize, Value)> = results.drain(..).flatten().collect();
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// One mixture, by the program's own commands.
fn one(task: &Task, folder: &Path) -> Result<Value> {
    let Task { case, family, seed } = task;
    let file = |name: &str| folder.join(name).display().to_string();
    let (sources, mixture, seed_text) = (file("sources.npy"), file("mixture.npz"), seed.to_string());
    bss(&["synth", family, "--samples", SAMPLES, "--seed", &seed_text, "--out", &sources])?;
    let mut mix = vec!["mix", &sources, "--seed", &seed_text, "--channels", case.channels, "--out", &mixture];
    mix.extend(case.noise_db.iter().flat_map(|noise| ["--noise-db", noise]));
    bss(&mix)?;
    let count = bss(&["count", &mixture, "--seed", &seed_text, "--threads", "1", "--json"])?;
    let count: Value = serde_json::from_str(&count)?;
    let candidates = count["candidates"].as_array().context("count names no candidates")?;
    let of = |key: &str| candidates.iter().map(|candidate| candidate[key].clone()).collect::<Vec<_>>();
    let best = candidates.iter().find(|candidate| candidate["behind"] == 0.0).map(|best| best["sources"].clone());
    let result = json!({
        "case": case.name,
        "family": family,
        "seed": seed,
        "chosen": count["sources"],
        "best": best,
        "behind": of("behind"),
        "standard_error": of("behind_standard_error"),
        "seconds": (number(&count, "seconds") * 10.0).round() / 10.0,
    });
    let (name, chosen) = (case.name, &result["chosen"]);
    println!("{name:<12} {family:<16} seed {seed}  chosen {chosen}  {:>5.1} s", number(&result, "seconds"));
    Ok(result)
}

/// The mixtures of a case whose number was found.
fn hits(results: &[Value], case: &str) -> usize {
    results.iter().filter(|result| result["case"] == case && result["chosen"] == TRUTH).count()
}

/// Whether each case has about as many hits as are stored.
fn agrees(results: &[Value], stored: &[Value]) -> bool {
    let mut agree = true;
    for case in &CASES {
        let (found, stored) = (hits(results, case.name), hits(stored, case.name));
        if found + SLACK < stored {
            println!("{}: {found} right, stored {stored}", case.name);
            agree = false;
        }
    }
    agree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_hits_than_stored_are_told_beyond_some_slack() {
        let of = |hits: usize| {
            (0..10).map(|i| json!({ "case": "square", "chosen": if i < hits { TRUTH } else { 2 } })).collect::<Vec<_>>()
        };
        assert_eq!(hits(&of(4), "square"), 4);
        assert!(agrees(&of(7), &of(10)) && agrees(&of(10), &of(7)));
        assert!(!agrees(&of(6), &of(10)));
    }
}
