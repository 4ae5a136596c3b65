//! NumPy's `.npz`: a zip archive with one `.npy` file per name.
//!
//! The sample rate is the scalar `sample_rate`, which does not count as a dataset unless named.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use ndarray::arr0;
use zip::read::{ZipArchive, ZipFile};
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::array::{Array, Dtype};
use crate::atomic::atomically_buffered;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::npy;
use crate::npy_header::Header;
use crate::numbers::unreadable;
use crate::read::{SAMPLE_RATE, only, usable_rate};
use crate::write::Named;

/// An archive that is being read.
type Archive = ZipArchive<BufReader<File>>;

/// No deflated stream packs more than this many bytes into one.
pub(crate) const BEST_COMPRESSION: u64 = 1040;

/// Reads the array that `at` names, or the only one.
pub(crate) fn read(at: &Location) -> Result<Array> {
    let mut archive = open(at)?;
    let names = names(&archive, at)?;
    let all = || names.iter().map(|(_, name)| name.clone());
    let name = match &at.key {
        Some(key) => key.clone(),
        None => only(&at.path, all().filter(|name| name != SAMPLE_RATE).collect())?,
    };
    let Some(&(index, _)) = names.iter().find(|(_, other)| *other == name) else {
        return Err(Error::NoSuchKey { path: at.path.clone(), key: name, keys: all().collect() });
    };
    let sample_rate = sample_rate(&mut archive, at);
    let at = Location::with_key(&at.path, name);
    let mut entry = archive.by_index(index).map_err(|error| broken(&at, error))?;
    let available = available(&entry);
    let (values, dtype) = npy::read_array(&mut entry, available, &at)?;
    // The checksum is compared when the end is reached, one read after the last byte.
    entry.read(&mut [0]).map_err(|error| unreadable(&at, Format::Npy, error))?;
    Ok(Array::new(values, dtype, sample_rate))
}

/// Every array of an archive, in the archive's order.
pub(crate) fn entries(at: &Location) -> Result<Vec<Entry>> {
    let mut archive = open(at)?;
    let sample_rate = sample_rate(&mut archive, at);
    names(&archive, at)?
        .into_iter()
        .map(|(index, name)| {
            let at = Location::with_key(&at.path, &name);
            let mut entry = archive.by_index(index).map_err(|error| broken(&at, error))?;
            let available = available(&entry);
            let header = Header::read(&mut entry, available, &at)?;
            Ok(Entry { sample_rate, ..npy::entry(name, header) })
        })
        .collect()
}

/// Writes all arrays by name, uncompressed as `numpy.savez` does.
pub(crate) fn write(path: &Path, arrays: &[Named<'_>], dtype: Dtype, sample_rate: Option<f64>) -> Result<()> {
    let rate = sample_rate.map(|rate| arr0(rate).into_dyn());
    let rate = rate.as_ref().map(|values| (Named { name: SAMPLE_RATE, values }, Dtype::F64));
    atomically_buffered(path, |file| {
        let mut archive = ZipWriter::new(file);
        for (array, dtype) in arrays.iter().map(|array| (*array, dtype)).chain(rate) {
            let bytes = array.values.len() as u64 * 8 + (1 << 16);
            let options = SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Stored)
                .large_file(bytes >= u64::from(u32::MAX));
            archive.start_file(format!("{}.npy", array.name), options)?;
            npy::write_array(&mut archive, array.values, dtype)?;
        }
        archive.finish()?.flush()
    })
}

fn open(at: &Location) -> Result<Archive> {
    let file = File::open(&at.path).map_err(|error| Error::io(&at.path, error))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| broken(at, error))
}

/// The arrays' places in the archive with their names.
fn names(archive: &Archive, at: &Location) -> Result<Vec<(usize, String)>> {
    let mut names = Vec::new();
    for (index, name) in archive.file_names().enumerate() {
        let name = name.map_err(|error| broken(at, error))?;
        names.extend(name.strip_suffix(".npy").map(|name| (index, name.to_owned())));
    }
    Ok(names)
}

/// The most bytes an entry can unpack to: what it claims, within what its packed bytes can give.
fn available(entry: &ZipFile<'_, BufReader<File>>) -> u64 {
    entry.size().min(entry.compressed_size().saturating_mul(BEST_COMPRESSION).saturating_add(64))
}

/// The sample rate, if the archive holds a usable one.
fn sample_rate(archive: &mut Archive, at: &Location) -> Option<f64> {
    let mut entry = archive.by_name(&format!("{SAMPLE_RATE}.npy")).ok()?;
    let available = available(&entry);
    let (values, _) = npy::read_array(&mut entry, available, at).ok()?;
    match values.as_slice()? {
        [rate] => usable_rate(*rate),
        _ => None,
    }
}

/// The error of an archive that cannot be unpacked.
fn broken(at: &Location, error: ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => unreadable(at, Format::Npy, error),
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => Error::UnsupportedEncoding {
            at: at.clone(),
            found: error.to_string(),
            expected: "an archive that is stored or deflated, as numpy.savez writes it",
        },
        error => Error::corrupt(at, Format::Npz, error.to_string()),
    }
}
