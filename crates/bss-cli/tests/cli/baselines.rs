//! The classical methods behind the same commands as `ar-flow`.

use std::fs;

use ndarray::Axis;
use serde_json::{Value, json};

use crate::{Bench, fixture};

/// Every method that is fitted at once.
pub(crate) const BASELINES: [&str; 4] = ["fastica", "picard", "sobi", "jade"];

/// A bench with 1000 samples of three sources that every method tells apart, mixed into four channels, in `m.npz`.
pub(crate) fn mixed() -> Bench {
    let bench = Bench::new();
    bench.ok("synth sine+square+ar --samples 1000 --out s.npy");
    bench.ok("mix s.npy --out m.npz --channels 4");
    bench
}

fn page(bench: &Bench, folder: &str) -> String {
    fs::read_to_string(bench.path(folder).join("index.html")).unwrap()
}

#[test]
fn every_command_takes_a_run_of_every_method() {
    let bench = mixed();
    for model in BASELINES {
        let said = bench.json(&format!("fit m.npz --model {model} --sources 3 --out {model}"));
        assert_eq!((&said["verdict"], &said["warnings"]), (&"converged".into(), &json!([])), "{model}");
        assert_eq!((&said["loss"], &said["best_restart"], &said["restarts"]), (&Value::Null, &Value::Null, &json!([])));
        assert_eq!(said["next"], format!("bss separate m.npz --run {model} --out {model}/sources.npz"));
        let shares: Vec<f64> =
            said["explained_variance"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
        assert!(shares.len() == 3 && shares.is_sorted_by(|a, b| a >= b), "{model}: {shares:?}");

        let mut files: Vec<_> =
            fs::read_dir(bench.path(model)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, ["config.toml", "metrics.jsonl", "model.safetensors", "run.json"], "{model}");
        let log = bench.log(model);
        assert_eq!(said["iterations"], log.len(), "{model}");
        assert!(log.iter().all(|line| line["change"].is_f64()), "{model}: {log:?}");

        let next = said["next"].as_str().unwrap();
        let separated = bench.json(next.strip_prefix("bss ").unwrap());
        assert_eq!((&separated["samples"], &separated["sources"]), (&1000.into(), &3.into()), "{model}");
        assert_eq!(separated["explained_variance"], said["explained_variance"], "{model}");
        let scores = bench.json(&format!("evaluate --estimate {model}/sources.npz --reference m.npz"));
        assert!(scores["correlation"]["min"].as_f64().unwrap() > 0.98, "{model}: {scores}");
        assert!(scores["amari"]["mean"].as_f64().unwrap() < 0.1, "{model}: {scores}");
        assert_eq!(scores["amari"]["of"], "mixing", "{model}");

        let listing = bench.json(&format!("inspect {model}"));
        assert_eq!(listing["config"]["model"], model);
        assert_eq!((&listing["record"]["model"], &listing["record"]["channels"]), (&model.into(), &4.into()));
        for section in ["prior", "training", "encoder"] {
            assert!(listing["config"][section].is_null(), "{model} has no settings of {section}");
        }
        bench.ok(&format!("report {model} --reference m.npz --out page-{model}"));
        let page = page(&bench, &format!("page-{model}"));
        assert!(page.contains("<svg") && page.contains(model) && page.contains("correlation"), "{model}");
        assert!(page.contains("No band") && !page.contains("95 %") && !page.contains("NaN"), "{model}");
        assert!(!page.contains("id=\"training\"") && !page.contains("posterior"), "{model}");
    }
}

#[test]
fn sources_and_mixing_give_the_mixture_back() {
    let bench = mixed();
    let mixture = bench.read("m.npz:mixture").into_dimensionality::<ndarray::Ix2>().unwrap();
    let centred = &mixture - &mixture.mean_axis(Axis(0)).unwrap();
    for model in BASELINES {
        bench.ok(&format!("fit m.npz --model {model} --sources 3 --out {model}"));
        for scale in ["unit", "original"] {
            bench.ok(&format!("separate --run {model} --out e.npz --scale {scale}"));
            let matrix = |name: &str| bench.read(name).into_dimensionality::<ndarray::Ix2>().unwrap();
            let (sources, mixing) = (matrix("e.npz:sources"), matrix("e.npz:mixing"));
            let rest = &centred - &sources.dot(&mixing.t());
            assert!(rest.iter().all(|value| value.abs() < 1e-9), "{model}, {scale}: three sources span the channels");
        }
    }
}

#[test]
fn the_same_fit_gives_the_same_bits_and_any_format_holds_it() {
    let bench = mixed();
    for model in BASELINES {
        bench.ok(&format!("fit m.npz --model {model} --sources 3 --out a-{model}"));
        bench.ok(&format!("fit m.npz --model {model} --sources 3 --out b-{model} --threads 2"));
        let config = format!("a-{model}/config.toml");
        bench.ok(&format!("fit m.npz --config {config} --out c-{model}"));
        for other in ["b", "c"] {
            let files = ["model.safetensors", "metrics.jsonl", "config.toml"];
            bench.same(&format!("a-{model}"), &format!("{other}-{model}"), &files);
        }
        // What was fitted is all that separating needs, whatever becomes of the run's settings.
        bench.ok(&format!("separate --run a-{model} --out e.npy"));
        bench.write_text(&config, "seed = 7\n");
        bench.ok(&format!("separate --run a-{model} --out e.h5"));
        assert_eq!(bench.read("e.npy"), bench.read("e.h5:/sources"), "{model}");
    }
    let iterations = |seed: u64| {
        let fit = format!("fit m.npz --model fastica --sources 3 --out seeds --force --seed {seed}");
        bench.json(&fit)["iterations"].as_u64()
    };
    assert!((1..9).any(|seed| iterations(seed) != iterations(0)), "another seed is another start");
}

#[test]
fn settings_reach_the_method_and_are_written() {
    let bench = Bench::new();
    fs::copy(fixture("baselines.npz"), bench.path("b.npz")).unwrap();
    let estimate = |model: &str, settings: &str| {
        bench.ok(&format!("fit b.npz:mixture --model {model} --sources 3 --out run --force {settings}"));
        bench.ok("separate --run run --out e.npy");
        (bench.read("e.npy"), fs::read_to_string(bench.path("run/config.toml")).unwrap())
    };
    for (model, settings, line) in [
        ("sobi", "--set sobi.lags=[1,2]", "lags = [1, 2]"),
        ("sobi", "--set sobi.lags=3", "lags = [3]"),
        ("fastica", "--set fastica.nonlinearity=cube", "nonlinearity = \"cube\""),
        ("fastica", "--set fastica.nonlinearity=exp", "nonlinearity = \"exp\""),
        ("fastica", "--set fastica.tolerance=0.01", "tolerance = 0.01"),
        ("fastica", "--set fastica.iterations=300", "iterations = 300"),
        ("fastica", "--iterations 301", "iterations = 301"),
        ("picard", "--set picard.tolerance=0.1", "tolerance = 0.1"),
        ("picard", "--iterations 99", "iterations = 99"),
        ("picard", "--set picard.memory=1", "memory = 1"),
    ] {
        let (default, (other, config)) = (estimate(model, "").0, estimate(model, settings));
        assert!(config.contains(line) && config.contains(&format!("[{model}]")), "{settings}: {config}");
        assert!(!config.contains("[prior]") && !config.contains("[training]"), "{settings}: {config}");
        let is_limit = line.starts_with("iterations");
        assert!(is_limit || default != other, "{model} {settings} changes nothing");
    }
    // One file for several models: each takes what is its own.
    bench.write_text("all.toml", "[sobi]\nlags = [7]\n[training]\nrestarts = 2\n[picard]\nmemory = 3\n");
    let (_, config) = estimate("picard", "--config all.toml");
    assert!(config.contains("memory = 3") && !config.contains("lags"), "{config}");
    bench.ok("inspect run");
}

#[test]
fn a_fit_cut_short_says_so_and_what_to_try() {
    let bench = mixed();
    for (model, tolerance) in [("fastica", "fastica.tolerance"), ("picard", "picard.tolerance")] {
        let said = bench.ok(&format!("fit m.npz --model {model} --sources 3 --out {model} --iterations 2"));
        assert!(said.starts_with("still improving after ") && said.contains(": 2 iterations\n"), "{said}");
        for part in ["2 iterations were not enough (", "more --iterations", "--seed", tolerance] {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
        let record: Value = serde_json::from_slice(&bench.bytes(model, &["run.json"])[0]).unwrap();
        assert_eq!((&record["verdict"], &record["iterations"]), (&"still improving".into(), &2.into()));
        bench.ok(&format!("separate --run {model} --out e.npy"));
    }
}

#[test]
fn the_end_is_told_with_the_next_command() {
    let bench = mixed();
    let said = bench.ok("fit m.npz --model sobi --sources 3 --out run");
    let filters =
        vec![(r"\d+\.\d s", "[time] s"), (r"\d+ iterations", "[n] iterations"), (r"\s+\d+\.\d %", "  [share] %")];
    insta::with_settings!({filters => filters}, { insta::assert_snapshot!(said) });
}
