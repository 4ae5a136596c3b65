//! `bss separate`: formats, the convention on order, sign and scale, and what is refused.

use std::fs;

use ndarray::{Array1, Array2, Axis, Ix2, s};

use crate::Bench;
use crate::fit::fitted;

fn matrix(bench: &Bench, file: &str) -> Array2<f64> {
    bench.read(file).into_dimensionality::<Ix2>().unwrap()
}

/// The largest difference between two matrices.
#[track_caller]
fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    (a - b).iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

fn centred(values: &Array2<f64>) -> Array2<f64> {
    values - &values.mean_axis(Axis(0)).unwrap()
}

#[test]
fn every_format_holds_the_same() {
    let bench = fitted();
    let said = bench.ok("separate m.npz --run run --out e.npz --std");
    assert_eq!(said, "wrote e.npz: 200 samples of 3 sources\n");
    let (sources, std, mixing) =
        (matrix(&bench, "e.npz:sources"), matrix(&bench, "e.npz:std"), matrix(&bench, "e.npz:mixing"));
    assert_eq!((sources.dim(), std.dim(), mixing.dim()), ((200, 3), (200, 3), (3, 3)));

    bench.ok("separate --run run --out e.h5 --std");
    assert_eq!(matrix(&bench, "e.h5:/sources"), sources);
    assert_eq!(matrix(&bench, "e.h5:/std"), std);
    assert_eq!(matrix(&bench, "e.h5:/mixing"), mixing);

    let said = bench.ok("separate --run run --out e.npy --std");
    assert_eq!(said, "wrote e.npy, e.std.npy: 200 samples of 3 sources\n");
    assert_eq!((matrix(&bench, "e.npy"), matrix(&bench, "e.std.npy")), (sources.clone(), std));

    bench.ok("separate --run run --out e.npy");
    assert!(!bench.path("e.std.npy").exists(), "it was of the estimate that was replaced");

    bench.ok("separate --run run --out e.csv");
    assert_eq!(matrix(&bench, "e.csv"), sources);
    bench.ok("separate --run run --out e.wav --sample-rate 8000");
    assert!(distance(&matrix(&bench, "e.wav"), &sources) < 1e-6, "sound files are float32");
    bench.ok("separate --run run --out folder --sample-rate 8000");
    for j in 0..3 {
        let source = matrix(&bench, &format!("folder/source-{}.wav", j + 1));
        assert!(distance(&source, &sources.slice(s![.., j..=j]).to_owned()) < 1e-6);
    }
    bench.ok("separate --run run --out plain.npz");
    assert!(!bench.ok("inspect plain.npz").contains("std"), "std is written where it is asked for");
}

#[test]
fn sources_keep_to_the_convention() {
    let bench = fitted();
    let said = bench.json("separate --run run --out e.npz");
    let (sources, mixing) = (matrix(&bench, "e.npz:sources"), matrix(&bench, "e.npz:mixing"));
    assert!(sources.std_axis(Axis(0), 0.0).iter().all(|std| (std - 1.0).abs() < 1e-5), "variances are 1");
    let powers: Vec<f64> = mixing.columns().into_iter().map(|column| column.dot(&column)).collect();
    assert!(powers.is_sorted_by(|a, b| a >= b), "the largest comes first: {powers:?}");
    for column in mixing.columns() {
        let largest = column.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        assert!(largest > 0.0, "{column}");
    }
    let total = matrix(&bench, "m.npz:mixture").var_axis(Axis(0), 0.0).sum();
    for (j, power) in powers.iter().enumerate() {
        let share = said["explained_variance"][j].as_f64().unwrap();
        assert!((share - power / total).abs() < 1e-5, "{share} is not {}", power / total);
    }
}

#[test]
fn sources_and_mixing_give_the_mixture_back_at_either_scale() {
    let bench = fitted();
    let mixture = centred(&matrix(&bench, "m.npz:mixture"));
    bench.ok("separate --run run --out unit.npz --std");
    bench.ok("separate --run run --out original.npz --std --scale original");
    let product = |file: &str| {
        let (sources, mixing) = (matrix(&bench, &format!("{file}:sources")), matrix(&bench, &format!("{file}:mixing")));
        centred(&sources).dot(&mixing.t())
    };
    assert!(distance(&product("unit.npz"), &mixture) < 1e-4, "a tied decoder inverts the encoder");
    assert!(distance(&product("original.npz"), &product("unit.npz")) < 1e-12);
    // At its original scale a source has the root mean square, over channels, of what it adds to the recording.
    let (original, mixing) = (matrix(&bench, "original.npz:sources"), matrix(&bench, "unit.npz:mixing"));
    let expected: Array1<f64> = mixing.columns().into_iter().map(|a| (a.dot(&a) / 3.0).sqrt()).collect();
    let ratio = original.std_axis(Axis(0), 0.0) / &expected;
    assert!(ratio.iter().all(|ratio| (ratio - 1.0).abs() < 1e-5), "{ratio}");
    let certainty = |file: &str| matrix(&bench, &format!("{file}:std")) / matrix(&bench, &format!("{file}:sources"));
    assert!(distance(&certainty("unit.npz"), &certainty("original.npz").mapv(f64::from)) < 1e-6);
}

#[test]
fn a_part_is_separated_as_in_the_whole() {
    let bench = fitted();
    let mixture = matrix(&bench, "m.npz:mixture");
    bench.write_array("part.npy", mixture.slice(s![60..140, ..]).to_owned());
    bench.ok("separate --run run --out whole.npy");
    bench.ok("separate part.npy --run run --out e.npy");
    let whole = matrix(&bench, "whole.npy");
    assert_eq!(matrix(&bench, "e.npy"), whole.slice(s![60..140, ..]));
}

#[test]
fn the_transpose_is_taken_and_given() {
    let bench = fitted();
    bench.write_array("t.npy", matrix(&bench, "m.npz:mixture").reversed_axes());
    bench.ok("separate --run run --out e.npz --std");
    // A run on such an array is one on its transpose, and `separate` remembers.
    bench.ok("fit t.npy --channels-first --out turned --iterations 60 --restarts 2 --quiet");
    bench.ok("separate --run turned --out a.npz --std --quiet");
    bench.ok("separate t.npy --run run --out b.npz --std --channels-first --quiet");
    for file in ["a.npz", "b.npz"] {
        for name in ["sources", "std"] {
            let turned = matrix(&bench, &format!("{file}:{name}")).reversed_axes();
            assert_eq!(turned, matrix(&bench, &format!("e.npz:{name}")), "{file}:{name}");
        }
        assert_eq!(matrix(&bench, &format!("{file}:mixing")), matrix(&bench, "e.npz:mixing"), "{file}");
    }
}

#[test]
fn the_run_s_own_way_of_reading_is_kept() {
    let bench = fitted();
    let mut holed = matrix(&bench, "m.npz:mixture");
    holed[[7, 0]] = f64::NAN;
    bench.write_array("holed.npy", holed);
    bench.fails("separate holed.npy --run run --out e.npy", 1, &["holed.npy: 1 of 600 values are NaN", "--on-nan"]);
    bench.ok("fit holed.npy --columns 0,2 --on-nan drop --out two --iterations 5 --restarts 1 --quiet");
    bench.ok("separate --run two --out e.npy --quiet");
    assert_eq!(bench.read("e.npy").shape(), [199, 2]);
    bench.ok("separate --run two --out e.npy --on-nan interpolate --quiet");
    assert_eq!(bench.read("e.npy").shape(), [200, 2]);
}

#[test]
fn noise_that_is_known_widens_the_bands_and_moves_no_estimate() {
    let bench = fitted();
    let estimated = bench.json("separate --run run --out e.npz --std")["noise_db"].as_f64().unwrap();
    let of = |noise_db: f64| {
        let said = bench.json(&format!("separate --run run --out n.npz --std --noise-db {noise_db}"));
        assert!((said["noise_db"].as_f64().unwrap() - noise_db).abs() < 1e-9);
        (matrix(&bench, "n.npz:sources"), matrix(&bench, "n.npz:std"))
    };
    let [(sources, loud), (_, faint), (_, same)] = [0.0, 80.0, estimated].map(of);
    assert_eq!(sources, matrix(&bench, "e.npz:sources"));
    assert!(loud.iter().zip(&faint).all(|(loud, faint)| loud > faint));
    assert!(distance(&same, &matrix(&bench, "e.npz:std")) < 1e-9);
    bench.fails("separate --run run --out n.npz --noise-db 20", 2, &["--std"]);
    let parts = ["--noise-db is inf, expected a ratio of signal to noise in dB"];
    bench.fails("separate --run run --out n.npz --std --noise-db inf", 1, &parts);
    bench.ok("fit m.npz --out mlp --iterations 5 --restarts 1 --set encoder.kind=mlp --set decoder.kind=mlp");
    bench.fails("separate --run mlp --out n.npz --std --noise-db 20", 1, &["the encoder of mlp is not linear"]);
    let ended = bench.run(&["separate", "--run", "mlp", "--out", "n.npz", "--std"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("warning: the encoder is not linear"), "{}", ended.stderr);
}

#[test]
fn the_json_names_all_that_was_written() {
    let bench = fitted();
    let said = bench.json("separate --run run --out e.npy --std");
    assert_eq!(said["out"], serde_json::json!(["e.npy", "e.std.npy"]));
    assert_eq!((&said["samples"], &said["sources"]), (&200.into(), &3.into()));
    assert_eq!((&said["run"], &said["input"]), (&"run".into(), &"m.npz:mixture".into()));
    assert_eq!((&said["warnings"], &said["sample_rate"]), (&serde_json::json!([]), &serde_json::Value::Null));
    assert_eq!(said["explained_variance"].as_array().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_separated_or_written_is_refused() {
    let bench = fitted();
    bench.write_array("two.npy", matrix(&bench, "m.npz:mixture").slice(s![.., ..2]).to_owned());
    bench.write_array("loud.npy", matrix(&bench, "m.npz:mixture") * 1e29);
    bench.write_array("faint.npy", matrix(&bench, "m.npz:mixture") * 1e-20);
    bench.ok("fit faint.npy --out sensitive --iterations 5 --restarts 1");
    fs::create_dir(bench.path("full")).unwrap();
    bench.write_text("full/notes.txt", "keep me");
    for (arguments, parts) in [
        ("--run run --out e.npy --mask", &["--mask", "run was fitted with ar-flow", "leave --mask out"][..]),
        ("two.npy --run run --out e.npy", &["two.npy: ", "3", "2", "--columns"]),
        ("none.npy --run run --out e.npy", &["none.npy: no such file"]),
        ("loud.npy --run sensitive --out e.npy", &["loud.npy: values are too large for sensitive; rescale them"]),
        ("--run none --out e.npy", &["none: not a run folder: config.toml is missing"]),
        ("--run run --out e.csv --std", &["e.csv: text files cannot hold 2 arrays; write .npz or .h5"]),
        ("--run run --out e.wav", &["e.wav: WAVE files cannot hold audio without a sample rate"]),
        ("--run run --out e.xyz", &["e.xyz: unknown extension; expected one of .npy"]),
        ("--run run --out no/e.npy", &["no: no such file or folder"]),
        ("--run run --out m.npz/folder", &["m.npz/folder: "]),
        ("--run run --out folder", &["folder: ", "needs a sample rate; give --sample-rate", "folder.npz"]),
        ("--run run --out folder --sample-rate 250 --std", &["folder: .wav files hold no standard deviations"]),
        ("--run run --out full --sample-rate 250", &["full: is a folder that is not empty", "--force"]),
    ] {
        bench.fails(&format!("separate {arguments}"), 1, parts);
        assert!(!bench.path("e.npy").exists() && !bench.path("folder").exists(), "{arguments}");
    }
    bench.fails("separate --run run --out e.npy --scale loud", 2, &["unit, original"]);
    bench.ok("separate --run run --out full --sample-rate 250 --force");
    assert!(bench.path("full/notes.txt").exists() && bench.path("full/source-3.wav").exists());
}
