//! The types of number that are taken from HDF5 files.
//!
//! A type in an HDF5 file spells out where its bits lie: sign, exponent, mantissa, padding. libhdf5
//! converts whatever that says, and runs over its buffers where damage makes it say nonsense. So a
//! type must be equal, bit for bit, to one of the types that machines have, before anything of it
//! is read. Those are at hand in `hdf5_types.h5`, written by `fixtures/make_fixtures.py`, as the
//! library's own constants can only be had through unsafe code.

use std::io::Write;
use std::sync::OnceLock;

use hdf5::Datatype;

use crate::array::Dtype;

/// A file with one empty dataset of each type: `/little/float64`, `/big/float64` ...
const STANDARD: &[u8] = include_bytes!("hdf5_types.h5");

/// The types that have a most significant byte, and so two orders.
const WIDE: [(&str, Dtype); 9] = [
    ("int16", Dtype::I16),
    ("int32", Dtype::I32),
    ("int64", Dtype::I64),
    ("uint16", Dtype::U16),
    ("uint32", Dtype::U32),
    ("uint64", Dtype::U64),
    ("float16", Dtype::F16),
    ("float32", Dtype::F32),
    ("float64", Dtype::F64),
];

/// The types of a single byte.
const NARROW: [(&str, Dtype); 3] = [("int8", Dtype::I8), ("uint8", Dtype::U8), ("bool", Dtype::Bool)];

/// The type of a dataset's or attribute's values, or a name for a type that is not read.
pub(crate) fn dtype_of(container: &hdf5::Container) -> Result<Dtype, String> {
    let say = |error: hdf5::Error| error.to_string();
    let datatype = container.dtype().map_err(say)?;
    let known = standard().map_err(|error| format!("unknown ({error})"))?;
    known
        .iter()
        .find(|(standard, _)| *standard == datatype)
        .map(|(_, dtype)| *dtype)
        .ok_or_else(|| format!("other than numbers, of {} bytes each", datatype.size()))
}

/// The types with their names, read once.
fn standard() -> hdf5::Result<&'static [(Datatype, Dtype)]> {
    static TYPES: OnceLock<Vec<(Datatype, Dtype)>> = OnceLock::new();
    if let Some(types) = TYPES.get() {
        return Ok(types);
    }
    let types = load()?;
    Ok(TYPES.get_or_init(|| types))
}

fn load() -> hdf5::Result<Vec<(Datatype, Dtype)>> {
    let as_hdf5 = |error: std::io::Error| hdf5::Error::from(error.to_string());
    let mut file = tempfile::NamedTempFile::new().map_err(as_hdf5)?;
    file.write_all(STANDARD).map_err(as_hdf5)?;
    let file = hdf5::File::open(file.path())?;
    let little = NARROW.iter().chain(&WIDE).map(|entry| ("little", entry));
    let big = WIDE.iter().map(|entry| ("big", entry));
    little
        .chain(big)
        .map(|(order, (name, dtype))| Ok((file.dataset(&format!("{order}/{name}"))?.dtype()?, *dtype)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_of_this_machine_are_among_them() {
        let known = standard().unwrap();
        let find = |datatype: Datatype| known.iter().find(|(standard, _)| *standard == datatype).unwrap().1;
        assert_eq!(find(Datatype::from_type::<f64>().unwrap()), Dtype::F64);
        assert_eq!(find(Datatype::from_type::<half::f16>().unwrap()), Dtype::F16);
        assert_eq!(find(Datatype::from_type::<u8>().unwrap()), Dtype::U8);
        assert_eq!(find(Datatype::from_type::<bool>().unwrap()), Dtype::Bool);
        assert_eq!(known.len(), 21);
    }
}
