//! Datasets of one-channel examples: read, brought to values from 0 to 1, and joined.

use anyhow::{Context as _, Result, bail, ensure};
use bss_data::{Dtype, Format, Location, ReadOptions};

use super::array::locate;

/// The largest of 8-bit values.
const BYTE: f32 = 255.0;

/// A dataset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Examples {
    /// The values, (examples, features), from 0 to 1.
    pub(crate) values: Vec<f32>,
    /// The features of an example, by axis.
    pub(crate) shape: Vec<usize>,
    /// The files it came from, for messages.
    pub(crate) label: String,
    /// Whether 8-bit values were divided by 255.
    pub(crate) were_bytes: bool,
}

impl Examples {
    /// How many values an example has.
    pub(crate) fn features(&self) -> usize {
        self.shape.iter().product()
    }

    /// How many examples there are.
    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.features()
    }

    /// How many there are of which size, in words.
    pub(crate) fn extent(&self) -> String {
        let shape: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        let values = if shape.len() == 1 { " values" } else { "" };
        format!("{} examples of {}{values}", self.count(), shape.join(" by "))
    }
}

/// Reads one or several arrays (examples, features…), FILE or FILE:ARRAY, and joins them along examples; of a file with
/// several, `default_key`, if there is one, is taken unless another is named.
///
/// # Errors
/// What [`bss_data::read`] refuses; arrays that are not of examples; examples of different shapes; values that are not
/// finite or not from 0 to 1.
pub(crate) fn read_examples(inputs: &[String], default_key: Option<&str>) -> Result<Examples> {
    let (first, others) = inputs.split_first().context("no input; expected at least one file")?;
    let mut examples = read_one(first, default_key)?;
    for input in others {
        let other = read_one(input, default_key)?;
        ensure!(
            other.shape == examples.shape,
            "{input} holds examples of shape {:?}, but {first} of {:?}; only examples of one shape can be joined",
            other.shape,
            examples.shape
        );
        examples.values.extend(other.values);
        examples.were_bytes |= other.were_bytes;
    }
    if !others.is_empty() {
        examples.label = format!("{first} and {} more", others.len());
    }
    Ok(examples)
}

fn read_one(input: &str, default_key: Option<&str>) -> Result<Examples> {
    let at = locate(input, default_key.unwrap_or_default())?;
    let expected = "a dataset is an array (examples, features…) with values from 0 to 1";
    ensure!(
        !Format::of(&at.path)?.is_one_recording(),
        "{at}: is one picture or recording, but {expected}; put the examples into one .npy, .npz or .h5 file"
    );
    let array = bss_data::read(&at, &ReadOptions::default())?;
    let [_, shape @ ..] = array.values.shape() else { bail!("{at}: is a single number; {expected}") };
    ensure!(!shape.is_empty(), "{at}: has 1 dimension, {:?}; {expected}", array.values.shape());
    let shape = shape.to_vec();
    let were_bytes = array.dtype == Dtype::U8;
    let scale = if were_bytes { BYTE } else { 1.0 };
    let values: Vec<f32> = array.values.iter().map(|&value| value as f32 / scale).collect();
    let examples = Examples { values, shape, label: at.to_string(), were_bytes };
    ensure_range(&examples, &at)?;
    Ok(examples)
}

/// Refuses values that are no number, or not from 0 to 1.
fn ensure_range(examples: &Examples, at: &Location) -> Result<()> {
    let values = &examples.values;
    if let Some(first) = values.iter().position(|value| !value.is_finite()) {
        let bad = values.iter().filter(|value| !value.is_finite()).count();
        bail!(
            "{at}: {bad} of {} values are NaN or infinite, the first in example {} (counted from 0); leave such examples \
             out of the file",
            values.len(),
            first / examples.features()
        );
    }
    let (least, most) = values.iter().fold((f32::MAX, f32::MIN), |(least, most), &v| (least.min(v), most.max(v)));
    ensure!(
        least >= 0.0 && most <= 1.0,
        "{at}: values lie from {least:?} to {most:?}, expected 0 to 1, where the decoder's are; rescale them, or store 8-bit \
         values as uint8"
    );
    Ok(())
}
