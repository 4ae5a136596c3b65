//! `bss inspect`.

use std::path::PathBuf;

use clap::Args;

/// Show what a file or a run holds.
///
/// Of a file: every array with its shape, type and sample rate. Of a run's folder: the settings that differ from the
/// defaults, the record of the run with its verdict, and the files.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_long_help = "Examples:
  bss inspect recording.h5
  bss inspect runs/ecg --json")]
pub(crate) struct InspectArgs {
    /// A file of any format, or a folder that `bss fit` wrote
    #[arg(value_name = "FILE|RUN")]
    pub(crate) path: PathBuf,

    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
