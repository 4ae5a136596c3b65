//! The folder that a run lives in.
//!
//! ```text
//! config.toml         all settings, defaults written out, before the first step
//! metrics.jsonl       one line per log interval
//! state.safetensors   what resuming needs: every restart, the optimiser
//! model.safetensors   the best restart, all that separating needs
//! run.json            versions, machine, seed, times, verdict
//! ```

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Error, Result};

/// A run's folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// An empty folder for a new run; one that holds a run already is cleared only with `force`.
    ///
    /// # Errors
    /// [`Error::Exists`], or if the folder cannot be written.
    pub fn create(path: &Path, force: bool) -> Result<Self> {
        let folder = Self { path: path.to_owned() };
        if folder.config().exists() || folder.state().exists() {
            if !force {
                return Err(Error::Exists { path: path.to_owned() });
            }
            for file in [folder.model(), folder.state(), folder.metrics(), folder.record(), folder.config()] {
                match std::fs::remove_file(&file) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(&file, error)),
                    _ => {}
                }
            }
        }
        std::fs::create_dir_all(path).map_err(|source| Error::Folder { path: path.to_owned(), source })?;
        Ok(folder)
    }

    /// A folder that holds a run.
    ///
    /// # Errors
    /// [`Error::NotARun`] if it does not.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self { path: path.to_owned() };
        if folder.config().is_file() {
            return Ok(folder);
        }
        Err(Error::NotARun { path: path.to_owned(), missing: "config.toml".into() })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All settings.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// The best restart.
    #[must_use]
    pub fn model(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// What resuming needs.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.path.join("state.safetensors")
    }

    /// One line per log interval.
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// Versions, machine, seed, times, verdict.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.path.join("run.json")
    }

    /// Opens the log to go on after the given number of iterations: lines of later ones, written by a run that was
    /// killed before its next checkpoint, are dropped.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn log(&self, iteration: u64) -> Result<File> {
        let path = self.metrics();
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => text.split_inclusive('\n').filter(|line| is_before(line, iteration)).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io(&path, error)),
        };
        bss_data::write_bytes_atomically(&path, kept.as_bytes())?;
        OpenOptions::new().append(true).open(&path).map_err(|error| io(&path, error))
    }

    /// Appends one line to the log, at one go: a reader sees whole lines.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append(&self, log: &mut File, line: &Value) -> Result<()> {
        log.write_all(format!("{line}\n").as_bytes()).map_err(|error| io(&self.metrics(), error))
    }

    /// All whole lines of the log.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_log(&self) -> Result<Vec<Value>> {
        let path = self.metrics();
        let text = std::fs::read_to_string(&path).map_err(|error| io(&path, error))?;
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}

fn is_before(line: &str, iteration: u64) -> bool {
    let parsed: Option<Value> = serde_json::from_str(line).ok();
    parsed.and_then(|line| line["iteration"].as_u64()).is_some_and(|at| at < iteration)
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}
