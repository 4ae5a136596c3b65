//! `cargo xtask reproduce ID`: runs an experiment by the program's own commands and writes its table.
//!
//! Experiments live under `docs/experiments/ID/`: a README with the table, the machine and the command, figures, and
//! `results.json`.

mod ar_flow;
mod defaults;
mod families;
mod foetal_ecg;
mod images;
mod results;

use std::path::PathBuf;
use std::process::Output;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::shell;

/// Which experiment to run.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Experiment: ar-flow, defaults, families, foetal-ecg or images
    #[arg(value_name = "ID")]
    id: String,
    /// Compare with the stored result instead of replacing it
    #[arg(long)]
    check: bool,
    /// How much of families to run [default: quick]
    #[arg(long, value_name = "PRESET")]
    preset: Option<families::Preset>,
    /// Begin no more cells of families after so many minutes; the next run goes on
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
}

/// Runs the experiment.
///
/// # Errors
/// When a command of the experiment fails or a file cannot be written.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    let is_of_families = settings.preset.is_some() || settings.minutes.is_some();
    ensure!(
        !is_of_families || settings.id == "families",
        "--preset and --minutes are for families, not for {}; leave them out",
        settings.id
    );
    match settings.id.as_str() {
        "ar-flow" => ar_flow::run(settings.check),
        "defaults" => defaults::run(settings.check),
        "families" => families::run(settings.preset.unwrap_or_default(), settings.check, settings.minutes),
        "foetal-ecg" => foetal_ecg::run(),
        "images" => images::run(settings.check),
        other => bail!("no experiment is called {other}; there are: ar-flow, defaults, families, foetal-ecg, images"),
    }
}

/// The release binary.
fn binary() -> PathBuf {
    shell::target_dir().join("release").join("bss").with_extension(std::env::consts::EXE_EXTENSION)
}

/// How the release binary ended with these arguments, and what it printed.
fn outcome(arguments: &[&str]) -> Result<Output> {
    let output = shell::command(binary(), arguments).output();
    output.with_context(|| format!("cannot start {}", binary().display()))
}

/// The standard output of the release binary with these arguments.
fn bss(arguments: &[&str]) -> Result<String> {
    let output = outcome(arguments)?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "bss {} failed: {error}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// The machine as the pages of the experiments name it.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, {} {}", std::env::consts::ARCH, std::env::consts::OS)
}
