//! A fit with an eye on it: every few minutes, what has been saved so far separates the test mixtures.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
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

/// Runs `bss` with these words, and adds to the course of the run what `score` says of it, with the iteration that the log
/// had reached and the time since this sitting began.
pub(super) fn fit(words: &[&str], run: &Path, score: impl Fn() -> Result<Value>) -> Result<()> {
    let started = Instant::now();
    let mut child = shell::command(binary(), words).stdout(Stdio::null()).spawn().context("cannot start bss")?;
    let (mut looked, mut seen) = (Instant::now(), SystemTime::now());
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(200));
        let saved = fs::metadata(run.join("model.safetensors")).and_then(|data| data.modified());
        if looked.elapsed() >= EVERY && saved.as_ref().is_ok_and(|saved| *saved > seen) {
            looked = Instant::now();
            seen = saved?;
            let seconds = started.elapsed().as_secs();
            let point = json!({ "seconds": seconds, "iteration": iteration(run), "vaem": score()? });
            let mut file = fs::OpenOptions::new().create(true).append(true).open(run.join(FILE))?;
            writeln!(file, "{point}")?;
        }
    };
    ensure!(status.success(), "`bss {}` failed; what it said stands above", words.join(" "));
    Ok(())
}

/// The points of a run's course, in their order.
pub(super) fn read(run: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(run.join(FILE)).unwrap_or_default();
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The last iteration in the log.
fn iteration(run: &Path) -> Value {
    let log = fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default();
    let last = log.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok());
    last.map_or(Value::Null, |line| line["iteration"].clone())
}
