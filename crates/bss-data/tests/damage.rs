//! No damage to a file of any format makes reading it panic, hang or run out of memory.

use std::path::PathBuf;

use bss_data::{Columns, Error, Location, Named, ReadOptions, inspect, read, write};
use bss_data::Dtype;
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;

/// A valid file of each format, as this crate and as other programs write them.
fn valid_files() -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let values = ArrayD::from_shape_fn(IxDyn(&[6, 2]), |index| (index[0] * 2 + index[1]) as f64 / 16.0);
    let mut files: Vec<(&str, Vec<u8>)> = ["npy", "npz", "h5", "csv", "wav"]
        .into_iter()
        .map(|extension| {
            let path = folder.path().join("a").with_extension(extension);
            write(&path, &[Named { name: "x", values: &values }], Dtype::F32, Some(8.0)).unwrap();
            (extension, std::fs::read(path).unwrap())
        })
        .collect();
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats");
    for (name, extension) in [
        ("version3.npy", "npy"),
        ("record.npy", "npy"),
        ("two.npz", "npz"),
        ("chunked.h5", "h5"),
        ("nested.h5", "h5"),
        ("latest.hdf5", "h5"),
        ("types.h5", "h5"),
        ("semicolon.csv", "csv"),
        ("space.dat", "dat"),
        ("int24.wav", "wav"),
        ("float32.wav", "wav"),
    ] {
        files.push((extension, std::fs::read(fixtures.join(name)).unwrap()));
    }
    files
}

/// Reads everything in a file of these bytes; what comes back is free, that it comes back is not.
fn read_all(extension: &str, bytes: &[u8]) -> Result<usize, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a").with_extension(extension);
    std::fs::write(&path, bytes).unwrap();
    let options = ReadOptions { columns: Some("0".parse::<Columns>().unwrap()) };
    let _ = read(&Location::from(&path), &options);
    let mut values = 0;
    for entry in inspect(&path)? {
        let location = match entry.name.as_str() {
            "" => Location::from(&path),
            name => Location::with_key(&path, name),
        };
        if let Ok(array) = read(&location, &ReadOptions::default()) {
            values += array.values.len();
        }
    }
    Ok(values)
}

#[test]
fn undamaged_files_are_read() {
    for (extension, bytes) in valid_files() {
        assert!(read_all(extension, &bytes).is_ok(), "{extension}");
    }
}

#[test]
fn a_file_cut_at_any_byte_never_gives_more_than_it_held() {
    for (extension, bytes) in valid_files() {
        let whole = read_all(extension, &bytes).unwrap();
        // Every length of small files, and about a thousand of large ones.
        for length in (0..bytes.len()).step_by(bytes.len().div_ceil(1000)) {
            let cut = read_all(extension, &bytes[..length]).unwrap_or(0);
            assert!(cut <= whole, "{extension} cut at {length}: {cut} values");
        }
    }
}
