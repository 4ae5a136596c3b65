//! From sources to a report: every command on what the one before it wrote.

use std::fs;

use ndarray::Axis;
use serde_json::Value;

use crate::Bench;

/// Settings of a fit that takes moments: too short to separate well, long enough to be whole.
const SHORT: &str = "--iterations 30 --restarts 2 --set training.log_every=10 --quiet";

/// A bench with a mixture of three sources in `m.npz`, and a run fitted to it.
fn fitted() -> Bench {
    let bench = Bench::new();
    bench.ok("synth ar-laplace --samples 300 --out s.npy");
    bench.ok("mix s.npy --out m.npz");
    bench.ok(&format!("fit m.npz --out run {SHORT}"));
    bench
}

#[test]
fn every_command_takes_what_the_one_before_it_wrote() {
    let bench = fitted();
    for file in ["config.toml", "model.safetensors", "state.safetensors", "metrics.jsonl", "run.json"] {
        assert!(bench.path("run").join(file).is_file(), "{file}");
    }
    let lines = fs::read_to_string(bench.path("run/metrics.jsonl")).unwrap();
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines}");

    let said = bench.json("separate m.npz --run run --out e.npz --std");
    assert_eq!((&said["samples"], &said["sources"]), (&300.into(), &3.into()));
    let (sources, std) = (bench.read("e.npz:sources"), bench.read("e.npz:std"));
    assert_eq!((sources.shape(), std.shape()), (&[300, 3][..], &[300, 3][..]));
    assert!(sources.std_axis(Axis(0), 0.0).iter().all(|std| (std - 1.0).abs() < 1e-3));
    assert!(std.iter().all(|std| std.is_finite() && *std > 0.0));
    assert_eq!(bench.read("e.npz:mixing").shape(), [3, 3]);

    let scores = bench.json("evaluate --estimate e.npz --reference m.npz");
    assert!(scores["correlation"]["min"].as_f64().unwrap() > 0.3, "{scores}");
    assert_eq!(scores["amari"]["of"], "mixing");

    assert_eq!(bench.json("inspect run")["config"]["sources"], 3);
    bench.ok("report run --reference m.npz --out page");
    let page = fs::read_to_string(bench.path("page/index.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("NaN"), "the page shows figures of finite values");
}

#[test]
fn the_same_seed_gives_the_same_estimates() {
    let bench = fitted();
    bench.ok(&format!("fit m.npz --out again {SHORT}"));
    bench.ok(&format!("fit m.npz --out other {SHORT} --seed 1"));
    for run in ["run", "again", "other"] {
        bench.ok(&format!("separate --run {run} --out {run}.npy"));
    }
    assert_eq!(bench.read("run.npy"), bench.read("again.npy"));
    assert_ne!(bench.read("run.npy"), bench.read("other.npy"));
}

#[test]
fn formats_of_one_array_get_a_file_for_each() {
    let bench = fitted();
    bench.ok("separate --run run --out e.npy --std");
    assert_eq!(bench.read("e.npy").shape(), bench.read("e.std.npy").shape());
    bench.ok("separate --run run --out sounds --sample-rate 8000");
    assert_eq!(bench.read("sounds/source-3.wav").shape(), [300, 1]);
}

#[test]
fn a_run_is_never_overwritten_unasked() {
    let bench = fitted();
    bench.fails(&format!("fit m.npz --out run {SHORT}"), 1, &["run", "--resume", "--force"]);
    bench.ok(&format!("fit m.npz --out run {SHORT} --force"));
    bench.ok("fit m.npz --out run --resume --quiet");
    bench.fails("fit s.npy --out run --resume --quiet", 1, &["was fitted to other data than"]);
    bench.fails("fit m.npz --out run --resume --quiet --seed 5", 1, &["seed is 0", "5 was asked for"]);
    bench.fails("fit m.npz --out none --resume --quiet", 1, &["none"]);
    bench.write_text("file", "");
    bench.fails(&format!("fit m.npz --out file/run {SHORT}"), 1, &["file"]);
}

#[test]
fn too_many_sources_are_refused_with_the_mend() {
    let bench = fitted();
    bench.fails(&format!("fit m.npz --out more --sources 4 {SHORT}"), 1, &["4 sources", "3 channels"]);
}

#[test]
fn what_is_no_whole_run_is_refused_by_name() {
    let bench = fitted();
    bench.fails("separate --run none --out e.npy", 1, &["none"]);
    bench.fails("report none", 1, &["none"]);
    let two = bench.read("s.npy").select(Axis(1), &[0, 1]);
    bench.write("two.npz", &[("x", two)]);
    bench.fails(
        "separate two.npz --run run --out e.npy",
        1,
        &["two.npz: has 2 channels, but the model was fitted to 3"],
    );
    bench.fails("separate --run run --out e.xyz", 1, &["e.xyz: unknown extension"]);
    bench.fails("separate --run run --out none/e.npy", 1, &["none: no such file or folder"]);
    bench.fails("separate --run run --out e.csv --std", 1, &["e.csv: "]);

    let model = bench.path("run/model.safetensors");
    let whole = fs::read(&model).unwrap();
    for length in [0, 7, whole.len() / 2, whole.len() - 1] {
        fs::write(&model, &whole[..length]).unwrap();
        bench.fails("separate --run run --out e.npy", 1, &["model.safetensors"]);
        bench.fails("report run", 1, &["model.safetensors"]);
    }
    // Settings of another model: its tensors have other shapes.
    let at = whole.windows(10).position(|bytes| bytes == b"hidden = 2").expect("the file holds its settings");
    let mut other = whole.clone();
    other[at + 9] = b'9';
    fs::write(&model, &other).unwrap();
    bench.fails("separate --run run --out e.npy", 1, &["model.safetensors: does not hold the model it describes"]);
    fs::remove_file(&model).unwrap();
    bench.fails("separate --run run --out e.npy", 1, &["run: has saved no model yet"]);
}

#[test]
fn the_model_s_file_is_enough_to_separate() {
    let bench = fitted();
    bench.ok("separate --run run --out a.npy");
    bench.write_text("run/config.toml", "seed = 7\n");
    for file in ["state.safetensors", "metrics.jsonl", "run.json"] {
        fs::remove_file(bench.path("run").join(file)).unwrap();
    }
    bench.ok("separate --run run --out b.npy");
    assert_eq!(bench.read("a.npy"), bench.read("b.npy"));
}
