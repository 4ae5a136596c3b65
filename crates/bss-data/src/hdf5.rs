//! HDF5: a tree of groups with named arrays; the only module that calls libhdf5.
//!
//! Every conversion (byte order, float16, integers) is left to the library, which reads straight
//! into `f64`. The sample rate is the attribute `sample_rate` of the dataset, or of the file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use ndarray::{ArrayD, IxDyn};

use crate::array::{Array, Dtype};
use crate::atomic::atomically;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::hdf5_layout;
use crate::hdf5_tree::datasets;
use crate::hdf5_types::dtype_of;
use crate::inspect::Entry;
use crate::location::Location;
use crate::read::{SAMPLE_RATE, only, usable_rate};
use crate::write::Named;

/// The types that are read, for messages.
const READ: &str = "bool, int8 to int64, uint8 to uint64, or float16 to float64";

/// Reads the dataset that `at` names, or the only one, from a file of `length` bytes.
pub(crate) fn read(at: &Location, length: u64) -> Result<Array> {
    let file = open(at, length)?;
    let name = match &at.key {
        Some(key) => key.clone(),
        None => only(&at.path, datasets(&file).map_err(|error| broken(at, &error))?)?,
    };
    let at = Location::with_key(&at.path, &name);
    let dataset = match file.dataset(&name) {
        Ok(dataset) => dataset,
        Err(error) => return Err(missing(&file, &at, &name, &error)),
    };
    let dtype =
        dtype_of(&dataset).map_err(|found| Error::UnsupportedDtype { at: at.clone(), found, expected: READ })?;
    let values = read_values(&dataset, dtype, length, &at)?;
    Ok(Array::new(values, dtype, sample_rate(&dataset, &file)))
}

/// Every dataset of a file, in the order of their paths.
pub(crate) fn entries(at: &Location, length: u64) -> Result<Vec<Entry>> {
    let file = open(at, length)?;
    let fail = |error: hdf5::Error| broken(at, &error);
    datasets(&file)
        .map_err(fail)?
        .into_iter()
        .map(|name| {
            let dataset = file.dataset(&name).map_err(fail)?;
            let dtype = dtype_of(&dataset);
            Ok(Entry {
                shape: dataset.space().map_err(fail)?.shape(),
                readable: dtype.is_ok(),
                dtype: dtype.map_or_else(|other| other, |dtype| dtype.to_string()),
                sample_rate: sample_rate(&dataset, &file),
                text: None,
                name,
            })
        })
        .collect()
}

/// Writes all arrays by name, each with the sample rate as an attribute.
pub(crate) fn write(path: &Path, arrays: &[Named<'_>], dtype: Dtype, sample_rate: Option<f64>) -> Result<()> {
    atomically(path, |temporary| {
        let fail = |error: hdf5::Error| unwritten(path, &error);
        let file = hdf5::File::create(temporary.path()).map_err(fail)?;
        for array in arrays {
            write_dataset(&file, array, dtype, sample_rate).map_err(fail)?;
        }
        file.flush().map_err(fail)?;
        file.close().map_err(fail)
    })
}

fn write_dataset(file: &hdf5::File, array: &Named<'_>, dtype: Dtype, sample_rate: Option<f64>) -> hdf5::Result<()> {
    let values = array.values.as_standard_layout();
    let shape = values.shape().to_vec();
    let dataset = match dtype {
        Dtype::F32 => file.new_dataset::<f32>().shape(shape).create(array.name)?,
        _ => file.new_dataset::<f64>().shape(shape).create(array.name)?,
    };
    if !values.is_empty() {
        dataset.write(values.view())?;
    }
    if let Some(rate) = sample_rate {
        dataset.new_attr::<f64>().create(SAMPLE_RATE)?.write_scalar(&rate)?;
    }
    Ok(())
}

/// Opens a file after a look at its first bytes.
fn open(at: &Location, length: u64) -> Result<hdf5::File> {
    if !has_signature(&at.path, length).map_err(|error| Error::io(&at.path, error))? {
        return Err(Error::corrupt(at, Format::Hdf5, "it does not begin as one"));
    }
    hdf5::File::open(&at.path).map_err(|error| broken(at, &error))
}

/// Whether the file has HDF5's signature at 0, 512, 1024, 2048 ..., the places it may be at.
fn has_signature(path: &Path, length: u64) -> std::io::Result<bool> {
    const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
    let mut file = File::open(path)?;
    let mut at = 0;
    while at + SIGNATURE.len() as u64 <= length {
        let mut start = [0; SIGNATURE.len()];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut start)?;
        if &start == SIGNATURE {
            return Ok(true);
        }
        at = if at == 0 { 512 } else { 2 * at };
    }
    Ok(false)
}

/// Why there is no dataset of that name: the file is damaged, or it holds others.
fn missing(file: &hdf5::File, at: &Location, name: &str, error: &hdf5::Error) -> Error {
    let keys = match datasets(file) {
        Ok(keys) => keys,
        Err(error) => return broken(at, &error),
    };
    let bare = |path: &str| path.trim_matches('/').to_owned();
    if keys.iter().any(|key| bare(key) == bare(name)) {
        return broken(at, error);
    }
    Error::NoSuchKey { path: at.path.clone(), key: name.to_owned(), keys }
}

/// Reads all values, once it is clear that the library can do so safely.
fn read_values(dataset: &hdf5::Dataset, dtype: Dtype, length: u64, at: &Location) -> Result<ArrayD<f64>> {
    let fail = |error: hdf5::Error| broken(at, &error);
    let corrupt = |reason: String| Error::corrupt(at, Format::Hdf5, reason);
    let space = dataset.space().map_err(fail)?;
    let shape = space.shape();
    if space.is_null() || shape.contains(&0) {
        return Err(Error::Empty { at: at.clone() });
    }
    hdf5_layout::check(dataset, &shape, dtype, length).map_err(corrupt)?;
    let values = dataset.read_raw::<f64>().map_err(fail)?;
    ArrayD::from_shape_vec(IxDyn(&shape), values).map_err(|error| corrupt(error.to_string()))
}

/// The sample rate of a dataset, or else the whole file's.
fn sample_rate(dataset: &hdf5::Location, file: &hdf5::Location) -> Option<f64> {
    [dataset, file].into_iter().find_map(|object| {
        let attribute = object.attr(SAMPLE_RATE).ok()?;
        dtype_of(&attribute).ok()?;
        let space = attribute.space().ok()?;
        if space.is_null() || space.size() != 1 {
            return None;
        }
        usable_rate(*attribute.read_raw::<f64>().ok()?.first()?)
    })
}

/// The error of a file that the library cannot make sense of.
fn broken(at: &Location, error: &hdf5::Error) -> Error {
    let said = sentences(error);
    if let Some(missing) = said.iter().find(|text| text.contains("filter") && text.contains("not registered")) {
        return Error::UnsupportedEncoding {
            at: at.clone(),
            found: missing.clone(),
            expected: "gzip, shuffle, fletcher32, or no compression",
        };
    }
    if let Some(cut) = said.iter().find(|text| text.contains("truncated file")) {
        let number = |name: &str| {
            let (_, rest) = cut.split_once(&format!("{name} = "))?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        if let (Some(found), Some(expected)) = (number(": eof"), number("stored_eof")) {
            return Error::Truncated { at: at.clone(), expected, found };
        }
    }
    Error::corrupt(at, Format::Hdf5, error.to_string())
}

/// The error of a file that could not be written.
fn unwritten(path: &Path, error: &hdf5::Error) -> Error {
    let source = if sentences(error).iter().any(|text| text.contains("No space left on device")) {
        std::io::ErrorKind::StorageFull.into()
    } else {
        std::io::Error::other(error.to_string())
    };
    Error::io(path, source)
}

/// All that the library says about an error, outermost first.
fn sentences(error: &hdf5::Error) -> Vec<String> {
    match error.stack() {
        Some(stack) => stack.iter().map(|frame| frame.desc().to_owned()).collect(),
        None => vec![error.to_string()],
    }
}
