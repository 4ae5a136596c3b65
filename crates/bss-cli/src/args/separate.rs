//! `bss separate`.

use std::path::PathBuf;

use bss_data::Dtype;
use clap::{Args, ValueEnum};

use super::DataArgs;
use crate::device::DeviceName;

/// Separate a recording, or a dataset of examples, with a fitted model.
///
/// OUT gets the posterior mean of the sources, (samples, sources), in the input's order of samples. .npz and .h5 hold
/// it as `sources`, with `mixing` beside it where the decoder is linear, and with --std standard deviations
/// as `std`; .npy writes the latter to OUT with .std.npy for its end. A folder gets one .wav for each source.
/// Unless options say otherwise, the input is read as that of the run was (its --columns, --channels-first, --on-nan,
/// --traversal).
///
/// Of images, OUT gets the sources as images again, (height, width, sources), and a folder gets one .png for each, grey,
/// from black for its smallest value to white for its largest.
///
/// Of a dataset (examples, features…), OUT gets (examples, sources, features…), the sources of each mixture as the decoder
/// gives them, or with --mask the mixture shared out in proportion to them, which they then sum to exactly (VAEM). A run of
/// neri refines what the encoder says by a descent for each mixture, as its settings say; --refine 0 takes it as it is, much
/// faster. --std is that of 16 draws from the encoder's posterior, and goes with its answer. Which source is which is open in
/// every example anew: they are in the order of the model's outputs.
///
/// With a model of sound (--set front-end.kind=stft), datasets are (examples, samples), and a recording of any length goes to
/// a folder of one .wav for each source, segment by segment: sources keep their order from one to the next, memory does not
/// grow, and with --mask the sources add up to the recording, of 24 bits or fewer to the last bit. Recordings of another rate
/// than the model's are resampled.
///
/// Sources of a recording are sorted by the share of the mixture's variance that they explain, the largest first; their sign makes
/// the largest entry of their mixing column positive; their variance is 1 unless --scale original.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = "Examples:
  bss separate --run runs/ecg --out estimate.npz --std
  bss separate other.dat --columns 1-8 --run runs/ecg --out estimate.npy
  bss separate mixtures.npz --run runs/digits --out estimate.npz --mask
  bss separate song.wav --run runs/notes --out stems --mask --bits 24")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct SeparateArgs {
    /// Files to separate, FILE or FILE:ARRAY [default: what the run was fitted to]
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,

    /// Folder that `bss fit` wrote
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// File to write: .npy, .npz, .h5, .csv, .tsv or .wav; or a folder
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// Write standard deviations as well, of models that know how sure they are
    #[arg(long)]
    pub(crate) std: bool,

    /// With --std: the sensors' noise is known, so many dB below each channel (as for `bss mix`) [default: estimated]
    #[arg(long, value_name = "D", requires = "std", allow_negative_numbers = true)]
    pub(crate) noise_db: Option<f64>,

    /// Share the mixture out in proportion to the sources, for models of datasets
    #[arg(long)]
    pub(crate) mask: bool,

    /// Go on from the encoder's answer for so many steps on each mixture: slower, and nearer to the mixture; for neri and ae
    /// [default: the run's separation.refine, none for ae; 0: none]
    #[arg(long, value_name = "STEPS")]
    pub(crate) refine: Option<usize>,

    /// When refining: so many times, look for each source in turn in what the others leave of the mixture, and keep what
    /// explains it better [default: the run's separation.rounds]
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<usize>,

    /// Bits of a value in a .wav file: integers of 16 or 24, which nothing is clipped to, or 32, floating point
    #[arg(long, value_name = "BITS", default_value = "32")]
    pub(crate) bits: Bits,

    /// Scale of the sources
    #[arg(long, value_name = "SCALE", default_value = "unit")]
    pub(crate) scale: Scale,

    /// Where to compute: cpu, cuda or cuda:I
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: DeviceName,

    /// Replace OUT where it is a folder that is not empty
    #[arg(long)]
    pub(crate) force: bool,

    /// No warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// How to read the input.
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// The scale of estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scale {
    /// Unit variance over the recording that was fitted
    Unit,
    /// That of the source's contribution to the recording: its root mean square over channels
    Original,
    /// The largest value of each source is 0.9, to be heard or written as integers
    Peak,
}

/// Bits of a value in a sound file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bits {
    /// Integers
    #[value(name = "16")]
    Sixteen,
    /// Integers
    #[value(name = "24")]
    TwentyFour,
    /// Floating point
    #[value(name = "32")]
    ThirtyTwo,
}

impl Bits {
    /// The type of a value.
    pub(crate) fn dtype(self) -> Dtype {
        match self {
            Self::Sixteen => Dtype::I16,
            Self::TwentyFour => Dtype::I24,
            Self::ThirtyTwo => Dtype::F32,
        }
    }
}
