//! `bss ideal`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Separate mixtures with masks made of their true sources: what no mask can surpass.
///
/// The input is the true sources of a dataset, (examples, sources, features…), as `bss mix --mix` writes them. OUT gets
/// `sources`, of the same shape: their mixtures, seen through the masks. With --set front-end.kind=stft the input is sound,
/// and masks are those of its short-time spectra, within the frequencies and frames that the front-end sees.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = "Examples:
  bss ideal test.npz:sources --mask binary --out ibm.npz
  bss ideal test.h5:sources --mask ratio --set front-end.kind=stft --out irm.h5")]
pub(crate) struct IdealArgs {
    /// True sources, FILE or FILE:ARRAY
    #[arg(value_name = "SOURCES")]
    pub(crate) input: String,

    /// Which masks
    #[arg(long, value_name = "MASK")]
    pub(crate) mask: IdealMask,

    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// A setting of the front-end, as for `bss fit`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Masks of the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IdealMask {
    /// 1 for the source that has more than half of the magnitudes, 0 for the others
    Binary,
    /// Each source's share of the magnitudes
    Ratio,
    /// Each source's share of the energies
    Energy,
}
