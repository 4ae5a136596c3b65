//! A fit with an eye on it: every few minutes, what has been saved so far separates the test mixtures.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::binary;
use crate::shell;

/// Between two looks.
const EVERY: Duration = Duration::from_mins(5);

/// The status of a fit that was interrupted.
const INTERRUPTED: i32 = 130;

/// Beside the run's own files.
const FILE: &str = "course.jsonl";

/// What came of a fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sitting {
    /// Of all sittings so far: those before up to their last point, and this one.
    pub(super) seconds: f64,
    /// Whether the fit has come to its end; if not, the next sitting goes on with it.
    pub(super) is_done: bool,
    /// The most memory that the fit has held, in bytes, where the system tells it.
    pub(super) most_memory: Option<u64>,
}

/// A fit that does not outlive its observer.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A fit that has ended by itself cannot be killed, and need not be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs `bss` with these words until it has ended or the time is up, and adds to the course of the run what `score` says of
/// it, with the iteration that the log had reached and the seconds so far.
///
/// # Errors
/// A fit that fails, or a score.
pub(super) fn fit(
    words: &[&str],
    run: &Path,
    limit: Option<Duration>,
    score: impl Fn() -> Result<Value>,
) -> Result<Sitting> {
    let started = Instant::now();
    let earlier = read(run)?.last().and_then(|point| point["seconds"].as_f64()).unwrap_or(0.0);
    let child = shell::command(binary(), words).stdout(Stdio::null()).spawn().context("cannot start bss")?;
    let mut child = Running(child);
    let (mut looked, mut seen) = (Instant::now(), SystemTime::now());
    let (mut most_memory, mut is_stopped) = (None, false);
    let seconds = || earlier + started.elapsed().as_secs_f64();
    let look = || -> Result<()> {
        let point = json!({ "seconds": seconds().round(), "iteration": iteration(run), "score": score()? });
        let mut file = fs::OpenOptions::new().create(true).append(true).open(run.join(FILE))?;
        Ok(writeln!(file, "{point}")?)
    };
    let status = loop {
        if let Some(status) = child.0.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(200));
        most_memory = most_memory.max(memory(child.0.id()));
        // Before there is a log, the fit reads its data and would not save.
        let may_stop = !is_stopped && run.join("metrics.jsonl").is_file();
        if may_stop && limit.is_some_and(|limit| started.elapsed() >= limit) {
            is_stopped = interrupt(child.0.id())?;
        }
        let saved = fs::metadata(run.join("model.safetensors")).and_then(|data| data.modified());
        if looked.elapsed() >= EVERY && saved.as_ref().is_ok_and(|saved| *saved > seen) {
            looked = Instant::now();
            seen = saved?;
            look()?;
        }
    };
    let (seconds, is_done) = (seconds(), status.success());
    if !is_done {
        let was_interrupted = is_stopped && status.code() == Some(INTERRUPTED);
        ensure!(was_interrupted, "`bss {}` failed; what it said stands above", words.join(" "));
        look()?;
    }
    Ok(Sitting { seconds, is_done, most_memory })
}

/// Asks a fit to save what it has and stop, as Ctrl-C does.
fn interrupt(process: u32) -> Result<bool> {
    let status = shell::command("kill", ["-INT", &process.to_string()]).status().context("cannot start kill")?;
    Ok(status.success())
}

/// The most memory that a process has held, in bytes; Linux tells it.
fn memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_told_of_what_runs() {
        assert!(memory(std::process::id()).unwrap() > 1 << 20);
        assert_eq!(memory(u32::MAX), None);
    }
}
