//! `bss mix`.

use std::path::PathBuf;

use bss_data::mixing::Mixing;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

/// Mix sources into channels, or clean examples into mixtures.
///
/// SOURCES is an array (samples, sources), or images (height, width, sources), of which several files may be named: each
/// .png holds one source, or three if it is coloured. The mixture lies in the same way. A .npz or .h5 file gets `mixture` (samples, channels), the `sources`, and
/// where there is one `mixing`, the matrix (channels, sources); a file of another format gets the mixture alone.
///
/// With --mix M, SOURCES is a dataset of clean examples (examples, features…), of which every M that a random order brings
/// together make one mixture, x = (s1 + ... + sM) / M. A .npz or .h5 file gets `mixture` (mixtures, features…), and as
/// `sources` (mixtures, M, features…) the s / M that it is the sum of. Every example is used once.
///
/// linear: x = A s. post-nonlinear: a monotone function of each channel of A s. mlp: x = B tanh(A s).
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = "Examples:
  bss mix sources.npy --out mixture.npz
  bss mix sources.npy --out mixture.npz --channels 6 --noise-db 20 --seed 1
  bss mix a.png b.png c.png --out mixture.npz
  bss mix digits.npz:images --mix 2 --out mixtures.npz")]
pub(crate) struct MixArgs {
    /// Sources to mix, FILE or FILE:ARRAY
    #[arg(value_name = "SOURCES", required = true)]
    pub(crate) sources: Vec<String>,

    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// Mix M clean examples at a time
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u16).range(2..=1024),
          conflicts_with_all = ["channels", "mixing", "noise_db", "channels_first"])]
    pub(crate) mix: Option<u16>,

    /// Number of channels [default: the number of sources]
    #[arg(long, value_name = "M")]
    pub(crate) channels: Option<usize>,

    /// Seed of the mixing and of the noise
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Kind of mixing
    #[arg(long, value_name = "KIND", default_value = "linear", value_parser = kinds())]
    pub(crate) mixing: Mixing,

    /// Add white Gaussian noise with this signal-to-noise ratio in each channel
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    pub(crate) noise_db: Option<f64>,

    /// Arrays are (sources, samples): take and give the transpose
    #[arg(long)]
    pub(crate) channels_first: bool,
}

fn kinds() -> impl clap::builder::TypedValueParser<Value = Mixing> {
    let names = Mixing::ALL.iter().map(|mixing| mixing.name());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Mixing>())
}
