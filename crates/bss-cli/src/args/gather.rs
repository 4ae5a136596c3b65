//! `bss gather`.

use std::path::PathBuf;

use clap::Args;

/// Gather recordings of single notes into a dataset.
///
/// Each recording becomes one example: the mean of its channels from its onset on, as long as the front-end sees and with
/// no more frequencies than it sees (see --set front-end.points, .hop, .bins, .frames), followed by silence where it is
/// shorter, and as loud as all others. OUT gets them as `notes`, (notes, samples); with --split as `train` and `test`,
/// drawn at random. OUT with .files.csv for its end says which recording became which example.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = "Examples:
  bss gather notes/ --split 0.8 --seed 1 --out notes.h5
  bss fit notes.h5:/train --mix 2 --model neri --preset audio --out runs/notes
  bss mix notes.h5:/test --mix 2 --out test.h5")]
pub(crate) struct GatherArgs {
    /// Recordings (.wav, .flac, .mp3, .ogg), and folders of them
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<String>,

    /// File to write: .h5 or .npz
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// Share of the notes that come into `train`; the others come into `test`
    #[arg(long, value_name = "SHARE")]
    pub(crate) split: Option<f64>,

    /// Seed of the split
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Resample all recordings to this rate
    #[arg(long, value_name = "HZ")]
    pub(crate) sample_rate: Option<f64>,

    /// A setting of the front-end, as for `bss fit`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
