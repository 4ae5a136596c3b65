//! `bss fit`.

use anyhow::{Result, bail};

use crate::args::FitArgs;
use crate::config::Config;
use crate::input::read_recording;
use crate::warnings::Warnings;

/// Fits a model to a recording and writes the run.
///
/// # Errors
/// Wrong settings or input.
pub(crate) fn run(args: &FitArgs) -> Result<()> {
    let config = Config::for_fit(args)?;
    let mut warnings = Warnings::new(args.quiet);
    let _device = args.device.open()?;
    let recording = read_recording(&config.data.inputs, &config.data.reading(), &mut warnings)?;
    bail!("fitting {} is not available yet", recording.label)
}
