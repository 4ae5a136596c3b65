//! `bss report`.

use anyhow::{Result, bail};

use crate::args::ReportArgs;

/// Writes a run's figures and the page that shows them.
///
/// # Errors
/// Wrong input.
pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    bail!("the report of {} is not available yet", args.run.display())
}
