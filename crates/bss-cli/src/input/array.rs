//! One array of one file as a matrix (samples, channels).

use std::convert::Infallible;

use anyhow::{Result, bail};
use bss_data::{Columns, Entry, Format, Location, ReadOptions};
use ndarray::{Array2, Axis, Ix1, Ix2};

use super::{Reading, Recording};
use crate::warnings::{Warning, Warnings};

/// The recording in one file, with values that may not be finite.
pub(super) fn read_one(input: &str, reading: &Reading, warnings: &mut Warnings) -> Result<Recording> {
    let location = locate(input, "mixture")?;
    let header = header(&location)?;
    let options = ReadOptions { columns: reading.columns.clone().filter(|_| !reading.channels_first) };
    let array = bss_data::read(&location, &options)?;
    let is_matrix = array.values.ndim() == 2;
    let mut values = matrix(array.values.into_dyn(), &location, reading.channels_first)?;
    let (samples, channels) = values.dim();
    if is_matrix && channels > samples {
        let label = location.to_string();
        let channels_first = reading.channels_first;
        warnings.push(Warning::MoreChannelsThanSamples { label, samples, channels, channels_first });
    }
    if let Some(columns) = reading.columns.as_ref().filter(|_| reading.channels_first) {
        values = select(&values, columns, &location)?;
    }
    let channel_names = names(header, reading, values.ncols());
    Ok(Recording { values, sample_rate: array.sample_rate, channel_names, label: location.to_string() })
}

/// An array of one or two dimensions as (samples, columns), as it is; of a file with several, `default_key`.
///
/// # Errors
/// What [`bss_data::read`] refuses; arrays of three or more dimensions.
pub(crate) fn read_matrix(
    input: &str,
    default_key: &str,
    channels_first: bool,
) -> Result<(Array2<f64>, Location, Option<f64>)> {
    let location = locate(input, default_key)?;
    let array = bss_data::read(&location, &ReadOptions::default())?;
    let sample_rate = array.sample_rate;
    Ok((matrix(array.values, &location, channels_first)?, location, sample_rate))
}

/// The place that FILE or FILE:ARRAY names; `default_key` if the file has it among others and none is named.
fn locate(input: &str, default_key: &str) -> Result<Location> {
    let location: Location = input.parse().unwrap_or_else(|never: Infallible| match never {});
    let has_keys = Format::of(&location.path).is_ok_and(Format::has_keys);
    if location.key.is_none() && has_keys {
        let entries = bss_data::inspect(&location.path)?;
        let is_default = |entry: &&Entry| entry.name.trim_start_matches('/') == default_key;
        if let Some(entry) = entries.iter().find(is_default).filter(|_| entries.len() > 1) {
            return Ok(Location::with_key(location.path, &entry.name));
        }
    }
    Ok(location)
}

fn matrix(values: ndarray::ArrayD<f64>, location: &Location, channels_first: bool) -> Result<Array2<f64>> {
    let shape = values.shape().to_vec();
    let turned = |matrix: Array2<f64>| {
        if channels_first { matrix.reversed_axes().as_standard_layout().into_owned() } else { matrix }
    };
    match shape.len() {
        1 => Ok(values.into_dimensionality::<Ix1>()?.insert_axis(Axis(1))),
        2 => Ok(turned(values.into_dimensionality::<Ix2>()?)),
        n => bail!("{location}: has {n} dimensions, {shape:?}; expected a matrix (samples, channels)"),
    }
}

/// The names that head a table, if the file is one with a header.
fn header(location: &Location) -> Result<Option<Vec<String>>> {
    if !matches!(Format::of(&location.path)?, Format::Text) {
        return Ok(None);
    }
    let entries = bss_data::inspect(&location.path)?;
    Ok(entries.into_iter().next().and_then(|entry| entry.text?.header))
}

/// A name for each channel: the header's where it has one, else a number from 1.
fn names(header: Option<Vec<String>>, reading: &Reading, channels: usize) -> Vec<String> {
    let header = header.filter(|_| !reading.channels_first).unwrap_or_default();
    let chosen = match &reading.columns {
        // Columns beyond the header have been refused when the values were read.
        Some(columns) => columns.indices(usize::MAX, &Location::from("")).unwrap_or_default(),
        None => (0..channels).collect(),
    };
    let named = |channel: usize| chosen.get(channel).and_then(|&column| header.get(column)).cloned();
    let name = |channel| named(channel).filter(|name| !name.trim().is_empty());
    (0..channels).map(|channel| name(channel).unwrap_or_else(|| format!("channel {}", channel + 1))).collect()
}

/// Channels of an array that was transposed, so that columns of the file are not those of the matrix.
fn select(values: &Array2<f64>, columns: &Columns, location: &Location) -> Result<Array2<f64>> {
    Ok(values.select(Axis(1), &columns.indices(values.ncols(), location)?))
}
