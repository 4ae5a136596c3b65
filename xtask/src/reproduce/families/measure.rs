//! Runs the cells by the program's own commands, as many at once as there are cores, each on one thread.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::cell::Cell;
use super::grid::{Case, METHODS, Method};
use super::keep::Keep;
use crate::reproduce::{bss, outcome};

/// How a fit ends that diverged, which is a result, and a bad one: with this code and this word. A full disk has the
/// same code.
const DIVERGED: (i32, &str) = (3, "diverged");

/// Runs all that are not kept until the deadline, and returns the finished ones in the order of the cases.
///
/// # Errors
/// When a command fails otherwise than by a fit that diverged.
pub(super) fn measure(cases: &[Case], keep: &Keep, deadline: Option<Instant>) -> Result<Vec<Cell>> {
    let work = Work { cases, keep, deadline, next: AtomicUsize::new(0), stopped: AtomicBool::new(false) };
    let finished: Mutex<Vec<(usize, Vec<Cell>)>> = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(|| work.until_done(&finished))).collect();
        // All are waited for; the first error is told.
        let ends: Vec<Result<()>> =
            threads.into_iter().map(|thread| thread.join().expect("a worker returns its errors")).collect();
        ends.into_iter().collect::<Result<()>>()
    })?;
    let mut finished = finished.into_inner().expect("no worker panicked");
    finished.sort_by_key(|(index, _)| *index);
    Ok(finished.into_iter().flat_map(|(_, cells)| cells).collect())
}

/// What the workers share.
struct Work<'a> {
    cases: &'a [Case],
    keep: &'a Keep,
    deadline: Option<Instant>,
    next: AtomicUsize,
    stopped: AtomicBool,
}

impl Work<'_> {
    fn until_done(&self, finished: &Mutex<Vec<(usize, Vec<Cell>)>>) -> Result<()> {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = self.cases.get(index) else { return Ok(()) };
            if self.stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            let cells = self.case(case).inspect_err(|_| self.stopped.store(true, Ordering::Relaxed))?;
            if !cells.is_empty() {
                println!("{:>4} of {}  {}", index + 1, self.cases.len(), line(case, &cells));
            }
            finished.lock().expect("no worker panicked").push((index, cells));
        }
    }

    /// The cells of one mixture, which is made only if one of them is not kept; after the deadline, those kept.
    fn case(&self, case: &Case) -> Result<Vec<Cell>> {
        let folder = self.keep.work(case);
        let mut files = None;
        let mut cells = Vec::new();
        for method in &METHODS {
            let cell = match self.keep.load(case, method)? {
                Some(cell) => cell,
                None if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) => continue,
                None => {
                    let files: &Files = match &files {
                        Some(files) => files,
                        None => files.insert(Files::mix(case, &folder)?),
                    };
                    let cell = files.separate(case, method)?;
                    self.keep.save(case, method, &cell)?;
                    cell
                }
            };
            cells.push(cell);
        }
        if files.is_some() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        Ok(cells)
    }
}

/// A mixture, and what is made of it.
struct Files {
    mixture: String,
    run: String,
    estimate: String,
}

impl Files {
    fn mix(case: &Case, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = |name: &str| folder.join(name).display().to_string();
        let (sources, mixture) = (file("sources.npy"), file("mixture.npz"));
        let (variant, families) = (case.variant, case.families());
        let [samples, n_sources] = [variant.samples, variant.sources].map(|number| number.to_string());
        let (seed, noise_db) = (case.seed.to_string(), variant.noise_db.map(|noise_db| noise_db.to_string()));
        let size = ["--samples", &samples, "--sources", &n_sources];
        bss(&[&["synth", &families, "--seed", &seed, "--out", &sources][..], &size].concat())?;
        let mut words = vec!["mix", &sources, "--seed", &seed, "--out", &mixture];
        words.extend(noise_db.iter().flat_map(|noise_db| ["--noise-db", noise_db]));
        bss(&words)?;
        Ok(Self { mixture, run: file("run"), estimate: file("estimate.npz") })
    }

    fn separate(&self, case: &Case, method: &Method) -> Result<Cell> {
        let (n_sources, seed) = (case.variant.sources.to_string(), case.seed.to_string());
        let mut words = vec!["fit", &self.mixture, "--sources", &n_sources, "--seed", &seed, "--threads", "1"];
        words.extend(["--out", &self.run, "--force", "--json"]);
        words.extend(method.options);
        let name = case.cell(method);
        let output = outcome(&words)?;
        let error = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(DIVERGED.0) && error.contains(DIVERGED.1) {
            return Ok(Cell::failed(name));
        }
        ensure!(output.status.success(), "{name}: bss {} failed: {error}", words.join(" "));
        let fit: Value = serde_json::from_slice(&output.stdout)?;
        bss(&["separate", &self.mixture, "--run", &self.run, "--out", &self.estimate])?;
        let pair = ["--estimate", &self.estimate, "--reference", &self.mixture];
        let scores = bss(&[&["evaluate", "--metrics", "correlation,amari", "--json"][..], &pair].concat())?;
        Cell::of_commands(name, &fit, &serde_json::from_str(&scores)?)
    }
}

/// The smallest correlation of every method, to watch.
fn line(case: &Case, cells: &[Cell]) -> String {
    let shown = |method: &Method| {
        let cell = cells.iter().find(|cell| cell.method() == method.name)?;
        Some(format!("{} {:.4}", method.name, cell.smallest))
    };
    let shown: Vec<String> = METHODS.iter().filter_map(shown).collect();
    format!("{:<40} {}", case.name(), shown.join("  "))
}
