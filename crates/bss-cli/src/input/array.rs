//! One array of one file as a matrix (samples, channels).

use std::convert::Infallible;
use std::path::Path;

use anyhow::{Result, ensure};
use bss_data::{Columns, Entry, Format, Location, ReadOptions, Traversal};
use ndarray::{Array2, ArrayD, Axis};

use super::rate::sound_resampled;
use super::stems::read_stems;
use super::{Reading, Recording};
use crate::layout::Layout;
use crate::warnings::{Warning, Warnings};

/// The recording in one file, with values that may not be finite.
pub(super) fn read_one(input: &str, reading: &Reading, warnings: &mut Warnings) -> Result<Recording> {
    let location = locate(input, "mixture")?;
    let header = header(&location)?;
    // Columns of the file are channels only where the array is (samples, channels).
    let are_channels = !reading.channels_first && reading.traversal.is_none();
    let options = ReadOptions { columns: reading.columns.clone().filter(|_| are_channels) };
    let mut array = bss_data::read(&location, &options)?;
    if let Some(rate) = reading.sample_rate.filter(|_| Format::of(&location.path).is_ok_and(Format::is_sound)) {
        array = sound_resampled(array, rate, &location)?;
    }
    let is_vector = array.values.ndim() == 1;
    let traversal = reading.traversal.map(Into::into);
    let (mut values, layout) = matrix(array.values, reading.channels_first, traversal, &location)?;
    let (samples, channels) = values.dim();
    // Of images, one side is the number of channels if that was taken for pixels: it is much shorter than the others.
    let shortest = layout.grid.map_or(samples, |grid| 4 * grid.height.min(grid.width));
    if !is_vector && channels > shortest {
        let (label, channels_first) = (location.to_string(), reading.channels_first);
        let extent = layout.extent(samples);
        warnings.push(Warning::MoreChannelsThanSamples { label, extent, channels, channels_first });
    }
    if let Some(columns) = reading.columns.as_ref().filter(|_| !are_channels) {
        values = select(&values, columns, &location)?;
    }
    let channel_names = names(header.filter(|_| are_channels), reading, values.ncols());
    let sample_rate = reading.sample_rate.or(array.sample_rate);
    Ok(Recording { values, sample_rate, channel_names, label: location.to_string(), layout })
}

/// A matrix (samples, columns) and where it was read from.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    pub(crate) values: Array2<f64>,
    pub(crate) at: Location,
    pub(crate) sample_rate: Option<f64>,
    /// How it lay there; of images the pixels are in the order of the raster.
    pub(crate) layout: Layout,
}

/// An array as it lies in its file.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) values: ArrayD<f64>,
    pub(crate) at: Location,
    pub(crate) sample_rate: Option<f64>,
}

/// An array of any number of dimensions; of a file with several, `default_key`; of a folder, its stems.
///
/// # Errors
/// What [`bss_data::read`] refuses; folders without stems.
pub(crate) fn read_array(input: &str, default_key: &str) -> Result<Stored> {
    let folder = Path::new(input);
    if folder.is_dir() && Format::of(folder).is_err() {
        return read_stems(folder);
    }
    let at = locate(input, default_key)?;
    let array = bss_data::read(&at, &ReadOptions::default())?;
    Ok(Stored { values: array.values, at, sample_rate: array.sample_rate })
}

impl Stored {
    /// An array of one to three dimensions, those of three as images, as a matrix.
    ///
    /// # Errors
    /// Arrays of more dimensions.
    pub(crate) fn into_matrix(self, channels_first: bool) -> Result<Matrix> {
        let traversal = (self.values.ndim() == 3).then_some(Traversal::Raster);
        let (values, layout) = matrix(self.values, channels_first, traversal, &self.at)?;
        Ok(Matrix { values, at: self.at, sample_rate: self.sample_rate, layout })
    }
}

/// [`read_array`] as a matrix.
///
/// # Errors
/// What [`bss_data::read`] refuses; arrays of more than three dimensions.
pub(crate) fn read_matrix(input: &str, default_key: &str, channels_first: bool) -> Result<Matrix> {
    read_array(input, default_key)?.into_matrix(channels_first)
}

/// The matrix in an array, and the layout that results are to have: that of the array, but for pictures, whose channels
/// are always last.
fn matrix(
    values: ArrayD<f64>,
    channels_first: bool,
    traversal: Option<Traversal>,
    at: &Location,
) -> Result<(Array2<f64>, Layout)> {
    let is_picture = Format::of(&at.path).is_ok_and(|format| format == Format::Png);
    let (values, layout) = Layout::matrix(values, channels_first && !is_picture, traversal, at)?;
    Ok((values, Layout { channels_first, ..layout }))
}

/// The place that FILE or FILE:ARRAY names; `default_key` if the file has it among others and none is named.
pub(super) fn locate(input: &str, default_key: &str) -> Result<Location> {
    let location: Location = input.parse().unwrap_or_else(|never: Infallible| match never {});
    ensure!(
        !location.path.is_dir() || Format::of(&location.path).is_ok(),
        "{location}: is a folder; expected a file: models of sound take a folder of recordings: give --model neri --preset \
         audio, or --set front-end.kind=stft, or make a file of it with `bss gather`"
    );
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
    let header = header.unwrap_or_default();
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
