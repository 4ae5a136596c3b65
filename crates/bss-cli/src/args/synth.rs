//! `bss synth`.

use std::path::PathBuf;

use clap::Args;

/// The name under which images are drawn, which are no [`Family`](bss_data::synth::Family) of signals.
pub(crate) const IMAGES: &str = "images";

/// Make synthetic sources.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(long_about = long_about(), after_long_help = "Examples:
  bss synth sine+square+ar --samples 1000 --out sources.npy --seed 1
  bss synth ar-laplace,iid --sources 5 --samples 1000 --out five.npy
  bss synth images --samples 16384 --out images.npy")]
pub(crate) struct SynthArgs {
    /// Family of sources, or several of them, separated by commas
    #[arg(value_name = "FAMILY")]
    pub(crate) families: String,

    /// Number of samples; of images, that of pixels, a square number
    #[arg(long, value_name = "R")]
    pub(crate) samples: usize,

    /// Number of sources, the first of the families' [default: all of them]
    #[arg(long, value_name = "N")]
    pub(crate) sources: Option<usize>,

    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// Seed of all that is random
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Write (sources, samples) instead
    #[arg(long)]
    pub(crate) channels_first: bool,
}

fn long_about() -> String {
    let families = bss_data::synth::Family::ALL.iter();
    let mut lines: Vec<String> =
        families.map(|family| format!("  {:<21} {}", family.name(), family.description())).collect();
    lines.push(format!("  {IMAGES:<21} clouds, grain and a mosaic: square images (height, width, sources)"));
    format!(
        "Make synthetic sources.\n\nThe file gets an array (samples, sources), named `sources` in .npz and .h5; each \
         source is centred and has unit variance. The same seed gives the same bits. Where several families are named, \
         their sources stand one after the other. Families:\n\n{}",
        lines.join("\n")
    )
}
