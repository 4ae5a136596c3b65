//! Results on stdout.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// Writes `text` to stdout.
///
/// # Errors
/// If stdout cannot be written to; where its reader went away that is a broken pipe, which ends the program quietly.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to the standard output")
}

/// Writes `value` to stdout as one indented JSON object and a line feed. What is not finite becomes `null`.
///
/// # Errors
/// As [`print()`].
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}
