//! The commands, one file each.

mod completions;
mod evaluate;
mod fit;
mod inspect;
mod mix;
mod models;
mod report;
mod separate;
mod synth;

use anyhow::Result;

use crate::args::Command;

/// Runs a command to its end.
///
/// # Errors
/// Whatever went wrong; [`crate::outcome`] turns it into an exit code.
pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Fit(args) => fit::run(args),
        Command::Separate(args) => separate::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Report(args) => report::run(args),
        Command::Mix(args) => mix::run(args),
        Command::Synth(args) => synth::run(args),
        Command::Models(args) => models::run(args),
        Command::Completions(args) => completions::run(args),
    }
}
