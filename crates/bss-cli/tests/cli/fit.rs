//! `bss fit`: what a run's folder holds, what is said at the end, and that the seed alone decides.

use std::fs;

use serde_json::{Value, json};

use crate::Bench;

/// Settings of a fit that takes moments.
pub(crate) const SHORT: &str = "--iterations 60 --restarts 2";

/// The files of a run that equal runs have bit for bit.
pub(crate) const EXACT: [&str; 3] = ["model.safetensors", "state.safetensors", "metrics.jsonl"];

/// A bench with a mixture of three sources in `m.npz`.
pub(crate) fn mixed() -> Bench {
    let bench = Bench::new();
    bench.ok("synth sine+square+ar --samples 200 --out s.npy");
    bench.ok("mix s.npy --out m.npz");
    bench
}

/// [`mixed`] with a run on it.
pub(crate) fn fitted() -> Bench {
    let bench = mixed();
    bench.ok(&format!("fit m.npz --out run {SHORT}"));
    bench
}

impl Bench {
    /// The bytes of files in a folder.
    #[track_caller]
    pub(crate) fn bytes(&self, folder: &str, files: &[&str]) -> Vec<Vec<u8>> {
        files.iter().map(|file| fs::read(self.path(folder).join(file)).unwrap()).collect()
    }

    /// Checks that files of two folders are equal bit for bit.
    #[track_caller]
    pub(crate) fn same(&self, a: &str, b: &str, files: &[&str]) {
        for file in files {
            assert!(self.bytes(a, &[file]) == self.bytes(b, &[file]), "{file} of {a} and {b} differ");
        }
    }

    /// The lines of a run's log.
    #[track_caller]
    pub(crate) fn log(&self, run: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(run).join("metrics.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn the_folder_holds_what_is_promised() {
    let bench = fitted();
    let mut names: Vec<_> = fs::read_dir(bench.path("run")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["config.toml", "metrics.jsonl", "model.safetensors", "run.json", "state.safetensors"]);

    let config: toml::Table = fs::read_to_string(bench.path("run/config.toml")).unwrap().parse().unwrap();
    assert_eq!(config["sources"].as_integer(), Some(3), "the number of sources is written though it was not given");
    assert_eq!(config["training"]["iterations"].as_integer(), Some(60));
    assert_eq!(config["prior"]["kappa"].as_float(), Some(0.8), "defaults are written out");
    assert_eq!(config["data"]["inputs"][0].as_str(), Some("m.npz"));

    let log = bench.log("run");
    let iterations: Vec<u64> = log.iter().map(|line| line["iteration"].as_u64().unwrap()).collect();
    assert_eq!(iterations, [0, 10, 20, 30, 40, 50, 59], "the last iteration is always logged");
    for line in &log {
        for key in ["loss", "reconstruction", "divergence", "gradient_norm"] {
            let values = line[key].as_array().unwrap();
            assert!(values.len() == 2 && values.iter().all(Value::is_f64), "{key}: {line}");
        }
        assert!(line["learning_rate"].is_f64() && line["beta"].is_f64(), "{line}");
        assert_eq!(line["posterior_variance"][1].as_array().unwrap().len(), 3);
    }

    let record: Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
    let expected = json!({"name": "bss", "version": env!("CARGO_PKG_VERSION"), "checkpoint_format": 3});
    assert_eq!(record["program"], expected);
    for (key, value) in [("seed", 0), ("samples", 200), ("channels", 3), ("sources", 3), ("iterations", 60)] {
        assert_eq!(record[key], value, "{key}");
    }
    assert!(record["machine"]["cores"].as_u64() >= Some(1) && record["seconds"].as_f64() > Some(0.0), "{record}");
    assert_eq!(record["loss"], record["restarts"][0]["loss"]);
    assert!(record["finished_unix"].is_u64() && record["verdict"].is_string());
}

#[test]
fn the_settings_of_a_run_give_the_run_again() {
    let bench = fitted();
    bench.ok("fit m.npz --out again --config run/config.toml");
    bench.same("run", "again", &EXACT);
    bench.same("run", "again", &["config.toml"]);
}

#[test]
fn the_end_is_told_with_the_next_command() {
    let bench = mixed();
    let said = bench.ok(&format!("fit m.npz --out run {SHORT}"));
    let filters = vec![
        (r"^(converged|still improving) after \d+\.\d s", "[verdict] after [time] s"),
        (r"restart \d of", "restart [k] of"),
        (r"\d\.\d{5}", "[loss]"),
        (r"\s+\d+\.\d %", "  [share] %"),
        (r"the loss was still falling.*\n", ""),
    ];
    insta::with_settings!({filters => filters}, { insta::assert_snapshot!(said) });
    // It can be run just so.
    let next = said.lines().find_map(|line| line.strip_prefix("  bss separate ")).unwrap();
    bench.ok(&format!("separate {next}"));
    assert_eq!(bench.read("run/sources.npz:std").shape(), [200, 3]);
}

#[test]
fn the_next_command_takes_joined_inputs_and_odd_names() {
    let bench = mixed();
    bench.write_array("a b.npy", bench.read("m.npz:mixture"));
    let arguments = ["fit", "m.npz", "a b.npy", "--out", "my run", "--iterations", "5", "--restarts", "1"];
    let ended = bench.run(&arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("  bss separate --run 'my run' --out 'my run/sources.npz' --std\n"), "{ended:?}");
    let ended = bench.run(&["separate", "--run", "my run", "--out", "my run/sources.npz"]);
    assert!(ended.stdout.contains("400 samples of 3 sources"), "{ended:?}");
}

#[test]
fn the_json_says_the_same_as_the_record() {
    let bench = mixed();
    let said = bench.json(&format!("fit m.npz --out run {SHORT}"));
    let record: Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
    for key in ["verdict", "best_restart", "loss", "restarts", "explained_variance", "seconds", "warnings"] {
        assert!(!said[key].is_null(), "{key}: {said}");
        assert_eq!(said[key], record[key], "{key}");
    }
    assert_eq!(said["run"], "run");
    assert_eq!(said["next"], "bss separate m.npz --run run --out run/sources.npz --std");
    let losses: Vec<f64> = said["restarts"].as_array().unwrap().iter().map(|r| r["loss"].as_f64().unwrap()).collect();
    assert!(losses.len() == 2 && losses[0] <= losses[1], "the best restart comes first: {losses:?}");
}

#[test]
fn the_shortest_run_ends_well() {
    let bench = mixed();
    for iterations in [1, 2, 9] {
        let said = bench.ok(&format!("fit m.npz --out run --force --restarts 1 --iterations {iterations}"));
        assert!(said.starts_with("still improving after "), "{iterations}: {said}");
    }
}

#[test]
fn the_seed_alone_decides_every_bit() {
    let bench = fitted();
    for (run, options) in [("again", ""), ("one", "--threads 1"), ("two", "--threads 2"), ("five", "--threads 5")] {
        bench.ok(&format!("fit m.npz --out {run} {SHORT} {options}"));
        bench.same("run", run, &EXACT);
    }
    bench.ok(&format!("fit m.npz --out other {SHORT} --seed 1"));
    for file in EXACT {
        assert_ne!(bench.bytes("run", &[file]), bench.bytes("other", &[file]), "{file}");
    }
}

#[test]
fn a_restart_does_not_depend_on_its_neighbours() {
    let bench = mixed();
    bench.ok("fit m.npz --out one --iterations 60 --restarts 1");
    bench.ok("fit m.npz --out three --iterations 60 --restarts 3");
    for (one, three) in bench.log("one").iter().zip(&bench.log("three")) {
        let traces = ["posterior_variance", "ar_coefficient", "innovation_scale", "demixing"];
        for key in ["loss", "reconstruction", "divergence", "gradient_norm"].into_iter().chain(traces) {
            assert!(!one[key][0].is_null(), "{key} at iteration {}", one["iteration"]);
            assert_eq!(one[key][0], three[key][0], "{key} at iteration {}", one["iteration"]);
        }
        assert_ne!(three["loss"][0], three["loss"][1]);
    }
}
