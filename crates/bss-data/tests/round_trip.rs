//! What is written is read back bit for bit, in every format that is written.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail where they stand")]

use std::io::Write as _;

use bss_data::{Dtype, Error, Location, Named, ReadOptions, inspect, read, write};
use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::{ArrayD, IxDyn, ShapeBuilder, arr1, arr2};
use proptest::prelude::*;

/// Numbers of every kind: NaN, infinite, subnormal, zero of either sign, and ordinary.
fn number() -> impl Strategy<Value = f64> {
    use proptest::num::f64;
    prop_oneof![
        4 => f64::ANY,
        1 => Just(-0.0),
        1 => Just(std::f64::consts::PI * 1e-310),
        1 => -100.0..100.0,
    ]
}

/// Arrays of `dimensions` dimensions, in C or Fortran order.
fn array(dimensions: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = ArrayD<f64>> {
    (prop::collection::vec(1_usize..6, dimensions), any::<bool>()).prop_flat_map(|(shape, fortran)| {
        prop::collection::vec(number(), shape.iter().product::<usize>())
            .prop_map(move |values| ArrayD::from_shape_vec(IxDyn(&shape).set_f(fortran), values).unwrap())
    })
}

fn dtype() -> impl Strategy<Value = Dtype> {
    prop_oneof![Just(Dtype::F32), Just(Dtype::F64)]
}

/// The values as a file of that type can hold them.
fn stored(values: &ArrayD<f64>, dtype: Dtype) -> ArrayD<f64> {
    match dtype {
        Dtype::F32 => values.mapv(|value| f64::from(value as f32)),
        _ => values.clone(),
    }
}

/// Equal in shape and in every bit, except that any NaN equals any other.
fn same(a: &ArrayD<f64>, b: &ArrayD<f64>) -> bool {
    let alike = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.shape() == b.shape() && a.iter().zip(b).all(alike)
}

/// Writes one array called `x` to a file with that extension, and reads it.
fn round_trip(extension: &str, values: &ArrayD<f64>, dtype: Dtype, rate: Option<f64>) -> bss_data::Array {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a").with_extension(extension);
    write(&path, &[Named { name: "x", values }], dtype, rate).unwrap();
    assert!(inspect(&path).unwrap()[0].readable);
    read(&Location::from(&path), &ReadOptions::default()).unwrap()
}

/// An array as IDX holds it, which this crate only reads: in any of its types, plain or packed.
fn idx() -> impl Strategy<Value = (ArrayD<f64>, Dtype, Vec<u8>, bool)> {
    let code = prop::sample::select(vec![0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e]);
    let shape = prop::collection::vec(1_usize..6, 0..=4);
    (code, shape, any::<bool>()).prop_flat_map(|(code, shape, packed)| {
        prop::collection::vec(any::<[u8; 8]>(), shape.iter().product::<usize>()).prop_map(move |numbers| {
            let mut bytes = vec![0, 0, code, shape.len() as u8];
            bytes.extend(shape.iter().flat_map(|&size| (size as u32).to_be_bytes()));
            let mut values = Vec::new();
            let mut dtype = Dtype::U8;
            for [a, b, c, d, e, f, g, h] in numbers {
                let (value, of, stored) = match code {
                    0x08 => (f64::from(a), Dtype::U8, &[a][..]),
                    0x09 => (f64::from(a as i8), Dtype::I8, &[a][..]),
                    0x0b => (f64::from(i16::from_be_bytes([a, b])), Dtype::I16, &[a, b][..]),
                    0x0c => (f64::from(i32::from_be_bytes([a, b, c, d])), Dtype::I32, &[a, b, c, d][..]),
                    0x0d => (f64::from(f32::from_be_bytes([a, b, c, d])), Dtype::F32, &[a, b, c, d][..]),
                    _ => (f64::from_be_bytes([a, b, c, d, e, f, g, h]), Dtype::F64, &[a, b, c, d, e, f, g, h][..]),
                };
                values.push(value);
                dtype = of;
                bytes.extend(stored);
            }
            (ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap(), dtype, bytes, packed)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arrays_of_any_shape((values, dtype) in (array(0..=3), dtype()), rate in prop::option::of(0.1..1e6)) {
        for extension in ["npy", "npz", "h5", "hdf5"] {
            let back = round_trip(extension, &values, dtype, rate);
            prop_assert!(same(&back.values, &stored(&values, dtype)), "{extension}: {back:?}");
            prop_assert_eq!(back.dtype, dtype);
            prop_assert_eq!(back.sample_rate, if extension == "npy" { None } else { rate });
        }
    }

    #[test]
    fn tables((values, dtype) in (array(2..=2), dtype())) {
        for extension in ["csv", "tsv", "dat", "txt"] {
            let back = round_trip(extension, &values, dtype, None);
            prop_assert_eq!(back.values.shape(), values.shape());
            // Text of float32 has only the digits that float32 needs.
            let back = stored(&back.values, dtype);
            prop_assert!(same(&back, &stored(&values, dtype)), "{extension}: {back:?}");
        }
    }

    #[test]
    fn recordings(values in array(1..=2), rate in 1_u32..400_000) {
        let back = round_trip("wav", &values, Dtype::F64, Some(f64::from(rate)));
        let expected = stored(&values, Dtype::F32);
        let column = IxDyn(&[expected.len(), 1]);
        let expected = if expected.ndim() == 1 { expected.into_shape_with_order(column).unwrap() } else { expected };
        prop_assert!(same(&back.values, &expected), "{back:?}");
        prop_assert_eq!((back.dtype, back.sample_rate), (Dtype::F32, Some(f64::from(rate))));
    }

    #[test]
    fn idx_files((values, dtype, bytes, packed) in idx()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if packed { "a-ubyte.gz" } else { "a.idx" });
        let bytes = if packed {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap()
        } else {
            bytes
        };
        std::fs::write(&path, bytes).unwrap();
        let back = read(&Location::from(&path), &ReadOptions::default()).unwrap();
        prop_assert!(same(&back.values, &values), "{back:?}");
        prop_assert_eq!(back.dtype, dtype);
        prop_assert_eq!(&inspect(&path).unwrap()[0].shape[..], values.shape());
    }
}

#[test]
fn several_arrays_keep_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let sources = arr2(&[[1., 2.], [3., 4.], [5., 6.]]).into_dyn();
    let std = arr1(&[0.5]).into_dyn();
    let arrays = [Named { name: "sources", values: &sources }, Named { name: "std", values: &std }];
    let get = |location: String| read(&location.parse().unwrap(), &ReadOptions::default()).unwrap().values;

    for extension in ["npz", "h5"] {
        let path = folder.path().join("out").with_extension(extension);
        write(&path, &arrays, Dtype::F64, Some(8.0)).unwrap();
        assert_eq!(get(format!("{}:sources", path.display())), sources);
        assert_eq!(get(format!("{}:std", path.display())), std);
    }
    let path = folder.path().join("run.1.npy");
    write(&path, &arrays, Dtype::F64, None).unwrap();
    assert_eq!(get(path.display().to_string()), sources);
    assert_eq!(get(folder.path().join("run.1.std.npy").display().to_string()), std);
}

#[test]
fn the_same_arrays_give_the_same_bytes() {
    let values = arr2(&[[0.25, 0.5], [0.75, 1.]]).into_dyn();
    let bytes = |extension: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a").with_extension(extension);
        write(&path, &[Named { name: "x", values: &values }], Dtype::F64, Some(8.0)).unwrap();
        std::fs::read(path).unwrap()
    };
    for extension in ["npy", "npz", "h5", "csv", "wav", "png"] {
        let first = bytes(extension);
        // HDF5 counts time in seconds.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert_eq!(first, bytes(extension), "{extension}");
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused_and_nothing_is_written() {
    let cube = ArrayD::zeros(IxDyn(&[2, 2, 2]));
    let vector = arr1(&[1.0, 2.0]).into_dyn();
    let one = [Named { name: "x", values: &vector }];
    let three = [Named { name: "x", values: &cube }];
    let two = [one[0], Named { name: "y", values: &vector }];
    let folder = tempfile::tempdir().unwrap();
    for (name, arrays, rate, part) in [
        ("a.csv", &three[..], None, "shape [2, 2, 2]; write .npy, .npz or .h5"),
        ("a.csv", &two[..], None, "2 arrays"),
        ("a.wav", &three[..], Some(8.0), "shape [2, 2, 2]"),
        ("a.wav", &one[..], None, "without a sample rate"),
        ("a.wav", &one[..], Some(8.5), "rate of 8.5 Hz"),
        ("a.wav", &two[..], Some(8.0), "2 arrays"),
        ("a.npy", &[][..], None, "nothing"),
        ("a.png", &three[..], None, "shape [2, 2, 2]"),
        ("a.png", &one[..], None, "shape [2]"),
        ("a.mat", &one[..], None, "unknown extension"),
        ("a.idx.gz", &one[..], None, "IDX files are only read; write .npy, .npz or .h5"),
        ("no/such/a.npy", &one[..], None, "no such file or folder"),
        ("no/such/a.h5", &one[..], None, "no such file or folder"),
    ] {
        let error = write(&folder.path().join(name), arrays, Dtype::F64, rate).unwrap_err().to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
    let error = write(&folder.path().join("a.npy"), &one, Dtype::I16, None).unwrap_err();
    assert!(matches!(error, Error::UnsupportedDtype { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
