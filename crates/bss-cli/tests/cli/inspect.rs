//! `bss inspect`.

use std::fs;

use serde_json::json;

use crate::{Bench, fixture};

#[test]
fn every_array_of_a_file_is_listed() {
    let bench = Bench::new();
    for name in ["nested.h5", "two.npz", "int16.wav", "semicolon.csv", "text.npy"] {
        fs::copy(fixture("formats").join(name), bench.path(name)).unwrap();
        insta::assert_snapshot!(format!("inspect_{name}"), bench.ok(&format!("inspect {name}")));
    }
}

#[test]
fn the_json_says_the_same() {
    let bench = Bench::new();
    fs::copy(fixture("formats/tab.tsv"), bench.path("tab.tsv")).unwrap();
    let listing = bench.json("inspect tab.tsv");
    assert_eq!(listing["file"], "tab.tsv");
    assert_eq!(listing["datasets"][0]["shape"], json!([20, 3]));
    assert_eq!(listing["datasets"][0]["delimiter"], "tab");
    assert_eq!(listing["datasets"][0]["readable"], true);
}

#[test]
fn a_run_shows_its_settings_record_and_files() {
    let bench = Bench::new();
    fs::create_dir(bench.path("run")).unwrap();
    bench.write_text("run/config.toml", "seed = 3\n[prior]\nkind = \"ar\"\n");
    bench.write_text("run/run.json", r#"{"verdict": "converged", "times": {"seconds": 1.5}, "restarts": [1, 2]}"#);
    insta::assert_snapshot!(bench.ok("inspect run"));
    let listing = bench.json("inspect run");
    assert_eq!(listing["config"]["prior"]["kind"], "ar");
    assert_eq!(listing["config"]["training"]["restarts"], 5);
    assert_eq!(listing["record"]["verdict"], "converged");
    assert_eq!(listing["files"][1], json!({"name": "run.json", "bytes": 71}));
}

#[test]
fn what_is_no_run_or_a_broken_one_is_refused() {
    let bench = Bench::new();
    fs::create_dir(bench.path("empty")).unwrap();
    fs::create_dir(bench.path("run")).unwrap();
    bench.fails("inspect empty", 1, &["empty: is no run", "config.toml"]);
    bench.fails("inspect none", 1, &["none: no such file or folder"]);
    bench.write_text("run/config.toml", "sed = 3");
    bench.fails("inspect run", 1, &["config.toml: unknown key sed; did you mean seed?"]);
    bench.write_text("run/config.toml", "seed = 3");
    bench.write_text("run/run.json", "{");
    bench.fails("inspect run", 1, &["run.json: is no valid JSON"]);
}
