//! A benchmark of the workspace: run by cargo, its times read from the files that criterion writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::shell;

const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// A `[[bench]]` of one of the crates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
}

/// When a benchmark was started: older files are not its.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured(SystemTime);

impl Target {
    /// Compiles it, so that no time is taken while the compiler still has work.
    ///
    /// # Errors
    /// When it does not compile.
    pub(super) fn build(self) -> Result<()> {
        run(shell::cargo(&["bench", "--package", self.package, "--bench", self.name, "--no-run"]))
    }

    /// Measures whatever has an identifier that matches the regular expression `filter`, with as many threads as
    /// the machine or, if given, so many.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn measure(self, filter: &str, threads: Option<usize>) -> Result<Measured> {
        let measured = Measured(SystemTime::now());
        let arguments = ["bench", "--quiet", "--package", self.package, "--bench", self.name];
        let mut command = shell::cargo(&[&arguments[..], &["--", "--quiet", "--noplot", filter]].concat());
        command.env("CRITERION_HOME", folder());
        if let Some(threads) = threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        run(command)?;
        Ok(measured)
    }
}

impl Measured {
    /// The median time of one call in milliseconds.
    ///
    /// # Errors
    /// When criterion wrote no such time since the start, or another format.
    pub(super) fn median_ms(self, id: &str) -> Result<f64> {
        let path = folder().join(id).join("new").join("estimates.json");
        ensure!(
            is_fresh(&path, self.0),
            "{} was not written by the benchmark that ran just now: it measured nothing of the name {id}; compare the \
             cases of the benchmark with those of this command, and the version of criterion in Cargo.toml",
            path.display()
        );
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        median_ms(&text).with_context(|| format!("cannot understand {}", path.display()))
    }
}

fn is_fresh(path: &Path, since: SystemTime) -> bool {
    let written = fs::metadata(path).and_then(|data| data.modified());
    written.is_ok_and(|written| written >= since)
}

/// The median in criterion's `estimates.json`.
fn median_ms(estimates: &str) -> Result<f64> {
    let value: Value = serde_json::from_str(estimates).context("it is not JSON")?;
    match value["median"]["point_estimate"].as_f64() {
        Some(nanoseconds) if nanoseconds > 0.0 => Ok(nanoseconds / NANOSECONDS_PER_MILLISECOND),
        _ => bail!("it has no positive number under median.point_estimate, which criterion 0.8 writes"),
    }
}

/// Where criterion keeps its files.
fn folder() -> PathBuf {
    shell::target_dir().join("criterion")
}

/// Runs cargo with all its output on standard error: ours is the result alone.
fn run(mut command: Command) -> Result<()> {
    let status = command.stdout(Stdio::from(io::stderr())).status().context("cannot start cargo")?;
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    ensure!(status.success(), "`cargo {}` failed; what it said stands above", words.join(" "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_read_in_milliseconds() {
        let text = r#"{"mean":{"point_estimate":9.0},"median":{"confidence_interval":{"confidence_level":0.95,
            "lower_bound":1.0,"upper_bound":3.0},"point_estimate":2500000.0,"standard_error":1.0}}"#;
        assert_eq!(median_ms(text).unwrap(), 2.5);
        assert!(median_ms("{").unwrap_err().to_string().contains("not JSON"));
        let error = median_ms(r#"{"mean":{"point_estimate":9.0}}"#).unwrap_err().to_string();
        assert!(error.contains("median.point_estimate"), "{error}");
    }

    #[test]
    fn a_missing_time_names_the_file_and_the_mend() {
        let error = Measured(SystemTime::now()).median_ms("scan/none/1").unwrap_err().to_string();
        assert!(error.contains("estimates.json") && error.contains("scan/none/1"), "{error}");
    }

    #[test]
    fn an_old_file_does_not_count() {
        let path = shell::root().join("Cargo.toml");
        assert!(is_fresh(&path, SystemTime::UNIX_EPOCH));
        assert!(!is_fresh(&path, SystemTime::now()));
    }
}
