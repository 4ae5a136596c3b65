//! `run.json`: versions, machine, seed, times, verdict.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use bss_train::RunFolder;
use serde_json::{Value, json};

use super::session::{Fit, Session};
use crate::config::Config;
use crate::input::Recording;

/// Writes the record of a finished run: what every run has, and the `facts` of its own.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(folder: &RunFolder, config: &Config, device: &str, facts: Value) -> Result<()> {
    let finished = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let mut record = json!({
        "program": { "name": "bss", "version": env!("CARGO_PKG_VERSION"), "checkpoint_format": bss_train::FORMAT },
        "machine": {
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "threads": rayon::current_num_threads(),
            "device": device,
        },
        "model": config.model.name(),
        "seed": config.seed,
        "sources": config.sources,
        "finished_unix": finished,
    });
    if let (Value::Object(record), Value::Object(facts)) = (&mut record, facts) {
        record.extend(facts);
    }
    let text = serde_json::to_string_pretty(&record)? + "\n";
    Ok(bss_data::write_bytes_atomically(&folder.record(), text.as_bytes())?)
}

/// What is recorded of a fit to a recording.
pub(super) fn of_recording(recording: &Recording, fit: &Fit) -> Value {
    let mut facts = json!({
        "samples": recording.values.nrows(),
        "channels": recording.values.ncols(),
        "iterations": fit.iterations,
        "seconds": fit.seconds,
        "verdict": fit.verdict.to_string(),
        "best_restart": fit.best,
        "loss": finite(fit.loss),
        "restarts": restarts(fit),
        "explained_variance": fit.explained,
        "noise_db": fit.noise_db,
        "warnings": fit.warnings,
    });
    if let Some(grid) = recording.layout.grid {
        facts["height"] = json!(grid.height);
        facts["width"] = json!(grid.width);
    }
    facts
}

/// The seconds of the sitting that finished a run, which is an earlier one if there was nothing left to do.
pub(super) fn seconds(folder: &RunFolder, started: Instant, was_done: bool) -> f64 {
    let text = std::fs::read_to_string(folder.record()).unwrap_or_default();
    let record: Option<Value> = serde_json::from_str(&text).ok();
    let earlier = record.and_then(|record| record["seconds"].as_f64()).filter(|_| was_done);
    earlier.unwrap_or_else(|| started.elapsed().as_secs_f64())
}

impl Session {
    /// Writes the record of a finished run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write_record(&self, fit: &Fit) -> Result<()> {
        let device = if self.device.is_cpu() { "cpu" } else { "cuda" };
        write(&self.folder, &self.config, device, of_recording(&self.recording, fit))
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
