//! The head of a `.npy` file: what type, which order, what shape.
//!
//! ```text
//! \x93NUMPY  version (2 bytes)  length (2 or 4 bytes)  {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }
//! ```
//!
//! The head is a Python literal. Only the dictionaries that NumPy writes are understood, by one
//! pass over the text, so that no nesting of brackets and no number in it can do harm.

use std::io::{self, Read, Write};

use crate::array::Dtype;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::location::Location;
use crate::numbers::unreadable;

/// The first bytes of every `.npy` file.
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest head that is read; NumPy's own limit is 10 000 bytes.
const LONGEST: u32 = 1 << 16;

/// What the head of a `.npy` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// NumPy's name of the type, such as `<f8`.
    pub(crate) descr: String,
    /// Whether the first index runs fastest.
    pub(crate) fortran_order: bool,
    /// The array's shape.
    pub(crate) shape: Vec<usize>,
    /// The bytes up to the first value.
    pub(crate) length: u64,
}

impl Header {
    /// Reads the head and leaves the reader at the first value.
    pub(crate) fn read(reader: &mut impl Read, available: u64, at: &Location) -> Result<Self> {
        let mut take = |bytes: &mut [u8], expected: u64| {
            reader.read_exact(bytes).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => Error::Truncated { at: at.clone(), expected, found: available },
                _ => unreadable(at, Format::Npy, error),
            })
        };
        let corrupt = |reason: String| Error::corrupt(at, Format::Npy, reason);

        let mut start = [0; 8];
        take(&mut start, 10)?;
        if &start[..6] != MAGIC {
            return Err(corrupt("it does not begin as one".to_owned()));
        }
        let (before, length) = match start[6] {
            1 => {
                let mut length = [0; 2];
                take(&mut length, 10)?;
                (10, u32::from(u16::from_le_bytes(length)))
            }
            2 | 3 => {
                let mut length = [0; 4];
                take(&mut length, 12)?;
                (12, u32::from_le_bytes(length))
            }
            version => return Err(corrupt(format!("its version {version} is unknown"))),
        };
        if length > LONGEST {
            return Err(corrupt(format!("its header of {length} bytes is too long")));
        }
        let mut text = vec![0; length as usize];
        let length = before + u64::from(length);
        take(&mut text, length)?;
        let text = String::from_utf8_lossy(&text);
        parse(&text, length).map_err(|reason| corrupt(format!("in its header, {reason}")))
    }

    /// The type of the values and whether their most significant byte comes first;
    /// `None` for types that are not numbers.
    pub(crate) fn dtype(&self) -> Option<(Dtype, bool)> {
        let big = match self.descr.as_bytes().first()? {
            b'<' | b'|' => false,
            b'>' => true,
            b'=' => cfg!(target_endian = "big"),
            _ => return None,
        };
        let dtype = match self.descr.get(1..)? {
            "b1" => Dtype::Bool,
            "i1" => Dtype::I8,
            "u1" => Dtype::U8,
            "i2" => Dtype::I16,
            "u2" => Dtype::U16,
            "i4" => Dtype::I32,
            "u4" => Dtype::U32,
            "i8" => Dtype::I64,
            "u8" => Dtype::U64,
            "f2" => Dtype::F16,
            "f4" => Dtype::F32,
            "f8" => Dtype::F64,
            _ => return None,
        };
        Some((dtype, big))
    }
}

/// Writes the head of an array in C order, padded so that the values start at a multiple of 64.
pub(crate) fn write(writer: &mut impl Write, descr: &str, shape: &[usize]) -> io::Result<()> {
    let numbers: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", numbers.join(", "));
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let unpadded = 10 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    let length = u16::try_from(text.len()).map_err(|_| io::Error::other("too many dimensions"))?;
    writer.write_all(MAGIC)?;
    writer.write_all(&[1, 0])?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(text.as_bytes())
}

/// Understands the dictionary; the error says what does not fit.
fn parse(text: &str, length: u64) -> Result<Header, String> {
    let inner =
        text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or("no dictionary is found")?;
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    for item in split_items(inner) {
        let (key, value) = item.split_once(':').ok_or("an entry lacks its colon")?;
        match key.trim().trim_matches(['\'', '"']) {
            "descr" => descr = Some(value.trim().trim_matches(['\'', '"']).to_owned()),
            "fortran_order" => {
                fortran_order = Some(match value.trim() {
                    "True" => true,
                    "False" => false,
                    _ => return Err("`fortran_order` is neither True nor False".to_owned()),
                });
            }
            "shape" => shape = Some(parse_shape(value.trim())?),
            key => return Err(format!("the key `{key}` is unknown")),
        }
    }
    Ok(Header {
        descr: descr.ok_or("`descr` is missing")?,
        fortran_order: fortran_order.ok_or("`fortran_order` is missing")?,
        shape: shape.ok_or("`shape` is missing")?,
        length,
    })
}

/// The parts of a literal between the commas that no bracket or quote encloses.
fn split_items(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quote) = (0_i64, None);
    text.split(move |c| {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {} // also brackets within quotes
        }
        c == ',' && depth == 0 && quote.is_none()
    })
    .filter(|item| !item.trim().is_empty())
}

/// Understands a tuple of sizes, `(3, 2)`; Python 2 wrote `(3L, 2L)`.
fn parse_shape(text: &str) -> Result<Vec<usize>, String> {
    text.strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or("`shape` is no tuple")?
        .split(',')
        .map(|size| size.trim().trim_end_matches('L'))
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().map_err(|_| format!("`{size}` in `shape` is no size")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_what_numpy_writes() {
        for (text, descr, fortran_order, shape) in [
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }  \n", "<f8", false, vec![3, 2]),
            ("{'shape': (), 'fortran_order': True, 'descr': '>i2'}", ">i2", true, vec![]),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (7L,)}", "|u1", false, vec![7]),
            (
                "{'descr': [('a, b', '<f4', (2,)), ('c', '<i2')], 'fortran_order': False, 'shape': (1,), }",
                "[('a, b', '<f4', (2,)), ('c', '<i2')]",
                false,
                vec![1],
            ),
        ] {
            let header = parse(text, 64).unwrap();
            assert_eq!((header.descr.as_str(), header.fortran_order, header.shape), (descr, fortran_order, shape));
        }
    }

    #[test]
    fn says_what_does_not_fit() {
        for (text, reason) in [
            ("", "no dictionary"),
            ("{'descr': '<f8', 'fortran_order': False}", "`shape` is missing"),
            ("{'shape': (3, -1)}", "`-1` in `shape`"),
            ("{'shape': (99999999999999999999,)}", "in `shape` is no size"),
            ("{'fortran_order': 1}", "neither True nor False"),
            ("{'colour': 1}", "`colour` is unknown"),
            ("{((((((}", "lacks its colon"),
        ] {
            let error = parse(text, 64).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_written_head_is_read_back_and_aligned() {
        for shape in [vec![], vec![5], vec![2, 3], vec![1; 40]] {
            let mut bytes = Vec::new();
            write(&mut bytes, "<f4", &shape).unwrap();
            assert_eq!(bytes.len() % 64, 0);
            let header = Header::read(&mut bytes.as_slice(), 0, &Location::from("x.npy")).unwrap();
            assert_eq!(header.shape, shape);
            assert_eq!(header.dtype(), Some((Dtype::F32, false)));
            assert_eq!(header.length, bytes.len() as u64);
        }
    }
}
