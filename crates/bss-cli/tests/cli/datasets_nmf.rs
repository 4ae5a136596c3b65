//! Non-negative matrix factorisation of datasets, by the same commands.

use bss_train::Checkpoint;
use candle_core::{Device, Tensor};
use ndarray::{Axis, s};
use serde_json::{Value, json};

use crate::Bench;
use crate::datasets::{mixed, spots};

/// A fit in moments.
const NMF: &str = "--model nmf --set nmf.templates=6 --quiet";

/// A bench with a run on mixtures of clean examples.
fn fitted() -> Bench {
    let bench = mixed();
    bench.ok(&format!("fit s.npy {NMF} --mix 2 --out run"));
    bench
}

#[test]
fn the_whole_way_is_that_of_the_other_models() {
    let bench = mixed();
    let told = bench.json(&format!("fit s.npy {NMF} --mix 2 --sources 3 --set nmf.mixtures=200 --out run"));
    assert_eq!((&told["examples"], &told["shape"], &told["loss"]), (&json!(600), &json!([8, 8]), &Value::Null));
    let usage = told["source_usage"].as_array().unwrap();
    let shares: f64 = usage.iter().map(|source| source["energy_share"].as_f64().unwrap()).sum();
    assert!(usage.len() == 3 && (shares - 1.0).abs() < 1e-12, "{usage:?}");
    let record: Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
    assert_eq!((&record["iterations"], &record["model"]), (&told["iterations"], &json!("nmf")));
    assert_eq!(Value::from(bench.log("run").len()), told["iterations"], "a line for each");
    assert!(told["next"].as_str().unwrap().starts_with("bss mix s.npy --mix 2 --out run/mixtures.npz"), "{told}");

    assert_eq!(bench.ok("separate m.npz --run run --out e.npz"), "wrote e.npz: 300 examples of 8 by 8 in 3 sources\n");
    let (x, sources) = (bench.read("m.npz:mixture"), bench.read("e.npz"));
    assert!(sources.iter().all(|value| *value >= 0.0));
    let left = (sources.sum_axis(Axis(1)) - &x).mapv(|gap| gap * gap).sum() / x.mapv(|value| value * value).sum();
    assert!(left > 0.0 && left < 0.1, "18 templates leave {left} of the energy");
    bench.ok("evaluate --estimate e.npz --reference m.npz --metrics psnr_db");
    bench.ok("report run --reference m.npz");
    let page = std::fs::read_to_string(bench.path("run/report/index.html")).unwrap();
    assert!(page.contains("templates of a source") && page.contains("truth 2") && !page.contains("NaN"));
}

#[test]
fn the_settings_reach_the_factorisation() {
    let bench = fitted();
    let (model, x) = (bench.bytes("run", &["model.safetensors"]), bench.read("m.npz:mixture"));
    for (setting, value) in [("divergence", "kl"), ("iterations", "3"), ("tolerance", "0.5"), ("mixtures", "50")] {
        bench.ok(&format!("fit s.npy {NMF} --mix 2 --set nmf.{setting}={value} --out {setting}"));
        assert!(bench.bytes(setting, &["model.safetensors"]) != model, "{setting}");
    }
    assert_eq!(bench.log("iterations").len(), 3);
    let told = bench.ok(&format!("fit s.npy {NMF} --mix 2 --iterations 3 --out run --force"));
    assert!(told.starts_with("still improving after"), "{told}");
    assert!(told.contains("3 iterations were not enough") && told.contains("nmf.tolerance"), "{told}");
    bench.ok(&format!("fit s.npy {NMF} --mix 2 --set nmf.mask=true --out masked"));
    bench.ok("separate m.npz --run masked --out e.npz");
    let gap = bench.read("e.npz").sum_axis(Axis(1)) - &x;
    assert!(gap.iter().all(|gap| gap.abs() < 1e-6));
}

#[test]
fn the_seed_decides_and_threads_do_not() {
    let bench = mixed();
    for (out, more) in [("a", "--threads 1"), ("b", "--threads 3"), ("c", "--seed 1")] {
        bench.ok(&format!("fit s.npy {NMF} --mix 2 {more} --out {out}"));
    }
    let files = ["model.safetensors", "metrics.jsonl"];
    bench.same("a", "b", &files);
    assert!(bench.bytes("a", &files) != bench.bytes("c", &files));
    bench.ok("fit s.npy --out a --quiet --resume");
    bench.same("a", "b", &files);
    bench.write_array("t.npy", spots().slice_move(s![..599, .., ..]));
    bench.fails("fit t.npy --out a --resume", 1, &["a: was fitted to other data than t.npy"]);
}

#[test]
fn mixtures_are_fitted_as_they_are() {
    let bench = mixed();
    let told = bench.ok(&format!("fit m.npz {NMF} --set nmf.mixtures=20 --out run"));
    assert!(told.contains("  bss separate m.npz --run run --out run/sources.npz --mask"), "{told}");
    assert!(bench.ok("separate --run run --out e.npz --mask").contains("300 examples of 8 by 8 in 2 sources, masked"));
    assert_eq!(bench.read("e.npz").shape(), [300, 2, 8, 8]);
}

#[test]
fn what_it_cannot_do_is_refused() {
    let bench = fitted();
    for (arguments, parts) in [
        (
            "--mix 2 --set nmf.templates=40",
            &["s.npy: 2 sources of 40 templates each cannot be found in 300 examples of 64", "change nmf.templates"][..],
        ),
        ("--mix 2 --set nmf.mixtures=10", &["2 sources of 6 templates each cannot be found in 10 examples"]),
        ("--mix 601", &["s.npy: 600 examples are too few for one mixture of 601; lower --mix"]),
        ("--epochs 3", &["--epochs: nmf takes none; give --iterations instead"]),
        ("--restarts 3", &["--restarts: nmf takes none"]),
        ("--set nmf.divergence=euclid", &["nmf.divergence is \"euclid\", expected one of frobenius, kl"]),
        ("--set learning.batch=9", &["learning.batch is a setting of neri", "but the model is nmf"]),
        ("--columns 1", &["--columns: nmf is fitted to examples"]),
        ("--device cuda", &["nmf computes on the processor"]),
    ] {
        bench.fails(&format!("fit s.npy {NMF} {arguments} --out none"), 1, parts);
        assert!(!bench.path("none").exists());
    }
    bench.fails(&format!("fit s.npy {NMF} --out run"), 1, &["run: holds a run already"]);
    for (arguments, part) in [
        ("--std", "--std: nmf gives one estimate"),
        ("--refine 3", "--refine: nmf has no encoder to go on from"),
        ("--scale original", "--scale is for recordings"),
    ] {
        bench.fails(&format!("separate m.npz --run run --out e.npz {arguments}"), 1, &[part]);
    }
}

#[test]
fn a_model_with_other_tensors_is_refused() {
    let bench = fitted();
    let path = bench.path("run/model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    let with = |name: &str, tensor: Option<Tensor>, part: &str| {
        let mut checkpoint = Checkpoint::load(&path).unwrap();
        checkpoint.tensors.remove(name);
        checkpoint.tensors.extend(tensor.map(|tensor| (name.to_owned(), tensor)));
        checkpoint.save(&path).unwrap();
        bench.fails("separate m.npz --run run --out e.npz", 1, &["run/model.safetensors", part, "--force"]);
        assert!(!bench.path("e.npz").exists());
        std::fs::write(&path, &whole).unwrap();
    };
    let of = |value: f64, dim: (usize, usize)| Some(Tensor::full(value, dim, &Device::Cpu).unwrap());
    with("nmf.templates", None, "nmf.templates is missing");
    with("nmf.templates", of(0.1, (11, 64)), "has 11 templates, expected 6 for each of 2 sources");
    with("nmf.templates", of(0.1, (12, 63)), "does not fit templates of 63 features");
    with("nmf.templates", of(-0.1, (12, 64)), "values below 0");
    with("nmf.templates", of(f64::NAN, (12, 64)), "not finite");
    with("nmf.templates", Some(Tensor::new(&[0.1_f64; 7], &Device::Cpu).unwrap()), "nmf.templates is misshapen");
    with("example.shape", None, "example.shape is missing");
    with("nmf.spare", of(0.1, (1, 1)), "nmf.spare is not part of this model");
    bench.ok("separate m.npz --run run --out e.npz");
}
