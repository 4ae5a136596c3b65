//! `bss completions`.

use anyhow::Result;
use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs};
use crate::output;

/// Prints a shell's completion script.
///
/// # Errors
/// If stdout cannot be written to.
pub(crate) fn run(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bss", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
