//! The synthetic experiment of the AR-Flow VAE's paper (section 4.1, figures 2 and 3): its model and our defaults on the
//! same mixtures, five seeds each, with the figures of the first.

mod page;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::bss;
use super::results::{agrees, number, smallest};
use crate::shell;

/// The family nearest to the paper's "different ordered structures".
const FAMILY: &str = "sine+square+ar";
/// Its sources, in their order.
const SOURCES: [&str; 3] = ["sine", "square wave", "AR(0.6)"];
const SAMPLES: &str = "1000";
const SEEDS: u64 = 5;
/// The seed whose figures are kept.
const SHOWN: u64 = 0;

/// Something that is fitted to the mixtures.
struct Fit {
    /// In the results, and what the figures' names begin with.
    name: &'static str,
    /// What it is.
    title: &'static str,
    /// The options of `bss fit` that make it.
    options: &'static [&'static str],
}

const FITS: [Fit; 2] = [
    Fit { name: "paper", title: "the paper's model", options: &["--config", "docs/settings/paper.toml"] },
    Fit { name: "defaults", title: "our defaults", options: &[] },
];

/// The paper's figures 2 and 3 as `bss report` draws them: file and what it shows.
const FIGURES: [(&str, &str); 2] =
    [("sources", "truth, posterior mean and 95 % band"), ("training", "the course of the training")];

/// Runs all, prints a line for each, and writes or checks the stored results.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = shell::target_dir().join("reproduce").join("ar-flow");
    let folder = shell::root().join("docs").join("experiments").join("ar-flow");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut results = Vec::new();
    for seed in 0..SEEDS {
        mix(seed, &work)?;
        for fit in &FITS {
            let result = one(fit, seed, &work)?;
            println!(
                "{:<8} seed {seed}  smallest correlation {:.4}  {:>5.1} s  {}",
                fit.name,
                smallest(&result),
                number(&result, "seconds"),
                result["verdict"].as_str().unwrap_or("")
            );
            results.push(result);
            if seed == SHOWN && !check {
                keep_figures(fit, &work, &folder)?;
            }
        }
    }
    let path = folder.join("results.json");
    if check {
        return agrees(&results, "fit", &path);
    }
    fs::write(&path, serde_json::to_string_pretty(&results)? + "\n")?;
    fs::write(folder.join("README.md"), page::page(&results))?;
    println!("wrote {}", folder.display());
    Ok(true)
}

fn file(work: &Path, name: &str) -> String {
    work.join(name).display().to_string()
}

/// Draws and mixes the sources.
fn mix(seed: u64, work: &Path) -> Result<()> {
    let (sources, mixture, seed) = (file(work, "sources.npy"), file(work, "mixture.npz"), seed.to_string());
    bss(&["synth", FAMILY, "--samples", SAMPLES, "--seed", &seed, "--out", &sources])?;
    bss(&["mix", &sources, "--seed", &seed, "--out", &mixture])?;
    Ok(())
}

/// Fits the mixture and reports on it beside the truth, which only the report reads.
fn one(fit: &Fit, seed: u64, work: &Path) -> Result<Value> {
    let (mixture, run) = (file(work, "mixture.npz"), file(work, fit.name));
    let (report, truth, seed_text) = (file(work, "report"), file(work, "sources.npy"), seed.to_string());
    let settings = ["fit", &mixture, "--sources", "3", "--seed", &seed_text, "--out", &run, "--force", "--json"];
    let fitted: Value = serde_json::from_str(&bss(&[&settings[..], fit.options].concat())?)?;
    let told = bss(&["report", &run, "--reference", &truth, "--out", &report, "--json"])?;
    let told: Value = serde_json::from_str(&told)?;
    let sources = by_reference(&told["sources"]);
    let of_sources = |key: &str| sources.iter().map(|source| source[key].clone()).collect::<Vec<_>>();
    Ok(json!({
        "fit": fit.name,
        "seed": seed,
        "correlation": of_sources("correlation"),
        "si_sdr_db": of_sources("si_sdr_db"),
        "posterior_variance": of_sources("posterior_variance"),
        "ar_coefficient": of_sources("ar_coefficient"),
        "innovation_scale": of_sources("innovation_scale"),
        "verdict": fitted["verdict"],
        "loss": fitted["loss"],
        "iterations": fitted["iterations"],
        "seconds": (number(&fitted, "seconds") * 10.0).round() / 10.0,
    }))
}

/// A report's sources in the order of the true ones.
fn by_reference(sources: &Value) -> Vec<Value> {
    let mut sources = sources.as_array().cloned().unwrap_or_default();
    sources.sort_by_key(|source| source["reference"].as_u64());
    sources
}

/// Copies the figures of the last report, under the fit's name.
fn keep_figures(fit: &Fit, work: &Path, folder: &Path) -> Result<()> {
    for (figure, _) in FIGURES {
        for extension in ["svg", "png"] {
            let from = work.join("report").join(figure).with_extension(extension);
            let to = folder.join(format!("{}-{figure}.{extension}", fit.name));
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_come_in_the_order_of_the_truth() {
        let sources = json!([{ "reference": 2, "x": 1 }, { "reference": 0, "x": 2 }, { "reference": 1, "x": 3 }]);
        let order: Vec<_> = by_reference(&sources).iter().map(|source| source["x"].as_u64()).collect();
        assert_eq!(order, [Some(2), Some(3), Some(1)]);
        assert!(by_reference(&Value::Null).is_empty());
    }
}
