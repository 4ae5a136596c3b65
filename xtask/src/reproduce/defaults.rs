//! The defaults on four families of synthetic sources, ten seeds each: synth, mix, fit, separate, evaluate.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::results::{agrees, median, number, smallest};
use super::{bss, machine};
use crate::shell;

const FAMILIES: [&str; 4] = ["sine+square+ar", "ar-gaussian", "ar-laplace", "sine+sawtooth+square"];
const SEEDS: u64 = 10;
const SAMPLES: &str = "1000";
/// What every run must reach.
const FLOOR: f64 = 0.98;

/// Runs all, prints a line for each, and writes or checks the stored result.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = shell::target_dir().join("reproduce").join("defaults");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let mut results = Vec::new();
    for family in FAMILIES {
        for seed in 0..SEEDS {
            let result = one(family, seed, &work)?;
            println!(
                "{family:<22} seed {seed}  smallest correlation {:.4}  {:>5.1} s  {}",
                smallest(&result),
                number(&result, "seconds"),
                result["verdict"].as_str().unwrap_or("")
            );
            results.push(result);
        }
    }
    let lowest = results.iter().map(smallest).fold(1.0, f64::min);
    println!("lowest of all: {lowest:.4}; floor: {FLOOR}");
    let folder = shell::root().join("docs").join("experiments").join("defaults");
    let path = folder.join("results.json");
    if check {
        return Ok(lowest >= FLOOR && agrees(&results, "family", &path)?);
    }
    fs::create_dir_all(&folder)?;
    fs::write(&path, serde_json::to_string_pretty(&results)? + "\n")?;
    fs::write(folder.join("README.md"), page(&results))?;
    println!("wrote {}", folder.display());
    Ok(lowest >= FLOOR)
}

/// One family and seed, by the program's own commands.
fn one(family: &str, seed: u64, work: &Path) -> Result<Value> {
    let file = |name: &str| work.join(name).display().to_string();
    let (sources, mixture, run, estimate) =
        (file("sources.npy"), file("mixture.npz"), file("run"), file("estimate.npz"));
    let seed_text = seed.to_string();
    bss(&["synth", family, "--samples", SAMPLES, "--seed", &seed_text, "--out", &sources])?;
    bss(&["mix", &sources, "--seed", &seed_text, "--out", &mixture])?;
    let started = Instant::now();
    let fit = bss(&["fit", &mixture, "--sources", "3", "--seed", &seed_text, "--out", &run, "--force", "--json"])?;
    let seconds = started.elapsed().as_secs_f64();
    bss(&["separate", &mixture, "--run", &run, "--out", &estimate])?;
    let scores = bss(&["evaluate", "--estimate", &estimate, "--reference", &mixture, "--json"])?;
    let (fit, scores): (Value, Value) = (serde_json::from_str(&fit)?, serde_json::from_str(&scores)?);
    Ok(json!({
        "family": family,
        "seed": seed,
        "correlation": scores["correlation"]["per_source"],
        "si_sdr_db": scores["si_sdr_db"]["per_source"],
        "amari": scores["amari"]["mean"],
        "verdict": fit["verdict"],
        "loss": fit["loss"],
        "seconds": (seconds * 10.0).round() / 10.0,
    }))
}

fn page(results: &[Value]) -> String {
    let mut text = format!(
        "# The defaults on synthetic sources\n\n\
         Smallest absolute correlation of the three sources with the truth, after optimal matching: R = {SAMPLES}, three \
         sources, a random\nsquare mixing, all settings at their defaults, `--seed` as named (of sources, mixing and fit).\n\n\
         `cargo xtask reproduce defaults` writes this page and `results.json`; `--check` compares with them.\n\
         Machine: {}. Time is the wall time of `bss fit` with its restarts.\n\n\
         | family | lowest | median | per seed, 0 to {} | slowest fit |\n| --- | --- | --- | --- | --- |\n",
        machine(),
        SEEDS - 1
    );
    for family in FAMILIES {
        let of_family: Vec<&Value> = results.iter().filter(|result| result["family"] == family).collect();
        let values: Vec<f64> = of_family.iter().map(|result| smallest(result)).collect();
        let (lowest, median) = (values.iter().copied().fold(1.0, f64::min), median(&values));
        let each: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        let slowest = of_family.iter().map(|result| number(result, "seconds")).fold(0.0, f64::max);
        let _ = writeln!(text, "| `{family}` | {lowest:.4} | {median:.4} | {} | {slowest:.1} s |", each.join(" "));
    }
    text
}
