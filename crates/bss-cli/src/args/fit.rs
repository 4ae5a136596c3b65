//! `bss fit`.

use std::path::PathBuf;

use clap::Args;

use super::DataArgs;
use crate::device::DeviceName;

/// Fit a model to a recording, or to a dataset of examples.
///
/// INPUT is an array (samples, channels) in .npy, .npz, .h5, .csv, .tsv, .dat, .txt or .wav; several are joined along
/// samples, and sound of one channel along channels. An array inside a file is named after a colon: run.h5:/subject/ecg, run.npz:mixture. The run's folder
/// then holds all settings, the model, and what `--resume` needs.
///
/// With --traversal, INPUT is images of one size, (height, width, channels), or (height, width) for one channel; a .png
/// is one channel, or three if it is coloured (red, green, blue; opacity is left out). Several are joined along channels.
///
/// Of the models of datasets (neri, ae, mixit, glo, nmf), INPUT is arrays (examples, features…) of values from 0 to 1, each
/// example a mixture in one channel; several are joined along examples. 8-bit values are divided by 255. With --mix they are
/// clean examples, which are mixed anew every epoch; for nmf, once. With --preset audio, or --set front-end.kind=stft, INPUT is
/// sound: a dataset (examples, samples), or a folder of recordings in .wav, .flac, .mp3 or .ogg, each an example.
///
/// Settings come from defaults, --preset, --config, --set and the other options, the later overruling the earlier; the schema
/// with all defaults is what a run's config.toml shows. Each model has settings of its own; the baselines (fastica,
/// picard, sobi, jade, nmf) are fitted at once, have no restarts, and give no standard deviations.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(after_long_help = "Examples:
  bss fit ecg.dat --columns 1-8 --sample-rate 250 --out runs/ecg
  bss fit mixture.npz --sources 3 --out runs/a --set prior.kind=ar --set training.beta=0.1
  bss fit mixture.npz --out runs/sobi --model sobi --set sobi.lags=[1,2,5,10,20]
  bss fit a.png b.png c.png --traversal hilbert --out runs/images
  bss fit digits.npz:images --model neri --mix 2 --sources 2 --out runs/digits
  bss fit notes.h5:/train --model neri --preset audio --mix 2 --out runs/notes
  bss fit digits.npz:images --model neri --mix 2 --sources 3 --start runs/digits --epochs 12 --out runs/three
  bss fit --out runs/a --resume")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct FitArgs {
    /// Files to fit to, FILE or FILE:ARRAY; with --resume [default: those of the run]
    #[arg(value_name = "INPUT", required_unless_present = "resume")]
    pub(crate) inputs: Vec<String>,

    /// Model to fit; see `bss models` [default: ar-flow]
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Number of sources [default: the number of channels; 2 of datasets]
    #[arg(long, value_name = "N")]
    pub(crate) sources: Option<usize>,

    /// Folder to write the run to
    #[arg(long, value_name = "RUN")]
    pub(crate) out: PathBuf,

    /// Seed of all that is random [default: 0]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    /// Independent fits, of which the best is kept [default: 5, none for baselines and datasets]
    #[arg(long, value_name = "K")]
    pub(crate) restarts: Option<usize>,

    /// Optimiser steps, at most where the model ends by itself [default: 3000, fastica 2000, picard 500, nmf 200]
    #[arg(long, value_name = "I")]
    pub(crate) iterations: Option<usize>,

    /// Passes over the data, for networks of datasets [default: 60, or the preset's]
    #[arg(long, value_name = "E", conflicts_with = "iterations")]
    pub(crate) epochs: Option<usize>,

    /// Settings to start from: `paper`, of ar-flow, neri and ae; `audio` and `audio-paper`, of neri, ae and mixit
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,

    /// Settings to start from
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,

    /// Change a setting, as in prior.kind=ar; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    /// Take the inputs for clean examples and mix M of them at random, for models of datasets
    #[arg(long, value_name = "M")]
    pub(crate) mix: Option<usize>,

    /// Begin with the weights of another run, of the same model and network; neri may have more sources than it, which fall
    /// silent at first
    #[arg(long, value_name = "RUN")]
    pub(crate) start: Option<PathBuf>,

    /// Where to compute: cpu, cuda or cuda:I
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: DeviceName,

    /// Threads to compute with [default: one for each core]
    #[arg(long, value_name = "T")]
    pub(crate) threads: Option<usize>,

    /// Go on with the run in the folder from its last saved state
    #[arg(long, conflicts_with = "force")]
    pub(crate) resume: bool,

    /// Replace the run in the folder
    #[arg(long)]
    pub(crate) force: bool,

    /// No progress bar, no warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// How to read the inputs.
    #[command(flatten)]
    pub(crate) data: DataArgs,
}
