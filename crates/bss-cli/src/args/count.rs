//! `bss count`.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::{DataArgs, FitArgs};
use crate::device::DeviceName;

/// Help to choose the number of sources.
///
/// For each N the model is fitted to the first part of the recording and scored on the rest, which it has not seen. The
/// score is the evidence lower bound (ELBO) per sample in the recording's own coordinates, where what N sources leave
/// unexplained is white Gaussian noise of one level: so scores of different N compare. Chosen is the smallest N that is
/// behind the best by at most one standard error of the difference. A white Gaussian source that is no stronger than the
/// noise cannot be told from it, and is not counted.
///
/// Settings and their defaults are those of `bss fit`. With --out, the folder gets count.json, count.svg, count.png and config.toml.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = "Examples:
  bss count mixture.npz
  bss count ecg.dat --columns 1-8 --sources 2-6 --out runs/count")]
pub(crate) struct CountArgs {
    /// Files to count the sources of, FILE or FILE:ARRAY
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<String>,

    /// Numbers of sources to compare, N or N-N [default: 1 to the dimensions that the channels span, at most 8]
    #[arg(long, value_name = "NUMBERS")]
    pub(crate) sources: Option<Numbers>,

    /// Share of the recording, at its end, that scores and is not fitted to
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) hold_out: f64,

    /// Model to fit: ar-flow alone has a density to score
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Folder to write the result and its figure to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Seed of all that is random [default: 0]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    /// Independent fits for each number, of which the best is scored [default: 5]
    #[arg(long, value_name = "K")]
    pub(crate) restarts: Option<usize>,

    /// Optimiser steps [default: 3000]
    #[arg(long, value_name = "I")]
    pub(crate) iterations: Option<usize>,

    /// Settings to start from
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,

    /// Change a setting, as in prior.kind=ar; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,

    /// Where to compute: cpu, cuda or cuda:I
    #[arg(long, value_name = "DEVICE", default_value_t)]
    pub(crate) device: DeviceName,

    /// Threads to compute with [default: one for each core]
    #[arg(long, value_name = "T")]
    pub(crate) threads: Option<usize>,

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

impl CountArgs {
    /// The options of `bss fit` among these, from which its settings follow.
    pub(crate) fn of_fit(&self) -> FitArgs {
        FitArgs {
            inputs: self.inputs.clone(),
            model: self.model.clone(),
            seed: self.seed,
            restarts: self.restarts,
            iterations: self.iterations,
            config: self.config.clone(),
            set: self.set.clone(),
            data: self.data.clone(),
            ..FitArgs::default()
        }
    }
}

/// Numbers of sources, as in 1-6 or 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers(pub(crate) RangeInclusive<usize>);

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(Self(first..=last)),
            _ => Err("expected a number or a range from 1, as in 3 or 1-6".to_owned()),
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.start(), self.0.end()) {
            (first, last) if first == last => write!(f, "{first}"),
            (first, last) => write!(f, "{first}-{last}"),
        }
    }
}
