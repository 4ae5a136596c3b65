//! One known matrix, read from every format and type that other programs wrote.
//!
//! `fixtures/make_fixtures.py` made the files and states the same formula.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail where they stand")]

use std::path::PathBuf;

use bss_data::{Delimiter, Dtype, Error, Location, ReadOptions, inspect, read};
use ndarray::{Array2, ArrayD, IxDyn};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

fn location(name: &str) -> Location {
    fixture("formats").join(name).to_str().unwrap().parse().unwrap()
}

/// M[i, j] = (7 i + 3 j) mod 101.
fn unsigned() -> ArrayD<f64> {
    Array2::from_shape_fn((20, 3), |(i, j)| ((7 * i + 3 * j) % 101) as f64).into_dyn()
}

#[derive(Clone, Copy, Debug)]
enum Holds {
    Unsigned,
    Signed,
    Audio,
    Above50,
}

impl Holds {
    fn matrix(self) -> ArrayD<f64> {
        match self {
            Self::Unsigned => unsigned(),
            Self::Signed => unsigned() - 50.0,
            Self::Audio => (unsigned() - 50.0) / 128.0,
            Self::Above50 => unsigned().mapv(|value| f64::from(u8::from(value > 50.0))),
        }
    }
}

#[test]
fn every_file_holds_the_matrix() {
    use Holds::{Above50, Audio, Signed, Unsigned};
    for (name, dtype, holds, sample_rate) in [
        ("c_f8.npy", Dtype::F64, Signed, None),
        ("fortran_f8.npy", Dtype::F64, Signed, None),
        ("big_f8.npy", Dtype::F64, Signed, None),
        ("big_fortran_i2.npy", Dtype::I16, Signed, None),
        ("version3.npy", Dtype::F64, Signed, None),
        ("f2.npy", Dtype::F16, Signed, None),
        ("f4.npy", Dtype::F32, Signed, None),
        ("i1.npy", Dtype::I8, Signed, None),
        ("i2.npy", Dtype::I16, Signed, None),
        ("i4.npy", Dtype::I32, Signed, None),
        ("i8.npy", Dtype::I64, Signed, None),
        ("u1.npy", Dtype::U8, Unsigned, None),
        ("u2.npy", Dtype::U16, Unsigned, None),
        ("bool.npy", Dtype::Bool, Above50, None),
        ("one.npz", Dtype::F32, Signed, None),
        ("one.npz:x", Dtype::F32, Signed, None),
        ("two.npz:sources", Dtype::F64, Signed, None),
        ("rate.npz", Dtype::F64, Signed, Some(250.0)),
        ("types.h5:/f2", Dtype::F16, Signed, None),
        ("types.h5:/f4", Dtype::F32, Signed, None),
        ("types.h5:/f8", Dtype::F64, Signed, None),
        ("types.h5:f8", Dtype::F64, Signed, None),
        ("types.h5:/i1", Dtype::I8, Signed, None),
        ("types.h5:/i2", Dtype::I16, Signed, None),
        ("types.h5:/i4", Dtype::I32, Signed, None),
        ("types.h5:/i8", Dtype::I64, Signed, None),
        ("types.h5:/u1", Dtype::U8, Unsigned, None),
        ("types.h5:/big_f8", Dtype::F64, Signed, None),
        ("types.h5:/big_f4", Dtype::F32, Signed, None),
        ("types.h5:/big_i2", Dtype::I16, Signed, None),
        ("types.h5:/big_i4", Dtype::I32, Signed, None),
        ("types.h5:/bool", Dtype::Bool, Above50, None),
        ("chunked.h5", Dtype::F64, Signed, None),
        ("nested.h5:/subject/run 1/recording", Dtype::I16, Signed, Some(250.0)),
        ("nested.h5:/subject/itself/run 1/recording", Dtype::I16, Signed, Some(250.0)),
        ("nested.h5:alias", Dtype::I16, Signed, Some(250.0)),
        ("latest.hdf5", Dtype::F32, Signed, None),
        ("comma.csv", Dtype::F64, Signed, None),
        ("semicolon.csv", Dtype::F64, Signed, None),
        ("tab.tsv", Dtype::F64, Signed, None),
        ("space.dat", Dtype::F64, Signed, None),
        ("comment.txt", Dtype::F64, Signed, None),
        ("int8.wav", Dtype::U8, Audio, Some(250.0)),
        ("int16.wav", Dtype::I16, Audio, Some(250.0)),
        ("int24.wav", Dtype::I24, Audio, Some(250.0)),
        ("int32.wav", Dtype::I32, Audio, Some(250.0)),
        ("float32.wav", Dtype::F32, Audio, Some(250.0)),
        ("int16.flac", Dtype::I16, Audio, Some(250.0)),
        ("int24.flac", Dtype::I24, Audio, Some(250.0)),
        ("i1.idx", Dtype::I8, Signed, None),
        ("i2.idx", Dtype::I16, Signed, None),
        ("i4.idx", Dtype::I32, Signed, None),
        ("f4.idx", Dtype::F32, Signed, None),
        ("f8.idx.gz", Dtype::F64, Signed, None),
    ] {
        let array = read(&location(name), &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(array.values, holds.matrix(), "{name}");
        assert!(array.values.is_standard_layout(), "{name}");
        assert_eq!(array.dtype, dtype, "{name}");
        assert_eq!(array.sample_rate, sample_rate, "{name}");
    }
}

/// Codecs with losses keep the length and the channels, and as much of the values as libsndfile decodes:
/// `y, _ = soundfile.read(file); ((y - tones) ** 2).sum() / (tones ** 2).sum()`.
#[test]
fn compressed_tones_are_read_back() {
    let tones = Array2::from_shape_fn((6000, 2), |(t, channel)| {
        let t = t as f64 / 8000.0;
        let tone = |hertz: f64| (std::f64::consts::TAU * hertz * t).sin();
        if channel == 0 { 0.5 * tone(440.0) * (-3.0 * t).exp() } else { 0.4 * tone(1000.0) }
    });
    for (name, expected) in [("tones.mp3", 0.005_388_719), ("tones.ogg", 0.001_433_603)] {
        let array = read(&location(name), &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((array.values.shape(), array.dtype), (&[6000, 2][..], Dtype::F32), "{name}");
        assert_eq!(array.sample_rate, Some(8000.0), "{name}");
        let error = (&array.values - &tones).mapv(|d| d * d).sum() / tones.mapv(|v| v * v).sum();
        assert!((error - expected).abs() < 1e-7, "{name}: {error}");
        let entries = inspect(location(name).path).unwrap();
        assert_eq!((&entries[0].shape[..], entries[0].sample_rate), (&[6000, 2][..], Some(8000.0)), "{name}");
    }
}

#[test]
fn columns_are_selected_in_every_format() {
    let options = ReadOptions { columns: Some("2,0".parse().unwrap()) };
    let expected = Holds::Signed.matrix().select(ndarray::Axis(1), &[2, 0]);
    for name in ["c_f8.npy", "one.npz", "chunked.h5", "semicolon.csv", "space.dat"] {
        assert_eq!(read(&location(name), &options).unwrap().values, expected, "{name}");
    }
    let error = read(&location("fortran_3d.npy"), &options).unwrap_err();
    assert!(matches!(error, Error::ColumnsOfShape { .. }), "{error}");
}

#[test]
fn three_dimensions_in_fortran_order() {
    let array = read(&location("fortran_3d.npy"), &ReadOptions::default()).unwrap();
    let expected = Holds::Signed.matrix().into_shape_with_order(IxDyn(&[4, 5, 3])).unwrap();
    assert_eq!(array.values, expected);
}

#[test]
fn images_as_mnist_comes() {
    for name in ["images.idx3-ubyte", "images.idx3-ubyte.gz"] {
        let array = read(&location(name), &ReadOptions::default()).unwrap();
        assert_eq!(array.values, unsigned().into_shape_with_order(IxDyn(&[4, 5, 3])).unwrap(), "{name}");
        let entry = inspect(location(name).path).unwrap().remove(0);
        assert_eq!((entry.shape, entry.dtype.as_str(), entry.readable), (vec![4, 5, 3], "uint8", true), "{name}");
    }
    let error = read(&location("images.idx3-ubyte.gz:x"), &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("IDX files hold one array without a name"), "{error}");
}

#[test]
fn a_dataset_must_be_named_where_there_are_several() {
    let message = |name: &str| read(&location(name), &ReadOptions::default()).unwrap_err().to_string();
    assert!(message("two.npz").ends_with("two.npz:sources` (there are `sources`, `mixing`)"), "{}", message("two.npz"));
    let nested = message("nested.h5");
    assert!(nested.ends_with("(there are `/subject/run 1/labels`, `/subject/run 1/recording`)"), "{nested}");
    let slip = message("nested.h5:/subject/run 1/recordings");
    assert!(slip.contains("did you mean `/subject/run 1/recording`?"), "{slip}");
    assert!(message("two.npz:mixin").contains("did you mean `mixing`?"));
    assert!(message("nested.h5:dangling").contains("no dataset `dangling`"));
    assert!(message("nested.h5:/subject").contains("no dataset `/subject`"));
    assert!(message("c_f8.npy:x").contains("leave out what follows the colon"));
}

#[test]
fn values_that_are_no_numbers_are_refused_by_type() {
    for name in ["text.npy", "record.npy", "types.h5:/names"] {
        let error = read(&location(name), &ReadOptions::default()).unwrap_err();
        assert!(matches!(error, Error::UnsupportedDtype { .. }), "{name}: {error}");
    }
    let error = read(&location("float64.wav"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, Error::UnsupportedEncoding { .. } | Error::Corrupt { .. }), "{error}");
}

#[test]
fn inspecting_lists_names_shapes_and_types() {
    let entries = inspect(location("nested.h5").path).unwrap();
    let lines: Vec<_> =
        entries.iter().map(|e| (e.name.as_str(), &e.shape[..], e.dtype.as_str(), e.sample_rate)).collect();
    assert_eq!(
        lines,
        [
            ("/subject/run 1/labels", &[20][..], "int64", None),
            ("/subject/run 1/recording", &[20, 3][..], "int16", Some(250.0)),
        ]
    );
    let types = inspect(location("types.h5").path).unwrap();
    assert_eq!(types.len(), 14);
    let names = types.iter().find(|entry| entry.name == "/names").unwrap();
    assert!(!names.readable);
    assert!(types.iter().filter(|entry| entry.name != "/names").all(|entry| entry.readable));

    let rate = inspect(location("rate.npz").path).unwrap();
    assert_eq!(
        rate.iter().map(|e| (e.name.as_str(), e.shape.len())).collect::<Vec<_>>(),
        [("x", 2), ("sample_rate", 0)]
    );

    let record = inspect(location("record.npy").path).unwrap();
    assert!(!record[0].readable && record[0].dtype.contains("'a'"), "{:?}", record[0]);

    let table = inspect(location("semicolon.csv").path).unwrap().remove(0);
    assert_eq!(table.shape, [20, 3]);
    let layout = table.text.unwrap();
    assert_eq!(layout.delimiter, Delimiter::Semicolon);
    assert_eq!(layout.header.unwrap(), ["first; column", "second", "third"]);

    let audio = inspect(location("int24.wav").path).unwrap().remove(0);
    assert_eq!((audio.shape, audio.dtype.as_str(), audio.sample_rate), (vec![20, 3], "int24", Some(250.0)));
}

/// The recording that the demonstration separates; its first column is the time in s, at 250 Hz.
#[test]
fn the_foetal_ecg_is_read_without_its_time() {
    let ecg = fixture("foetal_ecg.dat");
    let all = read(&Location::from(&ecg), &ReadOptions::default()).unwrap();
    assert_eq!(all.values.shape(), [2500, 9]);
    assert_eq!(all.values[[2499, 0]], 9.996);
    let columns = Some("1-8".parse().unwrap());
    let channels = read(&Location::from(&ecg), &ReadOptions { columns }).unwrap();
    assert_eq!(channels.values.shape(), [2500, 8]);
    assert_eq!(channels.values[[0, 0]], 0.1446);
    assert_eq!(channels.values[[1, 7]], -6.8493);
}

/// Only a tag says how long an MP3 is; without it all frames count, the last one too.
#[test]
fn every_frame_of_an_mp3_without_a_tag_is_read() {
    const KILOBITS: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let bytes = std::fs::read(fixture("formats/tones.mp3")).unwrap();
    // MPEG 2.5, layer III, at 8 kHz: 576 samples in a frame, whose third byte has its bit rate and padding.
    let length = |at: usize| 72 * KILOBITS[usize::from(bytes[at + 2] >> 4)] / 8 + usize::from(bytes[at + 2] >> 1 & 1);
    let starts = std::iter::successors(Some(0), |&at| Some(at + length(at)).filter(|&next| next < bytes.len()));
    let starts: Vec<usize> = starts.collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp3");
    std::fs::write(&path, &bytes[starts[1]..]).unwrap();
    let array = read(&Location::from(&path), &ReadOptions::default()).unwrap();
    assert_eq!(array.values.shape(), [576 * (starts.len() - 1), 2]);
}
