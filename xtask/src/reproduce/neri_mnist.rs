//! Table II of Neri et al.: pairs of handwritten digits, separated by the VAE, its mask and the methods it is compared with.

mod cell;
mod page;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Preset, bss, replace};
use crate::{dataset, shell};

/// The images for training and for the test, as MNIST's authors name them, packed or not.
const TRAINING: &str = "train-images-idx3-ubyte";
const TEST: &str = "t10k-images-idx3-ubyte";

/// What every cell is given.
struct Work {
    /// Where the runs are kept, from one call to the next.
    folder: PathBuf,
    training: String,
    /// Pairs of test images, 5000 of them, with their truth.
    test: String,
}

/// Runs the cells of the preset that are not there yet, and writes or checks the page.
///
/// # Errors
/// When the data are missing or a command fails.
pub(super) fn run(preset: Preset, check: bool, minutes: Option<u64>, data: Option<&Path>) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = prepare(data, check)?;
    let folder = shell::root().join("docs").join("experiments").join("neri-mnist");
    let path = folder.join("results.json");
    let mut stored = if path.is_file() { read(&path)? } else { Vec::new() };
    let limit = Duration::from_secs(60 * minutes.unwrap_or(u64::MAX / 60));
    let started = Instant::now();
    let mut agree = true;
    // What a cell of another day has left belongs to no table.
    let names: Vec<String> =
        [Preset::Quick, Preset::Paper].into_iter().flat_map(cell::cells).map(|cell| cell.name()).collect();
    stored.retain(|result| names.iter().any(|name| result["cell"] == *name));
    for cell in cell::cells(preset) {
        if started.elapsed() >= limit {
            println!("the time is up; the same command goes on from here");
            // What was not fitted was not compared.
            agree &= !check;
            break;
        }
        let found = cell.run(&work)?;
        println!("{}", cell::line(&found));
        if check {
            agree &= agrees(&found, &stored);
            continue;
        }
        stored.retain(|result| result["cell"] != found["cell"]);
        stored.push(found);
        stored.sort_by_key(|result| result["cell"].as_str().unwrap_or_default().to_owned());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        replace(&path, &(serde_json::to_string_pretty(&stored)? + "\n"))?;
        replace(&folder.join("README.md"), &page::page(&stored))?;
    }
    Ok(agree)
}

/// Finds the data and mixes the test images; what is only for comparison is fitted in a folder of its own.
fn prepare(data: Option<&Path>, check: bool) -> Result<Work> {
    let data = match data {
        Some(folder) => std::path::absolute(folder)?,
        None => dataset::folder("mnist")?,
    };
    let find = |name: &str| {
        let places = [data.join(format!("{name}.gz")), data.join(name)];
        places.into_iter().find(|path| path.is_file()).with_context(|| {
            let place = data.display();
            format!("{place} has no {name}(.gz); get it with `cargo xtask dataset mnist`, or name a folder with --data")
        })
    };
    let (training, test_images) = (find(TRAINING)?, find(TEST)?);
    let folder = shell::target_dir().join("reproduce").join(if check { "neri-mnist-check" } else { "neri-mnist" });
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = |path: PathBuf| path.display().to_string();
    let (training, test) = (file(training), file(folder.join("test.npz")));
    bss(&["mix", &file(test_images), "--mix", "2", "--seed", "0", "--out", &test])?;
    Ok(Work { folder, training, test })
}

fn read(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

/// How far a score may fall short of the stored one: another processor rounds otherwise.
const TOLERANCES: [(&str, f64); 3] = [("psnr_db", 0.15), ("ssim", 0.005), ("superfluous", 0.03)];

/// Whether a cell is as good as it was stored.
fn agrees(found: &Value, stored: &[Value]) -> bool {
    let Some(before) = stored.iter().find(|result| result["cell"] == found["cell"]) else {
        println!("{} is not among the stored results", found["cell"]);
        return false;
    };
    let score = |result: &Value, estimate: &str, name: &str| result["scores"][estimate][name].as_f64();
    let estimates = before["scores"].as_object().into_iter().flatten().map(|(estimate, _)| estimate);
    let scores = estimates.flat_map(|estimate| TOLERANCES.map(|(name, tolerance)| (estimate, name, tolerance)));
    let falls_short = |(estimate, name, tolerance): &(&String, &str, f64)| {
        let found = score(found, estimate, name);
        score(before, estimate, name).is_some_and(|before| found.is_none_or(|found| found < before - tolerance))
    };
    let short: Vec<String> =
        scores.filter(falls_short).map(|(estimate, name, _)| format!("{estimate} in {name}")).collect();
    if !short.is_empty() {
        println!("{}: fell short of the stored result: {}", found["cell"], short.join(", "));
    }
    short.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_that_fell_short_or_is_new_is_told() {
        let result = |psnr: f64, ssim: f64, superfluous: Option<f64>| {
            let scores = json!({ "psnr_db": psnr, "ssim": ssim, "superfluous": superfluous });
            json!({ "cell": "neri/2/1", "scores": { "vaem": scores } })
        };
        let stored = [result(26.0, 0.9, Some(0.97))];
        assert!(agrees(&result(25.9, 0.896, Some(0.95)), &stored));
        assert!(agrees(&result(26.0, 0.9, Some(0.97)), &[result(26.0, 0.9, None)]));
        for short in [result(25.8, 0.9, Some(0.97)), result(26.0, 0.89, Some(0.97)), result(26.0, 0.9, Some(0.9))] {
            assert!(!agrees(&short, &stored), "{short}");
        }
        assert!(!agrees(&result(26.0, 0.9, None), &stored));
        assert!(!agrees(&result(25.9, 0.9, None), &[]));
        let nothing = json!({ "cell": "neri/2/1", "scores": {} });
        assert!(!agrees(&nothing, &stored));
    }
}
