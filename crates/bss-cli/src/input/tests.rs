//! Recordings that are joined, selected, repaired and refused.

use std::fs;
use std::path::Path;
use std::slice;

use bss_data::{Dtype, Named};
use ndarray::{Array2, array};

use super::*;

/// Forty samples of two channels, all different.
fn ramp() -> Array2<f64> {
    Array2::from_shape_fn((40, 2), |(sample, channel)| (sample * (channel + 1)) as f64 + 0.5)
}

fn saved(folder: &Path, name: &str, values: &Array2<f64>) -> String {
    let path = folder.join(name);
    let values = values.clone().into_dyn();
    bss_data::write(&path, &[Named { name: "x", values: &values }], Dtype::F64, None).unwrap();
    path.display().to_string()
}

fn read(inputs: &[String], reading: &Reading) -> (Result<Recording>, Warnings) {
    let mut warnings = Warnings::new(true);
    (read_recording(inputs, reading, &mut warnings), warnings)
}

/// The recording, or the message, for values in a file.
fn of(values: &Array2<f64>, on_nan: Option<OnNan>) -> (Result<Recording, String>, Vec<Warning>) {
    let folder = tempfile::tempdir().unwrap();
    let file = saved(folder.path(), "a.npy", values);
    let (recording, warnings) = read(&[file], &Reading { on_nan, ..Reading::default() });
    (recording.map_err(|error| format!("{error:#}")), warnings.as_slice().to_vec())
}

#[test]
fn files_are_joined_along_samples() {
    let folder = tempfile::tempdir().unwrap();
    let a = saved(folder.path(), "a.npy", &ramp());
    let b = saved(folder.path(), "b.csv", &(ramp() + 1.0));
    let recording = read(&[a, b], &Reading::default()).0.unwrap();
    assert_eq!(recording.values.dim(), (80, 2));
    assert_eq!(recording.values[[41, 1]], ramp()[[1, 1]] + 1.0);
    assert!(recording.label.ends_with("a.npy and 1 more"), "{}", recording.label);
}

#[test]
fn sound_of_one_channel_is_joined_along_channels() {
    let folder = tempfile::tempdir().unwrap();
    let sound = |name: &str, values: Array2<f64>, rate: f64| {
        let (path, values) = (folder.path().join(name), values.into_dyn());
        bss_data::write(&path, &[Named { name: "x", values: &values }], Dtype::F32, Some(rate)).unwrap();
        path.display().to_string()
    };
    let tone = |samples, pitch: f64| Array2::from_shape_fn((samples, 1), |(t, _)| (pitch * t as f64).sin());
    let (left, right) = (sound("left.wav", tone(40, 0.3), 8e3), sound("right.wav", tone(40, 0.5), 8e3));
    let recording = read(&[left.clone(), right.clone()], &Reading::default()).0.unwrap();
    assert_eq!((recording.values.dim(), recording.sample_rate), ((40, 2), Some(8e3)));
    assert_eq!(recording.channel_names, ["left.wav", "right.wav"]);
    assert!((recording.values[[3, 1]] - 1.5_f64.sin()).abs() < 1e-6);
    let (short, other) = (sound("short.wav", tone(39, 0.5), 8e3), sound("other.wav", tone(40, 0.5), 16e3));
    for (second, said) in [(short, "has 39 samples, but"), (other, "has 16000 Hz, but")] {
        let message = read(&[left.clone(), second], &Reading::default()).0.unwrap_err().to_string();
        assert!(message.contains(said), "{message}");
    }
    let reading = Reading { sample_rate: Some(16e3), ..Reading::default() };
    let resampled = read(&[left, sound("faster.wav", tone(80, 0.25), 16e3)], &reading).0.unwrap();
    assert_eq!((resampled.values.dim(), resampled.sample_rate), ((80, 2), Some(16e3)), "two rates become one");
    assert!((resampled.values[[40, 0]] - 6.0_f64.sin()).abs() < 0.05, "sample 40 of 16 kHz is sample 20 of 8 kHz");
    let broken = sound("broken.wav", tone(40, 0.5).mapv(|value| if value > 0.9 { f64::NAN } else { value }), 8e3);
    let message = read(&[broken], &reading).0.unwrap_err().to_string();
    assert!(message.contains("broken.wav") && message.contains("leave --sample-rate out"), "{message}");
    // What has several channels goes on where the other ends.
    let stereo = sound("stereo.wav", Array2::from_shape_fn((40, 2), |(t, c)| (t + 40 * c) as f64 / 80.0), 8e3);
    assert_eq!(read(&[stereo.clone(), stereo], &Reading::default()).0.unwrap().values.dim(), (80, 2));
}

#[test]
fn headers_name_channels_and_columns_select_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let rows: Vec<String> = (0..40).map(|t| format!("{t},{},{}", t * t, t * t * t)).collect();
    fs::write(&path, format!("time,left,right\n{}\n", rows.join("\n"))).unwrap();
    let reading = Reading { columns: Some("2,1".parse().unwrap()), ..Reading::default() };
    let recording = read(&[path.display().to_string()], &reading).0.unwrap();
    assert_eq!(recording.channel_names, ["right", "left"]);
    assert_eq!(recording.values.row(2), array![8.0, 4.0]);
}

#[test]
fn channels_first_is_the_transpose_and_columns_are_channels_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = saved(folder.path(), "a.npy", &ramp().reversed_axes().as_standard_layout().into_owned());
    let both = Reading { channels_first: true, ..Reading::default() };
    assert_eq!(read(slice::from_ref(&file), &both).0.unwrap().values, ramp());
    let second = Reading { columns: Some("1".parse().unwrap()), ..both.clone() };
    let recording = read(slice::from_ref(&file), &second).0.unwrap();
    assert_eq!(recording.values.column(0), ramp().column(1));
    let fifth = Reading { columns: Some("5".parse().unwrap()), ..both };
    assert!(
        read(&[file], &fifth).0.unwrap_err().to_string().contains("column 5 was selected, but the table has 2 columns")
    );
}

#[test]
fn what_looks_transposed_is_warned_of() {
    let wide = Array2::from_shape_fn((33, 40), |(sample, channel)| (sample * channel) as f64 + channel as f64);
    let (recording, warnings) = of(&wide, None);
    assert!(recording.is_ok());
    let warning = warnings[0].to_string();
    assert!(
        warning.contains("40 channels of only 33 samples") && warning.contains("give --channels-first"),
        "{warning}"
    );
}

#[test]
fn a_vector_is_one_channel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let values = ramp().column(0).to_owned().into_dyn();
    bss_data::write(&path, &[Named { name: "x", values: &values }], Dtype::F64, None).unwrap();
    let recording = read(&[path.display().to_string()], &Reading::default()).0.unwrap();
    assert_eq!(recording.values.dim(), (40, 1));
    assert_eq!(recording.channel_names, ["channel 1"]);
}

#[test]
fn values_that_are_not_finite_are_located() {
    let mut values = ramp();
    values[[7, 1]] = f64::NAN;
    values[[30, 0]] = f64::INFINITY;
    let message = of(&values, None).0.unwrap_err();
    for part in ["2 of 80 values", "the first (NaN) at sample 7 of channel 2", "--on-nan drop"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn samples_with_gaps_are_dropped() {
    let mut values = ramp();
    values[[7, 1]] = f64::NAN;
    values[[7, 0]] = f64::NEG_INFINITY;
    values[[39, 0]] = f64::NAN;
    let (recording, warnings) = of(&values, Some(OnNan::Drop));
    let recording = recording.unwrap();
    assert_eq!(recording.values.dim(), (38, 2));
    assert_eq!(recording.values.row(7), ramp().row(8));
    assert_eq!(warnings, [Warning::Dropped { samples: 2, of: 40 }]);
}

#[test]
fn dropping_all_but_a_few_is_refused() {
    let mut values = ramp();
    values.column_mut(1).fill(f64::NAN);
    let message = of(&values, Some(OnNan::Drop)).0.unwrap_err();
    assert!(message.contains("40 of 40 samples hold NaN"), "{message}");
}

#[test]
fn gaps_are_bridged_by_straight_lines() {
    let mut values = ramp();
    for sample in [0, 1, 10, 11, 12, 39] {
        values[[sample, 1]] = f64::NAN;
    }
    let (recording, warnings) = of(&values, Some(OnNan::Interpolate));
    let repaired = recording.unwrap().values;
    let mut expected = ramp();
    expected[[0, 1]] = ramp()[[2, 1]];
    expected[[1, 1]] = ramp()[[2, 1]];
    expected[[39, 1]] = ramp()[[38, 1]];
    assert!((repaired - expected).iter().all(|gap| gap.abs() < 1e-12));
    assert_eq!(warnings, [Warning::Interpolated { values: 6, of: 80 }]);
}

#[test]
fn a_channel_without_any_value_cannot_be_interpolated() {
    let mut values = ramp();
    values.column_mut(1).fill(f64::NAN);
    let message = of(&values, Some(OnNan::Interpolate)).0.unwrap_err();
    assert!(message.contains("channel 2 holds no finite value"), "{message}");
}

#[test]
fn constant_and_duplicate_channels_are_named() {
    let ramp = ramp();
    let values = Array2::from_shape_fn((40, 4), |(sample, channel)| match channel {
        0 => 3.0,
        1 | 3 => ramp[[sample, 0]],
        _ => ramp[[sample, 1]],
    });
    let (recording, warnings) = of(&values, None);
    assert_eq!(recording.unwrap().values, values);
    let messages: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(messages[0].contains("channel 1 is constant"), "{messages:?}");
    assert!(messages[1].contains("channel 2 = channel 4"), "{messages:?}");
}

#[test]
fn what_cannot_be_separated_is_refused() {
    let mut huge = ramp();
    huge[[3, 1]] = -1e31;
    for (values, part) in [
        (ramp().slice_move(ndarray::s![..20, ..]), "20 samples of 2 channels are too few"),
        (Array2::ones((2, 50)), "give --channels-first"),
        (Array2::ones((40, 2)), "every channel is constant"),
        (huge, "the value -1e31 at sample 3 of channel 2"),
        (ramp() * 1e-200, "too small, expected magnitudes from 1e-100; rescale"),
    ] {
        let message = of(&values, None).0.unwrap_err();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn inputs_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let a = saved(folder.path(), "a.npy", &ramp());
    let b = saved(folder.path(), "b.npy", &ramp().slice_move(ndarray::s![.., ..1]));
    let message = read(&[a.clone(), b], &Reading::default()).0.unwrap_err().to_string();
    assert!(message.contains("b.npy has 1 channels, but"), "{message}");
    let rated = |name: &str, rate| {
        let values = ramp().into_dyn();
        let path = folder.path().join(name);
        bss_data::write(&path, &[Named { name: "x", values: &values }], Dtype::F64, Some(rate)).unwrap();
        path.display().to_string()
    };
    let (slow, fast) = (rated("slow.npz", 100.0), rated("fast.npz", 250.0));
    let message = read(&[slow.clone(), fast], &Reading::default()).0.unwrap_err().to_string();
    assert!(message.contains("250 Hz") && message.contains("100 Hz"), "{message}");
    let recording = read(&[a, slow], &Reading::default()).0.unwrap();
    assert_eq!(recording.sample_rate, Some(100.0));
}
