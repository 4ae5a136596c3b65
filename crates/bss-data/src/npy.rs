//! NumPy's `.npy`: one array, and the values' bytes as they lie in memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::array::{Array, Dtype};
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::npy_header::{self, Header};
use crate::numbers::{read_numbers, unreadable};

/// The types that are read, for messages.
const READ: &str = "bool, int8 to int64, uint8 to uint64, or float16 to float64";

/// Reads the array of a `.npy` file of `length` bytes.
pub(crate) fn read(at: &Location, length: u64) -> Result<Array> {
    let mut reader = open(at)?;
    let (values, dtype) = read_array(&mut reader, length, at)?;
    Ok(Array::new(values, dtype, None))
}

/// What a `.npy` file holds.
pub(crate) fn entries(at: &Location, length: u64) -> Result<Vec<Entry>> {
    let header = Header::read(&mut open(at)?, length, at)?;
    Ok(vec![entry(String::new(), header)])
}

/// An array's line in the list of what a file holds.
pub(crate) fn entry(name: String, header: Header) -> Entry {
    let dtype = header.dtype().map(|(dtype, _)| dtype);
    Entry {
        name,
        shape: header.shape,
        dtype: dtype.map_or(header.descr, |dtype| dtype.to_string()),
        readable: dtype.is_some(),
        sample_rate: None,
        text: None,
    }
}

/// Reads an array from a stream that can give at most `available` bytes.
pub(crate) fn read_array(reader: &mut impl Read, available: u64, at: &Location) -> Result<(ArrayD<f64>, Dtype)> {
    let header = Header::read(reader, available, at)?;
    let (dtype, big_endian) = header.dtype().ok_or_else(|| Error::UnsupportedDtype {
        at: at.clone(),
        found: header.descr.clone(),
        expected: READ,
    })?;
    let corrupt = |reason: String| Error::corrupt(at, Format::Npy, reason);
    let overflow = || corrupt(format!("its shape {:?} is too large", header.shape));
    // Checked before anything is allocated: a damaged header may promise any number of values.
    let n = header.shape.iter().try_fold(1_usize, |n, size| n.checked_mul(*size)).ok_or_else(overflow)?;
    let expected =
        n.checked_mul(dtype.size()).and_then(|bytes| header.length.checked_add(bytes as u64)).ok_or_else(overflow)?;
    if expected > available {
        return Err(Error::Truncated { at: at.clone(), expected, found: available });
    }
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Truncated { at: at.clone(), expected, found: available },
        _ => unreadable(at, Format::Npy, error),
    };
    let values = read_numbers(reader, n, (dtype, big_endian), at, fail)?;
    let shape = IxDyn(&header.shape).set_f(header.fortran_order);
    let values = ArrayD::from_shape_vec(shape, values).map_err(|error| corrupt(error.to_string()))?;
    Ok((values, dtype))
}

/// Writes an array in C order, as little-endian float32 or float64.
pub(crate) fn write_array(writer: &mut impl Write, values: &ArrayD<f64>, dtype: Dtype) -> io::Result<()> {
    let single = dtype == Dtype::F32;
    npy_header::write(writer, if single { "<f4" } else { "<f8" }, values.shape())?;
    for &value in values {
        if single {
            writer.write_all(&(value as f32).to_le_bytes())?;
        } else {
            writer.write_all(&value.to_le_bytes())?;
        }
    }
    Ok(())
}

/// Opens the file of a location.
fn open(at: &Location) -> Result<BufReader<File>> {
    File::open(&at.path).map(BufReader::new).map_err(|error| Error::io(&at.path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose header promises 3 GB, and which ends right after it.
    #[test]
    fn a_promise_beyond_the_file_is_refused_before_allocating() {
        for shape in ["(402653184,)", "(4611686018427387904, 4)", "(18446744073709551615, 18446744073709551615)"] {
            let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
            let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
            bytes.extend((text.len() as u16).to_le_bytes());
            bytes.extend(text.as_bytes());
            let at = Location::from("x.npy");
            let error = read_array(&mut bytes.as_slice(), bytes.len() as u64, &at).unwrap_err();
            let refused = matches!(error, Error::Truncated { .. } | Error::Corrupt { .. });
            assert!(refused, "{shape}: {error}");
        }
    }
}
