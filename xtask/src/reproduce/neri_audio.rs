//! Table III of Neri et al.: pairs of notes, separated by the VAE, its mask and the methods it is compared with.

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::{Preset, bss, course, replace};
use crate::{dataset, shell};

/// A row of the table.
struct Cell {
    name: &'static str,
    /// What `bss fit` is told; `None` for masks of the truth.
    fit: Option<&'static [&'static str]>,
    /// What `bss separate` or `bss ideal` is told besides.
    separate: &'static [&'static str],
}

const NMF: &[&str] = &["--model", "nmf", "--set", "front-end.kind=stft", "--set", ENERGIES];
const NMF_ONE: &[&str] =
    &["--model", "nmf", "--set", "front-end.kind=stft", "--set", ENERGIES, "--set", "nmf.templates=1"];
/// Its batches hold half as many mixtures, of which it needs fewer.
const MIXIT: &[&str] = &["--model", "mixit", "--mix", "1", "--preset", "audio", "--seed", "0", "--epochs", "250"];
const VAE: &[&str] = &["--model", "neri", "--mix", "2", "--preset", "audio", "--seed", "0"];
/// Its steps take seconds, so it tells of each tenth.
const VAE_PAPER: &[&str] =
    &["--model", "neri", "--mix", "2", "--preset", "audio-paper", "--seed", "0", "--set", "learning.log_every=10"];
const METRICS: [&str; 3] = ["si_sdr_db", "sir_db", "sar_db"];
/// As in the preset `audio`: all masks but the ideal ones of the paper are shares of energies.
const ENERGIES: &str = "front-end.mask=energies";
const IDEAL: &str = "front-end.kind=stft";

/// What `bss fit` is told for the VAE.
fn vae(preset: Preset) -> &'static [&'static str] {
    if preset == Preset::Quick { VAE } else { VAE_PAPER }
}

/// The rows of a preset. Runs of the same options are fitted once.
fn cells(preset: Preset) -> Vec<Cell> {
    let vae = vae(preset);
    let fitted = |name, fit, separate| Cell { name, fit: Some(fit), separate };
    let ideal = |name, separate| Cell { name, fit: None, separate };
    let mut cells = vec![
        fitted("NMF", NMF, &["--mask"][..]),
        fitted("NMF, one template", NMF_ONE, &["--mask"]),
        fitted("MixIT", MIXIT, &["--mask"]),
        fitted("VAE", vae, &["--refine", "0"]),
        fitted("VAEM", vae, if preset == Preset::Quick { &["--mask"] } else { &["--mask", "--refine", "0"] }),
        ideal("IBM", &["--mask", "binary", "--set", IDEAL]),
        ideal("IRM", &["--mask", "ratio", "--set", IDEAL]),
        ideal("IRM of energies", &["--mask", "energy", "--set", IDEAL]),
    ];
    // The paper's network is not refined: that would take as long as its training here.
    if preset == Preset::Quick {
        cells.insert(4, fitted("VAEM, encoder alone", vae, &["--mask", "--refine", "0"]));
        cells.insert(6, fitted("VAEM, refined longer", vae, &["--mask", "--refine", "50", "--rounds", "4"]));
    }
    cells
}

/// What is known of the trainings of this call, by the folders of their runs: rows share them.
type Fits = BTreeMap<PathBuf, Map<String, Value>>;

/// What a row is made of.
struct Work {
    /// Where runs are kept, from one call to the next.
    folder: PathBuf,
    /// Notes to learn from.
    training: String,
    /// Pairs of test notes, with their truth.
    test: String,
    /// The folder that the notes came from, by its name.
    notes: String,
    /// How long a training may go on.
    limit: Option<Duration>,
}

/// Runs the rows of the preset, and writes the page.
///
/// # Errors
/// When the notes are missing or a command fails.
pub(super) fn run(preset: Preset, check: bool, minutes: Option<u64>, data: Option<&Path>) -> Result<bool> {
    ensure!(!check, "--check compares one number of each row, and here nothing settles yet; leave it out");
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = prepare(data, minutes.map(|minutes| Duration::from_secs(60 * minutes)))?;
    let folder = shell::root().join("docs").join("experiments").join("neri-audio");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("results.json");
    let mut stored: Vec<Value> = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))?,
        Err(_) => Vec::new(),
    };
    let named = if preset == Preset::Quick { "quick" } else { "paper" };
    let (cells, mut fits) = (cells(preset), Fits::new());
    stored.retain(|result| result["preset"] != named || cells.iter().any(|cell| result["method"] == cell.name));
    // That of the preset with all rows.
    let order: Vec<&str> = self::cells(Preset::Quick).iter().map(|cell| cell.name).collect();
    let place = |result: &Value| order.iter().position(|name| result["method"] == *name);
    for cell in &cells {
        let mut found = cell.run(&work, &mut fits)?;
        println!("{}", page::line(&found));
        found["preset"] = json!(named);
        found["notes"] = json!(work.notes);
        stored.retain(|result| result["preset"] != named || result["method"] != cell.name);
        stored.push(found);
        stored.sort_by_key(|result| (result["preset"] != "quick", place(result)));
        replace(&path, &(serde_json::to_string_pretty(&stored)? + "\n"))?;
        replace(&folder.join("README.md"), &page::page(&stored, &folder))?;
    }
    let run = work.run(vae(preset)).display().to_string();
    let report = work.folder.join("report");
    let report_path = report.display().to_string();
    bss(&["report", &run, "--reference", &work.test, "--out", &report_path])?;
    for figure in page::FIGURES {
        let (from, to) = (report.join(figure), folder.join(format!("{named}-{figure}")));
        fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    replace(&folder.join("README.md"), &page::page(&stored, &folder))?;
    println!("listen to {}", report.join("index.html").display());
    Ok(true)
}

impl Work {
    /// Where what was separated last is.
    fn estimate(&self) -> String {
        self.folder.join("estimate.h5").display().to_string()
    }

    /// The folder of a run, whichever preset it belongs to.
    fn run(&self, fit: &[&str]) -> PathBuf {
        self.folder.join(slug(fit))
    }
}

/// Finds the notes and mixes those for the test.
fn prepare(data: Option<&Path>, limit: Option<Duration>) -> Result<Work> {
    let data = match data {
        Some(folder) => std::path::absolute(folder)?,
        None => dataset::folder("instruments")?,
    };
    let notes = data.join(dataset::instruments::FILE);
    ensure!(
        notes.is_file(),
        "{} is missing; make it with `cargo xtask dataset instruments`, or name its folder with --data",
        notes.display()
    );
    let folder = shell::target_dir().join("reproduce").join("neri-audio");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let test = folder.join("test.h5").display().to_string();
    let came_from = origin(&notes.with_extension("files.csv")).unwrap_or_else(|| "unknown".to_owned());
    let notes = notes.display();
    bss(&["mix", &format!("{notes}:/test"), "--mix", "2", "--seed", "0", "--out", &test])?;
    Ok(Work { folder, training: format!("{notes}:/train"), test, notes: came_from, limit })
}

/// The name of the folder that holds those of the instruments, by what `bss gather` wrote beside its notes.
fn origin(files: &Path) -> Option<String> {
    let text = fs::read_to_string(files).ok()?;
    let first = text.lines().nth(1)?.splitn(3, ',').nth(2)?.trim_matches('"').to_owned();
    Some(Path::new(&first).parent()?.parent()?.file_name()?.to_string_lossy().into_owned())
}

impl Cell {
    fn run(&self, work: &Work, fits: &mut Fits) -> Result<Value> {
        let mut found = json!({ "method": self.name });
        let started;
        let estimate = work.estimate();
        if let Some(fit) = self.fit {
            let run = work.run(fit);
            if !fits.contains_key(&run) {
                fits.insert(run.clone(), fitted(work, fit, &run)?);
            }
            for (key, value) in &fits[&run] {
                found[key] = value.clone();
            }
            started = Instant::now();
            separate(work, &run, self.separate)?;
        } else {
            started = Instant::now();
            let truth = format!("{}:sources", work.test);
            bss(&[&["ideal", &truth, "--out", &estimate][..], self.separate].concat())?;
        }
        let separating = started.elapsed().as_secs_f64();
        for (key, value) in scores(work)? {
            found[key] = value;
        }
        found["separate_seconds"] = json!((separating * 100.0).round() / 100.0);
        Ok(found)
    }
}

/// Separates the test mixtures.
fn separate(work: &Work, run: &Path, options: &[&str]) -> Result<()> {
    let (mixture, run, estimate) = (format!("{}:mixture", work.test), run.display().to_string(), work.estimate());
    bss(&[&["separate", &mixture, "--run", &run, "--out", &estimate, "--quiet"][..], options].concat()).map(|_| ())
}

/// The medians of what was separated last.
fn scores(work: &Work) -> Result<Map<String, Value>> {
    let (found, truth) = (format!("{}:sources", work.estimate()), format!("{}:sources", work.test));
    let metrics = METRICS.join(",");
    let words = ["evaluate", "--estimate", &found, "--reference", &truth, "--metrics", &metrics, "--json"];
    let scores: Value = serde_json::from_str(&bss(&words)?)?;
    let medians = METRICS.iter().map(|metric| ((*metric).to_owned(), scores[metric]["median"].clone()));
    Ok(medians.chain([("examples".to_owned(), scores["examples"].clone())]).collect())
}

/// Fits, or goes on with, a run; what is known of its training then.
fn fitted(work: &Work, fit: &[&str], run: &Path) -> Result<Map<String, Value>> {
    let path = run.display().to_string();
    // Beside the run, whose folder belongs to `bss`.
    let kept = run.with_extension("fit.json");
    let earlier = fs::read_to_string(&kept).ok().and_then(|text| serde_json::from_str::<Map<_, _>>(&text).ok());
    if let Some(told) =
        earlier.filter(|told| told.get("fit_is_done") == Some(&json!(true)) && run.join("model.safetensors").is_file())
    {
        return Ok(told);
    }
    let begun = run.join("state.safetensors").is_file();
    if !begun {
        course::forget(run)?;
    }
    let words = ["fit", &work.training, "--sources", "2", "--out", &path, "--quiet"];
    let words = [&words[..], &[if begun { "--resume" } else { "--force" }], fit].concat();
    let look = || separate(work, run, &["--mask"]).and_then(|()| Ok(Value::Object(scores(work)?)));
    let sitting = course::fit(&words, run, work.limit, look)?;
    let told = json!({
        "fit_seconds": sitting.seconds.round(),
        "fit_is_done": sitting.is_done,
        "most_memory": sitting.most_memory,
        "course": course::read(run)?,
    });
    replace(&kept, &told.to_string())?;
    Ok(serde_json::from_value(told)?)
}

/// A folder's name for some options.
fn slug(options: &[&str]) -> String {
    let words = options.iter().filter(|word| !matches!(**word, "--model" | "--set" | "front-end.kind=stft" | ENERGIES));
    words.map(|word| word.trim_start_matches('-').replace(['=', '.'], "-")).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn notes_are_called_by_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("instruments.files.csv");
        assert_eq!(origin(&files), None);
        fs::write(&files, "array,example,file\ntrain,0,\"/somewhere/orchestra, live/banjo/a,b.mp3\"\n").unwrap();
        assert_eq!(origin(&files).as_deref(), Some("orchestra, live"));
    }

    #[test]
    fn runs_of_other_options_have_other_folders() {
        let cells = cells(Preset::Quick);
        let fits: BTreeSet<_> = cells.iter().filter_map(|cell| cell.fit).collect();
        let folders: BTreeSet<String> = fits.iter().map(|fit| slug(fit)).collect();
        assert_eq!(folders.len(), fits.len());
        assert!(folders.contains("nmf-nmf-templates-1"), "{folders:?}");
    }
}
