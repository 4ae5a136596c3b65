//! Datasets of one-channel examples: read, brought to what a model takes, and joined.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use bss_data::{Dtype, Format, Location, ReadOptions};
use bss_train::Sum;
use ndarray::ArrayD;
use rayon::prelude::*;

use super::array::locate;
use super::notes::{Notes, are_notes, read_notes};
use super::rate::resampled;
use crate::front_end::FrontEnd;
use crate::warnings::{Warning, Warnings};

/// The largest of 8-bit values.
const BYTE: f32 = 255.0;

/// A dataset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Examples {
    /// Values (examples, features), or of sound that a model is to see, spectra (examples, 2, features).
    pub(crate) values: Vec<f32>,
    /// What is added when they are mixed.
    pub(crate) sum: Sum,
    /// The features of an example, by axis.
    pub(crate) shape: Vec<usize>,
    /// The files it came from, for messages.
    pub(crate) label: String,
    /// Whether 8-bit values were divided by 255.
    pub(crate) were_bytes: bool,
    /// Samples per second of sound, where known.
    pub(crate) sample_rate: Option<f64>,
    /// Samples of an example of sound.
    pub(crate) samples: usize,
    /// Recordings that were left out because they are silent.
    pub(crate) silent: Vec<PathBuf>,
}

/// What is asked of a dataset's values.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Take<'a> {
    /// That they are finite.
    Any,
    /// That they lie from 0 to 1, as a network's do.
    Unit,
    /// That they are sound (examples, samples), of which the front-end makes spectra.
    Sound(&'a FrontEnd),
}

impl<'a> From<Option<&'a FrontEnd>> for Take<'a> {
    /// What a model takes.
    fn from(front_end: Option<&'a FrontEnd>) -> Self {
        front_end.map_or(Self::Unit, Self::Sound)
    }
}

impl Examples {
    /// How many values a model sees of an example.
    pub(crate) fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// How many examples there are.
    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.sum.stored(self.features())
    }

    /// Warns of recordings that were left out.
    pub(crate) fn tell_silent(&self, warnings: &mut Warnings) {
        if let Some(first) = self.silent.first() {
            warnings.push(Warning::SilentExamples { silent: self.silent.len(), first: first.display().to_string() });
        }
    }

    /// How many there are of which size, in words.
    pub(crate) fn extent(&self) -> String {
        let shape: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        let values = if shape.len() == 1 { " values" } else { "" };
        format!("{} examples of {}{values}", self.count(), shape.join(" by "))
    }
}

/// Reads one or several arrays (examples, features…), FILE or FILE:ARRAY, and joins them along examples; of a file with
/// several, `default_key`, if there is one, is taken unless another is named. Of sound, also recordings and folders of
/// such, each one example.
///
/// # Errors
/// What [`bss_data::read`] refuses; arrays that are not of examples; examples of different shapes; values that are not
/// finite or not what is asked for.
pub(crate) fn read_examples(inputs: &[String], default_key: Option<&str>, take: Take) -> Result<Examples> {
    let (first, others) = inputs.split_first().context("no input; expected at least one file")?;
    if let Take::Sound(front_end) = take
        && are_notes(inputs)
    {
        return of_notes(inputs, front_end);
    }
    let mut examples = read_one(first, default_key, take)?;
    for input in others {
        let other = read_one(input, default_key, take)?;
        ensure!(
            other.shape == examples.shape,
            "{input} holds examples of shape {:?}, but {first} of {:?}; only examples of one shape can be joined",
            other.shape,
            examples.shape
        );
        ensure!(
            other.sample_rate == examples.sample_rate,
            "{input} and {first} have different sample rates; give --sample-rate to resample"
        );
        examples.values.extend(other.values);
        examples.were_bytes |= other.were_bytes;
        examples.samples = examples.samples.max(other.samples);
    }
    if !others.is_empty() {
        examples.label = format!("{first} and {} more", others.len());
    }
    Ok(examples)
}

/// Recordings, each an example.
fn of_notes(inputs: &[String], front_end: &FrontEnd) -> Result<Examples> {
    let samples = front_end.spectra.samples();
    let Notes { signals, sample_rate, silent, files } = read_notes(inputs, samples, front_end.sample_rate)?;
    ensure!(!files.is_empty(), "{}: all {} recordings are silent", inputs.join(", "), silent.len());
    let spectra: Vec<_> = signals.par_iter().map(|signal| front_end.spectrum(signal)).collect();
    Ok(Examples {
        values: spectra.concat(),
        sum: Sum::Spectra(front_end.magnitudes),
        shape: front_end.shape(),
        label: inputs.join(", "),
        were_bytes: false,
        sample_rate: Some(sample_rate),
        samples,
        silent,
    })
}

fn read_one(input: &str, default_key: Option<&str>, take: Take) -> Result<Examples> {
    let at = locate(input, default_key.unwrap_or_default())?;
    let expected = match take {
        Take::Sound(_) => "a dataset of sound is an array (examples, samples)",
        Take::Any => "a dataset is an array (examples, features…)",
        Take::Unit => "a dataset is an array (examples, features…) with values from 0 to 1",
    };
    let mend = if Format::of(&at.path)?.is_sound() {
        "of sound, with --set front-end.kind=stft, give a folder of recordings"
    } else {
        "put the examples into one .npy, .npz or .h5 file"
    };
    ensure!(!Format::of(&at.path)?.is_one_recording(), "{at}: is one picture or recording, but {expected}; {mend}");
    let array = bss_data::read(&at, &ReadOptions::default())?;
    let [_, shape @ ..] = array.values.shape() else { bail!("{at}: is a single number; {expected}") };
    ensure!(!shape.is_empty(), "{at}: has 1 dimension, {:?}; {expected}", array.values.shape());
    ensure_finite(&array.values, &at)?;
    let shape = shape.to_vec();
    if let Take::Sound(front_end) = take {
        return sound(array, &shape, &at, front_end);
    }
    let were_bytes = array.dtype == Dtype::U8;
    let scale = if were_bytes { BYTE } else { 1.0 };
    let values: Vec<f32> = array.values.iter().map(|&value| value as f32 / scale).collect();
    if let Take::Unit = take {
        ensure_range(&values, &at)?;
    }
    let (label, sample_rate) = (at.to_string(), array.sample_rate);
    Ok(Examples { values, sum: Sum::Mean, shape, label, were_bytes, sample_rate, samples: 0, silent: Vec::new() })
}

/// The spectra of a dataset of sound, (examples…, samples): further axes, as those of sources, come first in the shape.
fn sound(array: bss_data::Array, shape: &[usize], at: &Location, front_end: &FrontEnd) -> Result<Examples> {
    let samples = *shape.last().context("an example has a dimension")?;
    let sample_rate = front_end.sample_rate.or(array.sample_rate);
    let values = array.values.into_raw_vec_and_offset().0;
    let spectra = values.par_chunks(samples).map(|signal| {
        let signal = match (array.sample_rate, sample_rate) {
            (Some(from), Some(to)) if from != to => {
                resampled(signal.to_vec(), from, to).with_context(|| at.to_string())?
            }
            _ => signal.to_vec(),
        };
        Ok((signal.len(), front_end.spectrum(&signal)))
    });
    let (lengths, spectra): (Vec<usize>, Vec<Vec<f32>>) = spectra.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let samples = lengths.first().copied().unwrap_or(samples);
    Ok(Examples {
        values: spectra.concat(),
        sum: Sum::Spectra(front_end.magnitudes),
        shape: [&shape[..shape.len() - 1], &front_end.shape()].concat(),
        label: at.to_string(),
        were_bytes: false,
        sample_rate,
        samples,
        silent: Vec::new(),
    })
}

/// Refuses values that are no number.
fn ensure_finite(values: &ArrayD<f64>, at: &Location) -> Result<()> {
    let Some(first) = values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
    let bad = values.iter().filter(|value| !value.is_finite()).count();
    let features = values.len() / values.shape()[0];
    bail!(
        "{at}: {bad} of {} values are NaN or infinite, the first in example {} (counted from 0); leave such examples out of \
         the file",
        values.len(),
        first / features
    );
}

/// Refuses values that are not from 0 to 1.
fn ensure_range(values: &[f32], at: &Location) -> Result<()> {
    let (least, most) = values.iter().fold((f32::MAX, f32::MIN), |(least, most), &v| (least.min(v), most.max(v)));
    ensure!(
        least >= 0.0 && most <= 1.0,
        "{at}: values lie from {least:?} to {most:?}, expected 0 to 1, where the decoder's are; rescale them, store 8-bit \
         values as uint8, or of sound, give --set front-end.kind=stft"
    );
    Ok(())
}
