//! Numbers as bytes, one after the other, in the formats that hold them so.

use std::io::{self, Read};

use half::f16;

use crate::array::Dtype;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::location::Location;

/// How many numbers are converted at a time.
const BLOCK: usize = 1 << 14;

/// Reads `n` numbers, a block at a time, and widens them; `fail` makes an error of what the reader says.
///
/// The caller has seen that so many are there: memory for all of them is set aside first.
pub(crate) fn read_numbers(
    reader: &mut impl Read,
    n: usize,
    (dtype, big_endian): (Dtype, bool),
    at: &Location,
    fail: impl Fn(io::Error) -> Error,
) -> Result<Vec<f64>> {
    let mut values = Vec::new();
    values.try_reserve_exact(n).map_err(|_| Error::TooLarge { at: at.clone(), values: n as u64 })?;
    let mut bytes = vec![0; BLOCK.min(n) * dtype.size()];
    while values.len() < n {
        let block = &mut bytes[..BLOCK.min(n - values.len()) * dtype.size()];
        reader.read_exact(block).map_err(&fail)?;
        widen(block, dtype, big_endian, &mut values);
    }
    Ok(values)
}

/// The error of a file that the system, or what unpacks it, fails to read.
pub(crate) fn unreadable(at: &Location, format: Format, error: io::Error) -> Error {
    match error.kind() {
        // What unpacks zip archives and gzip says so of wrong checksums and broken compression.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            Error::corrupt(at, format, error.to_string())
        }
        _ => Error::io(&at.path, error),
    }
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
        Dtype::I24 => unreachable!("only audio has 24-bit integers"),
        Dtype::I32 => extend!(i32, f64::from),
        Dtype::U32 => extend!(u32, f64::from),
        Dtype::I64 => extend!(i64, |value: i64| value as f64),
        Dtype::U64 => extend!(u64, |value: u64| value as f64),
        Dtype::F16 => extend!(f16, f64::from),
        Dtype::F32 => extend!(f32, f64::from),
        Dtype::F64 => extend!(f64, |value: f64| value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
