//! Images along each traversal: the textures of `bss synth images`, mixed ten times, separated by the defaults and by two
//! classical methods, with the figures of one run.

mod page;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::bss;
use super::results::{agrees, number, smallest};
use crate::shell;

/// Pixels along a side.
const SIDE: u64 = 64;
/// Seeds of textures, mixing and fit. No setting was chosen on images.
const SEEDS: u64 = 10;
const TRAVERSALS: [&str; 3] = ["raster", "serpentine", "hilbert"];
/// The methods as `--model` names them, ours first.
const METHODS: [&str; 3] = ["ar-flow", "sobi", "fastica"];
/// The run whose figures are kept, and which of them.
const SHOWN: (u64, &str, &str) = (0, "hilbert", "ar-flow");
const FIGURES: [&str; 2] = ["mixtures", "sources"];

/// Runs all, prints a line for each, and writes or checks the stored results.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = shell::target_dir().join("reproduce").join("images");
    let folder = shell::root().join("docs").join("experiments").join("images");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut results = Vec::new();
    for seed in 0..SEEDS {
        mix(seed, &work)?;
        for traversal in TRAVERSALS {
            for method in METHODS {
                let result = one(traversal, method, seed, &work)?;
                println!(
                    "{:<20} seed {seed}  smallest correlation {:.4}  {:>5.1} s",
                    result["run"].as_str().unwrap_or_default(),
                    smallest(&result),
                    number(&result, "seconds"),
                );
                results.push(result);
                if (seed, traversal, method) == SHOWN && !check {
                    keep_figures(&work, &folder)?;
                }
            }
        }
    }
    let path = folder.join("results.json");
    if check {
        return agrees(&results, "run", &path);
    }
    fs::write(&path, serde_json::to_string_pretty(&results)? + "\n")?;
    fs::write(folder.join("README.md"), page::page(&results))?;
    println!("wrote {}", folder.display());
    Ok(true)
}

/// What a run is called in the results.
fn name(traversal: &str, method: &str) -> String {
    format!("{traversal}/{method}")
}

fn file(work: &Path, name: &str) -> String {
    work.join(name).display().to_string()
}

/// Draws and mixes the textures.
fn mix(seed: u64, work: &Path) -> Result<()> {
    let (sources, mixture, seed) = (file(work, "sources.npy"), file(work, "mixture.npz"), seed.to_string());
    bss(&["synth", "images", "--samples", &(SIDE * SIDE).to_string(), "--seed", &seed, "--out", &sources])?;
    bss(&["mix", &sources, "--seed", &seed, "--out", &mixture])?;
    Ok(())
}

/// One method along one traversal, by the program's own commands.
fn one(traversal: &str, method: &str, seed: u64, work: &Path) -> Result<Value> {
    let (mixture, run, estimate) = (file(work, "mixture.npz"), file(work, "run"), file(work, "estimate.npz"));
    let seed_text = seed.to_string();
    let how = ["--traversal", traversal, "--model", method, "--seed", &seed_text, "--threads", "1"];
    let fit = bss(&[&["fit", &mixture, "--out", &run, "--force", "--json"][..], &how].concat())?;
    bss(&["separate", "--run", &run, "--out", &estimate])?;
    let scores = bss(&["evaluate", "--estimate", &estimate, "--reference", &mixture, "--json"])?;
    let (fit, scores): (Value, Value) = (serde_json::from_str(&fit)?, serde_json::from_str(&scores)?);
    Ok(json!({
        "run": name(traversal, method),
        "seed": seed,
        "correlation": scores["correlation"]["per_source"],
        "amari": scores["amari"]["mean"],
        "verdict": fit["verdict"],
        "seconds": (number(&fit, "seconds") * 100.0).round() / 100.0,
    }))
}

/// Draws the report of the last run beside the truth, and keeps its pictures.
fn keep_figures(work: &Path, folder: &Path) -> Result<()> {
    let (run, truth, report) = (file(work, "run"), file(work, "mixture.npz"), work.join("report"));
    bss(&["report", &run, "--reference", &truth, "--out", &report.display().to_string()])?;
    for figure in FIGURES {
        let name = format!("{figure}.png");
        fs::copy(report.join(&name), folder.join(&name)).with_context(|| format!("cannot keep {name}"))?;
    }
    Ok(())
}
