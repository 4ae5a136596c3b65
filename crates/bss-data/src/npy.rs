//! NumPy's `.npy`: one array, and the values' bytes as they lie in memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use half::f16;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::array::{Array, Dtype};
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::npy_header::{self, Header, unreadable};

/// The types that are read, for messages.
const READ: &str = "bool, int8 to int64, uint8 to uint64, or float16 to float64";

/// How many values are converted at a time.
const BLOCK: usize = 1 << 14;

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
    let values = read_values(reader, n, dtype, big_endian, at, (expected, available))?;
    let shape = IxDyn(&header.shape).set_f(header.fortran_order);
    let values = ArrayD::from_shape_vec(shape, values).map_err(|error| corrupt(error.to_string()))?;
    Ok((values, dtype))
}

/// Reads `n` values, a block at a time.
fn read_values(
    reader: &mut impl Read,
    n: usize,
    dtype: Dtype,
    big_endian: bool,
    at: &Location,
    (expected, found): (u64, u64),
) -> Result<Vec<f64>> {
    let mut values = Vec::new();
    values.try_reserve_exact(n).map_err(|_| Error::TooLarge { at: at.clone(), values: n as u64 })?;
    let mut bytes = vec![0; BLOCK.min(n) * dtype.size()];
    while values.len() < n {
        let block = &mut bytes[..BLOCK.min(n - values.len()) * dtype.size()];
        reader.read_exact(block).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::Truncated { at: at.clone(), expected, found },
            _ => unreadable(at, error),
        })?;
        widen(block, dtype, big_endian, &mut values);
    }
    Ok(values)
}

/// Appends the values that `bytes` stand for.
fn widen(bytes: &[u8], dtype: Dtype, big_endian: bool, values: &mut Vec<f64>) {
    macro_rules! extend {
        ($number:ty, $convert:expr) => {{
            let (chunks, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
            if big_endian {
                values.extend(chunks.iter().map(|&chunk| $convert(<$number>::from_be_bytes(chunk))));
            } else {
                values.extend(chunks.iter().map(|&chunk| $convert(<$number>::from_le_bytes(chunk))));
            }
        }};
    }
    match dtype {
        Dtype::Bool => values.extend(bytes.iter().map(|&byte| f64::from(u8::from(byte != 0)))),
        Dtype::I8 => extend!(i8, f64::from),
        Dtype::U8 => extend!(u8, f64::from),
        Dtype::I16 => extend!(i16, f64::from),
        Dtype::U16 => extend!(u16, f64::from),
        Dtype::I24 => unreachable!("no descr names 24-bit integers"),
        Dtype::I32 => extend!(i32, f64::from),
        Dtype::U32 => extend!(u32, f64::from),
        Dtype::I64 => extend!(i64, |value: i64| value as f64),
        Dtype::U64 => extend!(u64, |value: u64| value as f64),
        Dtype::F16 => extend!(f16, f64::from),
        Dtype::F32 => extend!(f32, f64::from),
        Dtype::F64 => extend!(f64, |value: f64| value),
    }
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

    #[test]
    fn every_type_is_widened_in_both_byte_orders() {
        for (dtype, little, value) in [
            (Dtype::Bool, vec![2], 1.0),
            (Dtype::I8, vec![0xfe], -2.0),
            (Dtype::U8, vec![0xfe], 254.0),
            (Dtype::I16, vec![0xfe, 0xff], -2.0),
            (Dtype::U16, vec![0xfe, 0xff], 65534.0),
            (Dtype::I32, vec![0xfe, 0xff, 0xff, 0xff], -2.0),
            (Dtype::U32, vec![0xfe, 0xff, 0xff, 0xff], 4_294_967_294.0),
            (Dtype::I64, vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2.0),
            (Dtype::U64, vec![2, 0, 0, 0, 0, 0, 0, 0], 2.0),
            (Dtype::F16, vec![0x00, 0x3e], 1.5),
            (Dtype::F32, vec![0, 0, 0xc0, 0x3f], 1.5),
            (Dtype::F64, vec![0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5),
        ] {
            let big: Vec<u8> = little.iter().rev().copied().collect();
            let mut values = Vec::new();
            widen(&little, dtype, false, &mut values);
            widen(&big, dtype, true, &mut values);
            assert_eq!(values, [value, value], "{dtype}");
        }
    }
}
