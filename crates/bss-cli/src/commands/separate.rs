//! `bss separate`.

use anyhow::{Result, bail};

use crate::args::{Scale, SeparateArgs};

/// Separates a recording with a fitted model.
///
/// # Errors
/// Wrong settings or input.
pub(crate) fn run(args: &SeparateArgs) -> Result<()> {
    let _is_scaled = args.scale == Scale::Unit;
    bail!("separating with {} is not available yet", args.run.display())
}
