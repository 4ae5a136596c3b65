//! Recordings as a command is given them: read, joined, selected, and fit to be separated or refused.
//!
//! What leaves this module is finite, of bounded magnitude, and long enough.

mod array;
mod check;
mod repair;

use anyhow::{Result, bail, ensure};
use bss_data::Columns;
use ndarray::{Array2, Axis, concatenate};

use crate::args::{DataArgs, OnNan};
use crate::warnings::{Warning, Warnings};

pub(crate) use array::read_matrix;

/// The fewest samples that a model is fitted to.
pub(crate) const MIN_SAMPLES: usize = 32;

/// A multichannel recording.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recording {
    /// The values, (samples, channels), all finite.
    pub(crate) values: Array2<f64>,
    /// Samples per second in Hz, if known.
    pub(crate) sample_rate: Option<f64>,
    /// A name for every channel: the file's, or `channel 1` and so on.
    pub(crate) channel_names: Vec<String>,
    /// The files it came from, for messages and titles.
    pub(crate) label: String,
}

/// How to read a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Reading {
    /// Columns to take as channels, of the matrix (samples, channels).
    pub(crate) columns: Option<Columns>,
    /// Whether arrays are (channels, samples).
    pub(crate) channels_first: bool,
    /// Samples per second, overruling the file's.
    pub(crate) sample_rate: Option<f64>,
    /// What to do about values that are not finite; an error if absent.
    pub(crate) on_nan: Option<OnNan>,
}

impl From<&DataArgs> for Reading {
    fn from(args: &DataArgs) -> Self {
        let DataArgs { columns, channels_first, sample_rate, on_nan } = args.clone();
        Self { columns, channels_first, sample_rate, on_nan }
    }
}

/// Reads one or several inputs, FILE or FILE:ARRAY, and joins them along samples.
///
/// Of a file with several arrays `mixture` is taken unless another is named. Arrays of one dimension are one channel.
/// All inputs must have the same number of channels and, where they say it, the same sample rate; the names of
/// channels are the first file's. What is suspicious but usable (an array that looks transposed, constant or
/// duplicate channels, values that were repaired) is a warning.
///
/// # Errors
/// What [`bss_data::read`] refuses; arrays of three or more dimensions; inputs that do not fit together; values that
/// are not finite unless `on_nan` says what to do, or too large; fewer than [`MIN_SAMPLES`] samples; channels that are
/// all constant.
pub(crate) fn read_recording(inputs: &[String], reading: &Reading, warnings: &mut Warnings) -> Result<Recording> {
    let Some((first, others)) = inputs.split_first() else { bail!("no input; expected at least one file") };
    let mut recording = array::read_one(first, reading, warnings)?;
    for input in others {
        let other = array::read_one(input, reading, warnings)?;
        recording = joined(recording, other, first, input)?;
    }
    if let Some(rate) = reading.sample_rate {
        ensure!(rate.is_finite() && rate > 0.0, "the sample rate is {rate} Hz, expected a number above 0");
        recording.sample_rate = Some(rate);
    }
    if !others.is_empty() {
        recording.label = format!("{first} and {} more", others.len());
    }
    finished(recording, reading, warnings)
}

/// Two recordings, one after the other.
fn joined(a: Recording, b: Recording, first: &str, input: &str) -> Result<Recording> {
    ensure!(
        a.values.ncols() == b.values.ncols(),
        "{input} has {} channels, but {first} has {}; only files with the same channels can be joined",
        b.values.ncols(),
        a.values.ncols()
    );
    if let (Some(rate_a), Some(rate_b)) = (a.sample_rate, b.sample_rate) {
        ensure!(rate_a == rate_b, "{input} has {rate_b} Hz, but {first} has {rate_a} Hz; resample one of them first");
    }
    let values = concatenate(Axis(0), &[a.values.view(), b.values.view()])?;
    Ok(Recording { values, sample_rate: a.sample_rate.or(b.sample_rate), ..a })
}

/// The recording without values that are not finite, or an error if it is not fit for use.
fn finished(mut recording: Recording, reading: &Reading, warnings: &mut Warnings) -> Result<Recording> {
    check::long_enough(&recording, reading.channels_first)?;
    check::bounded(&recording)?;
    let (samples, values) = (recording.values.nrows(), recording.values.len());
    match reading.on_nan {
        None => check::finite(&recording)?,
        Some(OnNan::Drop) => {
            repair::drop(&mut recording.values);
            let dropped = samples - recording.values.nrows();
            if dropped > 0 {
                ensure!(
                    recording.values.nrows() >= MIN_SAMPLES,
                    "{}: {dropped} of {samples} samples hold NaN or infinity, and the {} others are fewer than \
                     {MIN_SAMPLES}; leave channels out with --columns, or give --on-nan interpolate",
                    recording.label,
                    recording.values.nrows()
                );
                warnings.push(Warning::Dropped { samples: dropped, of: samples });
            }
        }
        Some(OnNan::Interpolate) => {
            let repaired = repair::interpolate(&mut recording)?;
            if repaired > 0 {
                warnings.push(Warning::Interpolated { values: repaired, of: values });
            }
        }
    }
    check::distinct(&recording, warnings)?;
    Ok(recording)
}

#[cfg(test)]
mod tests;
