//! `cargo xtask reproduce ID`: runs an experiment by the program's own commands and writes its table.
//!
//! Experiments live under `docs/experiments/ID/`: a README with the table, the machine and the command, and
//! `results.json`.

mod defaults;

use anyhow::{Result, bail};
use clap::Args;

/// Which experiment to run.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Experiment: defaults
    #[arg(value_name = "ID")]
    id: String,
    /// Compare with the stored result instead of replacing it
    #[arg(long)]
    check: bool,
}

/// Runs the experiment.
///
/// # Errors
/// When a command of the experiment fails or a file cannot be written.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    match settings.id.as_str() {
        "defaults" => defaults::run(settings.check),
        other => bail!("no experiment is called {other}; there is: defaults"),
    }
}
