//! `run.json`: versions, machine, seed, times, verdict.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use bss_train::RunFolder;
use serde_json::{Value, json};

use super::session::{Fit, Session};
use crate::config::Config;
use crate::input::Recording;

/// What a finished run is recorded with, besides its result.
pub(super) struct Record<'a> {
    pub(super) folder: &'a RunFolder,
    pub(super) config: &'a Config,
    pub(super) recording: &'a Recording,
    pub(super) device: &'static str,
}

impl Record<'_> {
    /// Writes the record of a finished run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&self, fit: &Fit) -> Result<()> {
        let finished = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let mut record = json!({
            "program": { "name": "bss", "version": env!("CARGO_PKG_VERSION"), "checkpoint_format": bss_train::FORMAT },
            "machine": {
                "os": std::env::consts::OS,
                "arch": std::env::consts::ARCH,
                "cores": std::thread::available_parallelism().map_or(0, usize::from),
                "threads": rayon::current_num_threads(),
                "device": self.device,
            },
            "model": self.config.model.name(),
            "seed": self.config.seed,
            "samples": self.recording.values.nrows(),
            "channels": self.recording.values.ncols(),
            "sources": self.config.sources,
            "iterations": fit.iterations,
            "finished_unix": finished,
            "seconds": fit.seconds,
            "verdict": fit.verdict.to_string(),
            "best_restart": fit.best,
            "loss": finite(fit.loss),
            "restarts": restarts(fit),
            "explained_variance": fit.explained,
            "noise_db": fit.noise_db,
            "warnings": fit.warnings,
        });
        if let Some(grid) = self.recording.layout.grid {
            record["height"] = json!(grid.height);
            record["width"] = json!(grid.width);
        }
        let text = serde_json::to_string_pretty(&record)? + "\n";
        Ok(bss_data::write_bytes_atomically(&self.folder.record(), text.as_bytes())?)
    }
}

impl Session {
    /// Writes the record of a finished run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write_record(&self, fit: &Fit) -> Result<()> {
        let device = if self.device.is_cpu() { "cpu" } else { "cuda" };
        Record { folder: &self.folder, config: &self.config, recording: &self.recording, device }.write(fit)
    }

    /// The seconds of the sitting that finished the run, which is an earlier one if there was nothing left to do.
    pub(super) fn seconds(&self) -> f64 {
        let text = std::fs::read_to_string(self.folder.record()).unwrap_or_default();
        let record: Option<Value> = serde_json::from_str(&text).ok();
        let earlier = record.and_then(|record| record["seconds"].as_f64()).filter(|_| self.was_done);
        earlier.unwrap_or_else(|| self.started.elapsed().as_secs_f64())
    }
}

/// Every restart with its final loss, best first.
pub(super) fn restarts(fit: &Fit) -> Vec<Value> {
    fit.ranking.iter().map(|&(restart, loss)| json!({ "restart": restart, "loss": finite(loss) })).collect()
}

/// JSON has no infinity: a diverged restart has no loss.
pub(super) fn finite(loss: f64) -> Option<f64> {
    Some(loss).filter(|loss| loss.is_finite())
}
