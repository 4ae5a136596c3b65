//! `cargo xtask demo`: separates the real foetal ECG in `fixtures/` and writes a report with figures.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{setup, shell};

/// What the demonstration may vary.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Folder of the run and, below it, of the report
    #[arg(long, value_name = "DIR", default_value = "runs/demo")]
    out: PathBuf,
    /// Seed of all that is random
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// Arguments of `bss fit`, but for the seed and the folder: eight electrodes, 250 samples a second.
const FIT: [&str; 10] = [
    "fit",
    "fixtures/foetal_ecg.dat",
    "--columns",
    "1-8",
    "--sample-rate",
    "250",
    "--model",
    "ar-flow",
    "--sources",
    "8",
];

/// Builds the binary, fits the model, writes the report and names the page to open.
///
/// # Errors
/// When cargo or the binary cannot be started.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    if !setup::run()? {
        return Ok(false);
    }
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let binary = shell::target_dir().join("release").join("bss");
    let binary = binary.with_extension(std::env::consts::EXE_EXTENSION);
    let report = settings.out.join("report");

    let mut fit = shell::command(&binary, FIT);
    fit.arg("--seed").arg(settings.seed.to_string());
    fit.arg("--out").arg(&settings.out).arg("--force");
    let words = ["report".as_ref(), settings.out.as_os_str(), OsStr::new("--out"), report.as_os_str()];
    let mut write = shell::command(&binary, words);

    if !shell::announce_and_run(&mut fit)? || !shell::announce_and_run(&mut write)? {
        return Ok(false);
    }
    println!("\nopen {}", report.join("index.html").display());
    Ok(true)
}
