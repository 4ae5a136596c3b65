//! `bss`: blind source separation on the command line.
//!
//! What was typed ([`args`]) is resolved into settings ([`config`]) and data ([`input`]), a command ([`commands`])
//! does the work, and its end becomes an exit code ([`outcome`]). Results go to stdout; progress, warnings and errors
//! go to stderr. This crate is the only one that knows a terminal.

mod args;
mod catalogue;
mod commands;
mod config;
mod device;
mod figures;
mod front_end;
mod input;
mod interrupt;
mod layout;
mod logging;
mod model;
mod named;
mod nearest;
mod outcome;
mod output;
mod picture;
mod progress;
mod report;
mod shell;
mod table;
mod warnings;

use std::process::ExitCode;

use clap::Parser as _;

use args::Cli;

/// A training step makes and drops buffers of about a megabyte; the system's allocator gives each back to the system,
/// which then hands out every page anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Err(usage) => outcome::of_usage(&usage),
        Ok(cli) => {
            logging::init(cli.command.is_quiet());
            outcome::of(&commands::run(&cli.command))
        }
    }
}
