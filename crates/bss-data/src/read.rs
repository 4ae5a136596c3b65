//! Reading an array from a file of any format.

use std::fs;
use std::path::Path;

use crate::array::Array;
use crate::columns::Columns;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::location::Location;
use crate::{compressed, hdf5, idx, npy, npz, png, text, wav};

/// The name under which sample rates are stored beside arrays.
pub(crate) const SAMPLE_RATE: &str = "sample_rate";

/// What to take from a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Only these columns of a matrix; in text, the cells of other columns need not be numbers.
    pub columns: Option<Columns>,
}

/// Reads an array in the format that the ending of the file's name tells.
///
/// # Shapes
/// As stored, for `.npy`, `.npz`, HDF5 and IDX; (rows, columns) for text; (samples, channels) for audio; (height, width,
/// channels) for images.
///
/// # Errors
/// An [`Error`] that names the file and what is wrong with it. No content of a file, however
/// damaged, makes this function panic, or allocate much more than the file can fill. Values that
/// are not finite are read as they are.
///
/// # Examples
/// See the [crate's example](crate).
pub fn read(location: &Location, options: &ReadOptions) -> Result<Array> {
    let (format, length) = open(location)?;
    let columns = options.columns.as_ref();
    let mut array = match format {
        Format::Npy => npy::read(location, length)?,
        Format::Npz => npz::read(location)?,
        Format::Hdf5 => hdf5::read(location, length)?,
        Format::Text => text::read(location, columns)?,
        Format::Wav => wav::read(location, length)?,
        Format::Flac | Format::Mp3 | Format::Ogg => compressed::read(location, format, length)?,
        Format::Png => png::read(location, length)?,
        Format::Idx => idx::read(location)?,
    };
    if let Some(columns) = columns
        && format != Format::Text
    {
        array = Array::new(columns.select(&array.values, location)?, array.dtype, array.sample_rate);
    }
    if array.values.is_empty() {
        return Err(Error::Empty { at: location.clone() });
    }
    Ok(array)
}

/// The format and length of a file that is there and not empty.
pub(crate) fn open(at: &Location) -> Result<(Format, u64)> {
    let metadata = fs::metadata(&at.path).map_err(|error| Error::io(&at.path, error))?;
    if metadata.is_dir() {
        return Err(Error::IsFolder { path: at.path.clone() });
    }
    let format = Format::of(&at.path)?;
    if at.key.is_some() && !format.has_keys() {
        return Err(Error::KeyNotTaken { at: at.clone(), format });
    }
    match metadata.len() {
        0 => Err(Error::Empty { at: at.clone() }),
        length => Ok((format, length)),
    }
}

/// The name of the only array in a file, which may therefore be left out.
pub(crate) fn only(path: &Path, mut names: Vec<String>) -> Result<String> {
    match names.len() {
        0 => Err(Error::NoDatasets { path: path.to_owned() }),
        1 => Ok(names.remove(0)),
        _ => Err(Error::KeyNeeded { path: path.to_owned(), keys: names }),
    }
}

/// A stored sample rate, unless it can be none.
pub(crate) fn usable_rate(rate: f64) -> Option<f64> {
    (rate.is_finite() && rate > 0.0).then_some(rate)
}
