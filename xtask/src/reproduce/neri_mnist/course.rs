//! A fit with an eye on it: every few minutes, what has been saved so far separates the test mixtures.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::reproduce::binary;
use crate::shell;

/// Between two looks.
const EVERY: Duration = Duration::from_mins(5);

/// Beside the run's own files.
const FILE: &str = "course.jsonl";

/// A fit that does not outlive its observer.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A fit that has ended by itself cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `bss` with these words, and adds to the course of the run what `score` says of it, with the iteration that the log
/// had reached and the seconds so far: those of earlier sittings up to their last point, and of this one.
///
/// Returns the seconds in all.
pub(super) fn fit(words: &[&str], run: &Path, score: impl Fn() -> Result<Value>) -> Result<f64> {
    let started = Instant::now();
    let earlier = read(run)?.last().and_then(|point| point["seconds"].as_f64()).unwrap_or(0.0);
    let child = shell::command(binary(), words).stdout(Stdio::null()).spawn().context("cannot start bss")?;
    let mut child = Running(child);
    let (mut looked, mut seen) = (Instant::now(), SystemTime::now());
    let status = loop {
        if let Some(status) = child.0.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(200));
        let saved = fs::metadata(run.join("model.safetensors")).and_then(|data| data.modified());
        if looked.elapsed() >= EVERY && saved.as_ref().is_ok_and(|saved| *saved > seen) {
            looked = Instant::now();
            seen = saved?;
            let seconds = (earlier + started.elapsed().as_secs_f64()).round();
            let point = json!({ "seconds": seconds, "iteration": iteration(run), "vaem": score()? });
            let mut file = fs::OpenOptions::new().create(true).append(true).open(run.join(FILE))?;
            writeln!(file, "{point}")?;
        }
    };
    ensure!(status.success(), "`bss {}` failed; what it said stands above", words.join(" "));
    Ok(earlier + started.elapsed().as_secs_f64())
}

/// The points of a run's course, in their order.
pub(super) fn read(run: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(run.join(FILE)).unwrap_or_default();
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Takes away the course of an earlier run.
pub(super) fn forget(run: &Path) -> Result<()> {
    let path = run.join(FILE);
    if path.is_file() {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// The last iteration in the log.
fn iteration(run: &Path) -> Value {
    let log = fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default();
    let last = log.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok());
    last.map_or(Value::Null, |line| line["iteration"].clone())
}
