//! IDX: one array, as MNIST and its kin come; plain, or packed with gzip.
//!
//! ```text
//! 0  0  type (1 byte)  dimensions (1 byte)  a size for each (4 bytes)  values
//! ```
//!
//! Everything is big-endian, and values are read as they are stored: pixels from 0 to 255. Whether a file is packed is
//! told by its first bytes, because programs that fetch files may unpack them and leave the name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ndarray::{ArrayD, IxDyn};

use crate::array::{Array, Dtype};
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::numbers::{read_numbers, unreadable};

/// The first bytes of whatever gzip packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads the array of an IDX file.
pub(crate) fn read(at: &Location) -> Result<Array> {
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::corrupt(at, Format::Idx, "it ends too early"),
        _ => unreadable(at, Format::Idx, error),
    };
    let mut reader = open(at)?;
    let header = Header::read(&mut reader, at)?;
    let (n, expected) = header.values_and_bytes(at)?;
    // Counted before memory is set aside, because what is packed may unpack to less or more than the header promises.
    let rest = expected - header.length + 1;
    let found = header.length + io::copy(&mut reader.take(rest), &mut io::sink()).map_err(fail)?;
    if found < expected {
        return Err(Error::Truncated { at: at.clone(), expected, found });
    }
    if found > expected {
        let reason = format!("more bytes follow than an array of shape {:?} has", header.shape);
        return Err(Error::corrupt(at, Format::Idx, reason));
    }
    let mut reader = open(at)?;
    let header = Header::read(&mut reader, at)?;
    let values = read_numbers(&mut reader, n, (header.dtype, true), at, fail)?;
    let values = ArrayD::from_shape_vec(IxDyn(&header.shape), values)
        .map_err(|error| Error::corrupt(at, Format::Idx, error.to_string()))?;
    Ok(Array::new(values, header.dtype, None))
}

/// What an IDX file holds.
pub(crate) fn entries(at: &Location) -> Result<Vec<Entry>> {
    let header = Header::read(&mut open(at)?, at)?;
    Ok(vec![Entry {
        name: String::new(),
        shape: header.shape,
        dtype: header.dtype.to_string(),
        readable: true,
        sample_rate: None,
        text: None,
    }])
}

/// The file's bytes, unpacked if they were packed.
fn open(at: &Location) -> Result<Box<dyn Read>> {
    let fail = |error| Error::io(&at.path, error);
    let mut file = BufReader::new(File::open(&at.path).map_err(fail)?);
    if file.fill_buf().map_err(fail)?.starts_with(&GZIP) {
        return Ok(Box::new(MultiGzDecoder::new(file)));
    }
    Ok(Box::new(file))
}

/// What the head of an IDX file says.
struct Header {
    dtype: Dtype,
    shape: Vec<usize>,
    /// The bytes up to the first value.
    length: u64,
}

impl Header {
    /// Reads the head and leaves the reader at the first value.
    fn read(reader: &mut impl Read, at: &Location) -> Result<Self> {
        let corrupt = |reason: String| Error::corrupt(at, Format::Idx, reason);
        let mut take = |bytes: &mut [u8]| {
            reader.read_exact(bytes).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => corrupt("it ends within its header".to_owned()),
                _ => unreadable(at, Format::Idx, error),
            })
        };
        let mut start = [0; 4];
        take(&mut start)?;
        let [0, 0, code, dimensions] = start else {
            return Err(corrupt("it does not begin as one".to_owned()));
        };
        let dtype = match code {
            0x08 => Dtype::U8,
            0x09 => Dtype::I8,
            0x0b => Dtype::I16,
            0x0c => Dtype::I32,
            0x0d => Dtype::F32,
            0x0e => Dtype::F64,
            _ => return Err(corrupt(format!("its type {code:#04x} is none of 08, 09, 0b, 0c, 0d, 0e"))),
        };
        let mut sizes = vec![0; 4 * usize::from(dimensions)];
        take(&mut sizes)?;
        let (sizes, _) = sizes.as_chunks::<4>();
        let shape: Vec<usize> = sizes.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
        Ok(Self { dtype, length: 4 + 4 * shape.len() as u64, shape })
    }

    /// How many values there should be, and how many bytes with them.
    fn values_and_bytes(&self, at: &Location) -> Result<(usize, u64)> {
        let n = self.shape.iter().try_fold(1_usize, |n, size| n.checked_mul(*size));
        let bytes = n.and_then(|n| self.length.checked_add(n.checked_mul(self.dtype.size())? as u64));
        n.zip(bytes).ok_or_else(|| Error::corrupt(at, Format::Idx, format!("its shape {:?} is too large", self.shape)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Bytes 1 to 6 as images of 1 by 2 pixels.
    const THREE: [u8; 22] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6];

    fn read_bytes(bytes: &[u8]) -> Result<Array> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.idx.gz");
        std::fs::write(&path, bytes).unwrap();
        read(&Location::from(&path))
    }

    #[test]
    fn plain_packed_and_packed_in_parts_are_the_same() {
        let parts = [packed(&THREE[..9]), packed(&THREE[9..])].concat();
        for bytes in [THREE.to_vec(), packed(&THREE), parts] {
            let array = read_bytes(&bytes).unwrap();
            assert_eq!((array.values.shape(), array.dtype), (&[3, 1, 2][..], Dtype::U8));
            assert_eq!(array.values.as_slice(), Some(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
        }
    }

    #[test]
    fn damage_is_named() {
        let longer = [&THREE[..], &[7]].concat();
        let with = |place: usize, byte: u8| {
            let mut bytes = THREE;
            bytes[place] = byte;
            bytes
        };
        let mut checksum = packed(&THREE);
        let place = checksum.len() - 8;
        checksum[place] ^= 1;
        let garbage = [&packed(&THREE)[..], b"garbage"].concat();
        for (bytes, part) in [
            (&b"<html>404</html>"[..], "does not begin as one"),
            (&THREE[..3], "ends within its header"),
            (&THREE[..15], "ends within its header"),
            (&THREE[..20], "ends after 20 bytes, expected 22"),
            (&packed(&THREE[..20]), "ends after 20 bytes, expected 22"),
            (&packed(&THREE)[..30], "it ends too early"),
            (&longer, "more bytes follow than an array of shape [3, 1, 2] has"),
            (&packed(&longer), "more bytes follow"),
            (&with(2, 0x0a), "its type 0x0a is none of 08, 09"),
            (&with(4, 0xff), "ends after 22 bytes, expected 8556380182"),
            (&with(3, 0), "more bytes follow than an array of shape [] has"),
            (&checksum, "checksum"),
            (&garbage, "is no valid IDX file"),
        ] {
            let error = read_bytes(bytes).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("a.idx.gz"), "{part}: {error}");
        }
    }

    /// Promises that would fail as they are if memory were set aside before the bytes are counted.
    #[test]
    fn a_promise_that_the_file_cannot_keep_is_refused_before_allocating() {
        let huge = [&[0, 0, 14, 2][..], &[0x0f; 8]].concat();
        let beyond = [&[0, 0, 14, 3][..], &[0xff; 12]].concat();
        let zeros = vec![0; 1 << 20];
        for (bytes, part) in [(&huge, "expected 510636513913345812"), (&beyond, "is too large")] {
            for bytes in [bytes.clone(), packed(bytes), packed(&[&bytes[..], &zeros].concat())] {
                let error = read_bytes(&bytes).unwrap_err().to_string();
                assert!(error.contains(part), "{error}");
            }
        }
        // A kilobyte that unpacks to a megabyte is left after the first byte too many.
        let bomb = packed(&[&THREE[..], &zeros].concat());
        assert!(bomb.len() < 2000);
        assert!(read_bytes(&bomb).unwrap_err().to_string().contains("more bytes follow"));
    }
}
