//! Recordings as a command is given them: read, joined, selected, and fit to be separated or refused.
//!
//! What leaves this module is finite, of bounded magnitude, and long enough.

mod array;
mod check;
mod examples;
mod notes;
mod rate;
mod repair;
mod stems;

use std::path::Path;

use anyhow::{Result, bail, ensure};
use bss_data::{Columns, Format, Grid};
use ndarray::{Array2, Axis, concatenate};

use crate::args::{DataArgs, OnNan, Traversal};
use crate::layout::{Layout, Size};
use crate::warnings::{Warning, Warnings};

pub(crate) use array::{Matrix, Stored, read_array, read_matrix};
pub(crate) use examples::{Examples, Take, read_examples};
pub(crate) use notes::{Notes, are_notes, read_notes};
pub(crate) use rate::resampler;

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
    /// How it lay in them; images have a grid.
    pub(crate) layout: Layout,
}

impl Recording {
    /// Where a sample is, in words.
    fn place(&self, sample: usize) -> String {
        match self.layout.grid {
            None => format!("sample {sample}"),
            Some(grid) => {
                let [row, column] = grid.pixels()[sample];
                format!("row {row} and column {column}")
            }
        }
    }
}

/// How to read a recording.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Reading {
    /// Columns to take as channels, of the matrix (samples, channels).
    pub(crate) columns: Option<Columns>,
    /// Whether arrays are (channels, samples).
    pub(crate) channels_first: bool,
    /// Samples per second, overruling the file's; sound is resampled to it.
    pub(crate) sample_rate: Option<f64>,
    /// What to do about values that are not finite; an error if absent.
    pub(crate) on_nan: Option<OnNan>,
    /// The order of the pixels, where arrays are images.
    pub(crate) traversal: Option<Traversal>,
}

impl From<&DataArgs> for Reading {
    fn from(args: &DataArgs) -> Self {
        let DataArgs { columns, channels_first, sample_rate, on_nan, traversal } = args.clone();
        Self { columns, channels_first, sample_rate, on_nan, traversal }
    }
}

/// Reads one or several inputs, FILE or FILE:ARRAY, and joins them along samples; images and sound of one channel, along
/// channels, which are named by their files then.
///
/// Of a file with several arrays `mixture` is taken unless another is named. Arrays of one dimension are one channel.
/// All inputs must have the same number of channels, or of samples, and, where they say it, the same sample rate; the names
/// of channels that are joined along samples are the first file's. What is suspicious but usable (an array that looks transposed, constant or
/// duplicate channels, values that were repaired) is a warning.
///
/// # Errors
/// What [`bss_data::read`] refuses; arrays of three dimensions that no traversal makes images, or of more; inputs that do not fit together; values that
/// are not finite unless `on_nan` says what to do, or too large; fewer than [`MIN_SAMPLES`] samples; channels that are
/// all constant.
pub(crate) fn read_recording(inputs: &[String], reading: &Reading, warnings: &mut Warnings) -> Result<Recording> {
    let Some((first, others)) = inputs.split_first() else { bail!("no input; expected at least one file") };
    if let Some(rate) = reading.sample_rate {
        ensure!(rate.is_finite() && rate > 0.0, "the sample rate is {rate} Hz, expected a number above 0");
    }
    let mut recording = array::read_one(first, reading, warnings)?;
    let are_channels = recording.layout.grid.is_some() || recording.values.ncols() == 1 && is_sound(first)?;
    if are_channels && !others.is_empty() {
        recording = named_by_file(recording, first);
    }
    for input in others {
        let other = array::read_one(input, reading, warnings)?;
        recording = if are_channels {
            stacked(recording, named_by_file(other, input), first, input)?
        } else {
            joined(recording, other, first, input)?
        };
    }
    if !others.is_empty() {
        recording.label = format!("{first} and {} more", others.len());
    }
    finished(recording, reading, warnings)
}

/// Whether an input is a file of sound.
fn is_sound(input: &str) -> Result<bool> {
    Ok(Format::of(&array::locate(input, "")?.path)?.is_sound())
}

/// Two recordings, one after the other.
fn joined(a: Recording, b: Recording, first: &str, input: &str) -> Result<Recording> {
    ensure!(
        a.values.ncols() == b.values.ncols(),
        "{input} has {} channels, but {first} has {}; only files with the same channels can be joined",
        b.values.ncols(),
        a.values.ncols()
    );
    ensure_same_rate((first, a.sample_rate), (input, b.sample_rate))?;
    let values = concatenate(Axis(0), &[a.values.view(), b.values.view()])?;
    Ok(Recording { values, sample_rate: a.sample_rate.or(b.sample_rate), ..a })
}

fn ensure_same_rate((a, rate_a): (&str, Option<f64>), (b, rate_b): (&str, Option<f64>)) -> Result<()> {
    if let (Some(rate_a), Some(rate_b)) = (rate_a, rate_b) {
        ensure!(
            rate_a == rate_b,
            "{b} has {rate_b} Hz, but {a} has {rate_a} Hz; give --sample-rate, to which sound is resampled"
        );
    }
    Ok(())
}

/// A recording whose channels go by the name of their file, with a number where it holds several.
fn named_by_file(mut recording: Recording, input: &str) -> Recording {
    let file =
        Path::new(input).file_name().map_or_else(|| input.to_owned(), |name| name.to_string_lossy().into_owned());
    let n_channels = recording.channel_names.len();
    let name = |channel| if n_channels == 1 { file.clone() } else { format!("{file} {}", channel + 1) };
    recording.channel_names = (0..n_channels).map(name).collect();
    recording
}

/// Two stacks of images, or sound of the same time, as one.
fn stacked(mut a: Recording, b: Recording, first: &str, input: &str) -> Result<Recording> {
    ensure_same_size((first, a.layout.grid), (input, b.layout.grid))?;
    ensure_same_rate((first, a.sample_rate), (input, b.sample_rate))?;
    let [of_a, of_b] = [&a, &b].map(|recording| recording.values.nrows());
    ensure!(
        of_a == of_b,
        "{input} has {of_b} samples, but {first} has {of_a}; sound of one channel is joined along channels: cut it to one length"
    );
    let values = concatenate(Axis(1), &[a.values.view(), b.values.view()])?;
    a.channel_names.extend(b.channel_names);
    Ok(Recording { values, ..a })
}

/// Refuses images of another size, each given with its file; what is no image has none.
///
/// # Errors
/// Naming both files and sizes.
pub(crate) fn ensure_same_size((a, size_a): (&str, Option<Grid>), (b, size_b): (&str, Option<Grid>)) -> Result<()> {
    let extent = |grid: Option<Grid>| grid.map_or_else(|| "no images".to_owned(), |grid| Size(grid).to_string());
    let same = size_a.map(|grid| (grid.height, grid.width)) == size_b.map(|grid| (grid.height, grid.width));
    ensure!(same, "{b} holds {}, but {a} holds {}; give images of one size", extent(size_b), extent(size_a));
    Ok(())
}

/// The recording without values that are not finite, or an error if it is not fit for use.
fn finished(mut recording: Recording, reading: &Reading, warnings: &mut Warnings) -> Result<Recording> {
    check::long_enough(&recording)?;
    check::bounded(&recording)?;
    let (samples, values) = (recording.values.nrows(), recording.values.len());
    match reading.on_nan {
        None => check::finite(&recording)?,
        Some(OnNan::Drop) => {
            ensure!(
                recording.layout.grid.is_none(),
                "{}: --on-nan drop would leave out pixels of images; give --on-nan interpolate",
                recording.label
            );
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
