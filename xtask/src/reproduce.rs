//! `cargo xtask reproduce ID`: runs an experiment by the program's own commands and writes its table.
//!
//! Experiments live under `docs/experiments/ID/`: a README with the table, the machine and the command, figures, and
//! `results.json`.

mod ar_flow;
mod defaults;
mod foetal_ecg;
mod results;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::shell;

/// Which experiment to run.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Experiment: ar-flow, defaults or foetal-ecg
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
        "ar-flow" => ar_flow::run(settings.check),
        "defaults" => defaults::run(settings.check),
        "foetal-ecg" => foetal_ecg::run(),
        other => bail!("no experiment is called {other}; there are: ar-flow, defaults, foetal-ecg"),
    }
}

/// The standard output of the release binary with these arguments.
fn bss(arguments: &[&str]) -> Result<String> {
    let binary = shell::target_dir().join("release").join("bss").with_extension(std::env::consts::EXE_EXTENSION);
    let output = shell::command(&binary, arguments).output();
    let output = output.with_context(|| format!("cannot start {}", binary.display()))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "bss {} failed: {error}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}
