//! Writing arrays to a file of any format.

use std::path::Path;

use ndarray::ArrayD;

use crate::array::Dtype;
use crate::atomic::atomically_buffered;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::location::Location;
use crate::{hdf5, npy, npz, png, text, wav};

/// An array with the name it is to have in the file.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The name; used by the formats that hold several arrays.
    pub name: &'a str,
    /// The values.
    pub values: &'a ArrayD<f64>,
}

/// Writes arrays in the format that the ending of `path` names.
///
/// - `.npz` and HDF5 hold all arrays by their names. The sample rate is stored too, as a scalar
///   `sample_rate` or as an attribute of that name.
/// - `.npy` holds the first array; each further one goes to a file beside it, called `OUT.NAME.npy`
///   where the first is `OUT.npy`.
/// - Text holds one vector or matrix; `.wav` one of shape (samples, channels), as integers of 16 or 24 bits or as float32; `.png` one image of
///   shape (height, width) and values from 0 to 1, always as uint8.
///
/// `dtype` is [`Dtype::F32`] or [`Dtype::F64`], or of `.wav` also [`Dtype::I16`] or [`Dtype::I24`], which are never
/// clipped: a value beyond ±1 is [`Error::Clips`]. Numbers beyond the range of float32 become
/// infinite there. Each file is written aside and renamed, so that it is never seen half done.
///
/// # Errors
/// [`Error::CannotHold`] if the format has no room for the arrays, [`Error::NotWritten`] if it is one
/// that is only read, [`Error::UnsupportedDtype`] for another `dtype`, [`Error::UnknownExtension`], or what went wrong with the file system.
///
/// # Examples
/// See the [crate's example](crate).
pub fn write(path: &Path, arrays: &[Named<'_>], dtype: Dtype, sample_rate: Option<f64>) -> Result<()> {
    let format = Format::of(path)?;
    let are_integers = format == Format::Wav && matches!(dtype, Dtype::I16 | Dtype::I24);
    if !(are_integers || matches!(dtype, Dtype::F32 | Dtype::F64)) {
        let at = Location::from(path);
        return Err(Error::UnsupportedDtype { at, found: dtype.to_string(), expected: "float32 or float64" });
    }
    let refuse = |what: String, mend| Error::CannotHold { path: path.to_owned(), format, what, mend };
    let (first, others) = arrays.split_first().ok_or_else(|| refuse("nothing".to_owned(), "give an array"))?;
    match format {
        Format::Npy => {
            write_npy(path, first, dtype)?;
            others
                .iter()
                .try_for_each(|array| write_npy(&path.with_extension(format!("{}.npy", array.name)), array, dtype))
        }
        Format::Npz => npz::write(path, arrays, dtype, sample_rate),
        Format::Hdf5 => hdf5::write(path, arrays, dtype, sample_rate),
        Format::Text | Format::Wav | Format::Png if !others.is_empty() => {
            Err(refuse(format!("{} arrays", arrays.len()), "write .npz or .h5, or one array"))
        }
        Format::Text => text::write(path, first, dtype),
        Format::Wav => wav::write(path, first, dtype, sample_rate),
        Format::Png => png::write(path, first),
        Format::Flac | Format::Mp3 | Format::Ogg | Format::Idx => {
            Err(Error::NotWritten { path: path.to_owned(), format })
        }
    }
}

fn write_npy(path: &Path, array: &Named<'_>, dtype: Dtype) -> Result<()> {
    atomically_buffered(path, |file| npy::write_array(file, array.values, dtype))
}
