//! `cargo xtask reproduce ID`: runs an experiment by the program's own commands and writes its table.
//!
//! Experiments live under `docs/experiments/ID/`: a README with the table, the machine and the command, figures, and
//! `results.json`.

mod ar_flow;
mod count;
mod course;
mod coverage;
mod defaults;
mod families;
mod foetal_ecg;
mod images;
mod neri_audio;
mod neri_mnist;
mod nonlinear;
mod results;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};

use crate::shell;

/// Which experiment to run.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Experiment
    #[arg(value_name = "ID")]
    id: Experiment,
    /// Compare with the stored result instead of replacing it
    #[arg(long)]
    check: bool,
    /// How much of families, neri-audio or neri-mnist to run [default: quick]
    #[arg(long, value_name = "PRESET")]
    preset: Option<Preset>,
    /// Begin no more cells of families or neri-mnist after so many minutes, stop each training of neri-audio after so many;
    /// the next run goes on
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
    /// Where the data of neri-mnist or neri-audio are [default: where `cargo xtask dataset` puts them]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The experiments, by the names of their folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Experiment {
    /// The paper's figures 2 and 3
    ArFlow,
    /// Choosing the number of sources
    Count,
    /// How often the 95 % bands cover the truth
    Coverage,
    /// The defaults on four families of sources
    Defaults,
    /// Every method on every family of sources
    Families,
    /// The hearts of a pregnant woman and her child
    FoetalEcg,
    /// Images along three traversals
    Images,
    /// Neri's Table III: pairs of notes
    NeriAudio,
    /// Neri's Table II: pairs of handwritten digits
    NeriMnist,
    /// Mixing of growing depth
    Nonlinear,
}

/// How much of an experiment to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Preset {
    /// Minutes; of families, the base with two mixings of each
    #[default]
    Quick,
    /// All that a paper's table has; of families, the base with ten mixings of each and every variant with two
    Paper,
}

/// Runs the experiment.
///
/// # Errors
/// When a command of the experiment fails or a file cannot be written.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    let has_data = matches!(settings.id, Experiment::NeriAudio | Experiment::NeriMnist);
    let has_minutes = has_data || settings.id == Experiment::Families;
    ensure!(
        has_minutes || settings.preset.is_none(),
        "--preset is for families, neri-audio and neri-mnist only; leave it out"
    );
    ensure!(
        has_minutes || settings.minutes.is_none(),
        "--minutes is for families, neri-audio and neri-mnist only; leave it out"
    );
    ensure!(has_data || settings.data.is_none(), "--data is for neri-audio and neri-mnist only; leave it out");
    let preset = settings.preset.unwrap_or_default();
    match settings.id {
        Experiment::ArFlow => ar_flow::run(settings.check),
        Experiment::Count => count::run(settings.check),
        Experiment::Coverage => coverage::run(settings.check),
        Experiment::Defaults => defaults::run(settings.check),
        Experiment::Families => families::run(preset, settings.check, settings.minutes),
        Experiment::FoetalEcg => foetal_ecg::run(settings.check),
        Experiment::Images => images::run(settings.check),
        Experiment::NeriAudio => neri_audio::run(preset, settings.check, settings.minutes, settings.data.as_deref()),
        Experiment::NeriMnist => neri_mnist::run(preset, settings.check, settings.minutes, settings.data.as_deref()),
        Experiment::Nonlinear => nonlinear::run(settings.check),
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

/// Writes a file whole or not at all.
fn replace(path: &Path, text: &str) -> Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, text)
        .and_then(|()| fs::rename(&partial, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The standard output of the release binary with these arguments.
pub(crate) fn bss(arguments: &[&str]) -> Result<String> {
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
