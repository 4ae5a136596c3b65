//! The project's chores, run as `cargo xtask COMMAND`.
//!
//! One file per command. This crate depends on no other crate of the workspace, so that it can run
//! (and install HDF5) before any of them compiles.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a chore does")]

mod bench;
mod breach;
mod ci;
mod code_only;
mod dataset;
mod demo;
mod directions;
mod hdf5;
mod licences;
mod manifest;
mod package_manager;
mod reproduce;
mod setup;
mod shell;
mod spdx;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the bss workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// See to the C compiler and the HDF5 library that the workspace needs
    Setup,
    /// Separate the foetal ECG in fixtures/ and write a report with figures
    Demo(demo::Settings),
    /// Fetch a public set of images, or take it from a folder, and check it
    Dataset(dataset::Settings),
    /// Run an experiment and write its table under docs/experiments
    Reproduce(reproduce::Settings),
    /// Measure the prior, a training step or a fit, and the reference programs beside them
    Bench(bench::Settings),
    /// Run every test of the workspace, examples in the documentation included
    Test,
    /// Run every check that a change has to pass, cheapest first
    Ci(ci::Settings),
    /// Check the house rules on files, manifests and fixtures
    Tidy,
    /// Check which crate may depend on which
    Directions,
    /// Check the licences of all dependencies against deny.toml
    Licences,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Chore::Setup => setup::run(),
        Chore::Demo(settings) => demo::run(&settings),
        Chore::Dataset(settings) => dataset::run(&settings),
        Chore::Reproduce(settings) => reproduce::run(&settings),
        Chore::Bench(settings) => bench::run(&settings),
        Chore::Test => test::run(),
        Chore::Ci(settings) => ci::run(&settings),
        Chore::Tidy => tidy::run(),
        Chore::Directions => directions::run(),
        Chore::Licences => licences::run(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        // What failed has said so itself: a test's own summary stays the last line.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
        let parsed = Arguments::try_parse_from(["xtask", "demo", "--seed", "3"]).unwrap();
        assert!(matches!(parsed.command, Chore::Demo(settings) if settings.seed == 3));
    }
}
