//! `cargo xtask test`: every test of the workspace, examples in the documentation included.

use anyhow::Result;

use crate::{setup, shell};

/// Sets the machine up and runs the tests; nothing is printed after the test runner's own summary.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn run() -> Result<bool> {
    Ok(setup::run()? && run_tests()?)
}

/// The tests alone, in the profile `dev`: its dependencies are optimised, which the numerical tests
/// need, and the workspace's own crates compile quickly. One failing crate does not hide the others.
pub(crate) fn run_tests() -> Result<bool> {
    shell::announce_and_run(&mut shell::cargo(&["test", "--workspace", "--no-fail-fast"]))
}
