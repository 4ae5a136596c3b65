//! The commands, one file each.

mod completions;
mod count;
mod evaluate;
mod fit;
mod gather;
mod ideal;
mod inspect;
mod mix;
mod models;
mod report;
mod separate;
mod synth;

use anyhow::{Context as _, Result, ensure};

use crate::args::Command;

/// Runs a command to its end.
///
/// # Errors
/// Whatever went wrong; [`crate::outcome`] turns it into an exit code.
pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Fit(args) => fit::run(args),
        Command::Count(args) => count::run(args),
        Command::Separate(args) => separate::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Report(args) => report::run(args),
        Command::Mix(args) => mix::run(args),
        Command::Gather(args) => gather::run(args),
        Command::Ideal(args) => ideal::run(args),
        Command::Synth(args) => synth::run(args),
        Command::Models(args) => models::run(args),
        Command::Completions(args) => completions::run(args),
    }
}

/// Computes with so many threads from now on; with one for each core if none are said.
///
/// # Errors
/// No threads at all, or more than the system gives.
fn use_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    ensure!(threads > 0, "--threads is 0, expected at least 1");
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")
}
