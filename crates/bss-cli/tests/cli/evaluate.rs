//! `bss evaluate`.

use ndarray::{Array2, ArrayD, Axis, s};
use serde_json::{Value, json};

use crate::Bench;

/// Three sources in `m.npz` with their mixture, and estimates of them in another order, one upside down, in `e.npz`.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.ok("synth sine+square+ar --samples 500 --out s.npy --seed 1");
    bench.ok("mix s.npy --out m.npz --seed 1");
    let sources = bench.read("s.npy");
    let noise = Array2::from_shape_fn((500, 3), |(t, j)| 0.1 * ((t * (j + 3)) as f64 * 0.7).cos());
    let mut estimates = (&sources + &noise).select(Axis(1), &[2, 0, 1]);
    estimates.slice_mut(s![.., 0]).mapv_inplace(|value| -2.0 * value);
    let mixing = bench.read("m.npz:mixing").select(Axis(1), &[2, 0, 1]);
    bench.write("e.npz", &[("sources", estimates), ("mixing", mixing)]);
    bench
}

/// Checks that a value is near another.
#[track_caller]
fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 1e-2, "{value} is not {expected}");
}

#[test]
fn the_table_shows_matches_scores_and_means() {
    let bench = bench();
    insta::assert_snapshot!(bench.ok("evaluate --estimate e.npz --reference s.npy"));
    insta::assert_snapshot!(
        "with_the_mixture",
        bench.ok("evaluate --estimate e.npz --reference m.npz --mixture m.npz")
    );
}

#[test]
fn the_json_has_every_metric_under_its_name() {
    let scores = bench().json("evaluate --estimate e.npz --reference s.npy --mixture m.npz");
    assert_eq!(scores["permutation"], json!([1, 2, 0]));
    assert_eq!(scores["sign"], json!([1, 1, -1]));
    assert_eq!((&scores["n_sources"], &scores["samples"]), (&json!(3), &json!(500)));
    assert_eq!(scores["warnings"], json!([]));
    for name in ["correlation", "si_sdr_db", "amari", "mcc"] {
        assert_eq!(scores[name], scores["metrics"][name]);
        assert!(scores[name]["mean"].is_f64(), "{name}");
    }
    let correlation = &scores["correlation"];
    let values: Vec<f64> = correlation["per_source"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(values.len(), 3);
    near(&correlation["mean"], values.iter().sum::<f64>() / 3.0);
    near(&correlation["min"], values.iter().copied().fold(1.0, f64::min));
    near(&scores["si_sdr_db"]["per_source"][0], 23.0);
    let gain = values[0] - correlation["mixture"][0].as_f64().unwrap();
    near(&correlation["improvement"][0], gain);
}

#[test]
fn standard_deviations_beside_the_estimate_are_judged_by_their_coverage() {
    let bench = bench();
    let sources = bench.read("e.npz:sources");
    let std = ArrayD::from_shape_fn(sources.raw_dim(), |at| [0.2, 0.1, 1e-5][at[1]]);
    bench.write("s.npz", &[("sources", sources.clone()), ("std", std.clone())]);
    bench.write("s.npy", &[("sources", sources.clone())]);
    bench.write("s.std.npy", &[("std", std.clone())]);
    bench.write("t.npz", &[("sources", sources.reversed_axes()), ("std", std.reversed_axes())]);
    bench.write("r.npz", &[("sources", bench.read("m.npz:sources").reversed_axes())]);
    for command in ["s.npz --reference m.npz", "s.npy --reference m.npz", "t.npz --reference r.npz --channels-first"] {
        let found = &bench.json(&format!("evaluate --estimate {command}"))["coverage"];
        // The estimates' errors are cosines of height 0.1, twice that where the estimate is doubled.
        for (source, expected) in [1.0, 0.0, 1.0].into_iter().enumerate() {
            near(&found["per_source"][source], expected);
        }
    }
    assert!(bench.json("evaluate --estimate e.npz --reference m.npz")["coverage"].is_null());
    bench.write("s.std.npy", &[("std", ArrayD::zeros(vec![7, 3]))]);
    let ended = bench.run(&["evaluate", "--estimate", "s.npy", "--reference", "m.npz", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("warning: coverage is left out: s.std.npy is (7, 3)"), "{}", ended.stderr);
    assert!(serde_json::from_str::<Value>(&ended.stdout).unwrap()["coverage"].is_null());
    let parts = ["`coverage` needs the estimate's standard deviations", "they are (7, 3)"];
    bench.fails("evaluate --estimate s.npy --reference m.npz --metrics coverage", 1, &parts);
    let parts = ["--metrics coverage", "no standard deviations stand beside the estimate", "bss separate --std"];
    bench.fails("evaluate --estimate e.npz --reference m.npz --metrics coverage", 1, &parts);
}

#[test]
fn amari_compares_mixing_matrices_where_both_are_there() {
    let bench = bench();
    let of = |arguments: &str| bench.json(&format!("evaluate {arguments} --metrics amari"))["amari"].clone();
    let of_mixing = of("--estimate e.npz --reference m.npz");
    // Not quite 0: the estimates' noise changes their variances, which weigh the columns.
    assert_eq!(of_mixing["of"], "mixing");
    near(&of_mixing["mean"], 0.0);
    assert_eq!(of("--estimate e.npz --reference s.npy")["of"], "sources");
    assert_eq!(of("--estimate m.npz:mixture --reference m.npz")["of"], "sources");
}

#[test]
fn channels_first_and_spare_estimates_are_understood() {
    let bench = bench();
    let sources = bench.read("s.npy");
    bench.write("t.npz", &[("x", sources.clone().reversed_axes())]);
    let two = sources.select(Axis(1), &[2, 1]);
    bench.write("two.npz", &[("x", two.reversed_axes())]);
    let scores = bench.json("evaluate --estimate t.npz --reference two.npz --channels-first --metrics mcc");
    assert_eq!(scores["permutation"], json!([2, 1]));
    near(&scores["mcc"]["mean"], 1.0);
}

#[test]
fn a_default_metric_that_is_not_defined_is_left_out_with_a_warning() {
    let bench = bench();
    bench.write("twice.npz", &[("x", bench.read("s.npy").select(Axis(1), &[0, 1, 1]))]);
    let ended = bench.run(&["evaluate", "--estimate", "e.npz", "--reference", "twice.npz", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("warning: amari is left out: "), "{}", ended.stderr);
    let scores: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(scores["amari"].is_null());
    assert!(scores["warnings"][0].as_str().unwrap().starts_with("amari is left out: "));
    bench.fails("evaluate --estimate e.npz --reference twice.npz --metrics amari", 1, &["have rank 2"]);
}

#[test]
fn what_has_no_score_is_refused() {
    let bench = bench();
    let sources = bench.read("s.npy");
    bench.write("turned.npz", &[("x", sources.clone().reversed_axes())]);
    bench.write("one.npz", &[("x", sources.select(Axis(1), &[0]))]);
    bench.write("short.npz", &[("x", sources.slice_axis(Axis(0), (..400).into()).to_owned())]);
    let mut silent = sources.clone();
    silent.slice_mut(s![.., 1]).fill(2.0);
    bench.write("silent.npz", &[("x", silent)]);
    let mut nan = sources;
    nan[[7, 2]] = f64::NAN;
    bench.write("nan.npz", &[("x", nan)]);
    for (arguments, parts) in [
        ("--estimate e.npz --reference turned.npz", &["[500, 3]", "[3, 500]", "--channels-first"][..]),
        ("--estimate e.npz --reference short.npz", &["[400, 3]", "cut both to the same span"]),
        (
            "--estimate one.npz --reference s.npy",
            &["one.npz against s.npy", "estimate has 1 sources but reference has 3"],
        ),
        ("--estimate e.npz --reference silent.npz", &["reference column 1 is silent"]),
        ("--estimate silent.npz --reference s.npy", &["estimate column 1 is silent"]),
        ("--estimate nan.npz --reference s.npy", &["estimate has 1 values that are NaN", "sample 7 of column 2"]),
        ("--estimate e.npz --reference s.npy --metrics corelation", &["nearest is `correlation`"]),
        (
            "--estimate e.npz --reference s.npy --metrics psnr_db",
            &["`psnr_db` is not defined for a recording", "expected a dataset (examples, sources, features…)"],
        ),
        (
            "--estimate e.npz --reference s.npy --metrics ssim",
            &["`ssim` is not defined for a recording", "expected images (examples, sources, height, width)"],
        ),
        ("--estimate e.npz --reference s.npy --mixture short.npz", &["short.npz: ", "[400, 3]"]),
        ("--estimate e.npz:std --reference s.npy", &["no dataset `std`", "`sources`, `mixing`"]),
        ("--estimate none.npy --reference s.npy", &["none.npy: no such file"]),
    ] {
        bench.fails(&format!("evaluate {arguments}"), 1, parts);
    }
}

#[test]
fn filtered_sources_are_matched_by_their_interference() {
    let bench = Bench::new();
    bench.ok("synth iid --samples 12000 --out all.npy --seed 1");
    let sources = bench.read("all.npy").select(Axis(1), &[0, 1]);
    bench.write("s.npy", &[("sources", sources.clone())]);
    // Each late by 300 samples, in the other order, with a tenth of its neighbour.
    let late = ArrayD::from_shape_fn(vec![12_000, 2], |at| {
        let source = |j: usize| if at[0] < 300 { 0.0 } else { sources[[at[0] - 300, j]] };
        source(1 - at[1]) + 0.1 * source(at[1])
    });
    bench.write("late.npy", &[("sources", late)]);
    let command =
        "evaluate --estimate late.npy --reference s.npy --match-by-sir --metrics sdr_db,sir_db,sar_db,si_sdr_db";
    let scores = bench.json(command);
    assert_eq!(scores["permutation"], json!([1, 0]));
    let value = |name: &str| scores[name]["mean"].as_f64().unwrap();
    // Only the SI-SDR minds the delay; what was cut off at the end is an artefact.
    assert!((value("sir_db") - 20.0).abs() < 2.0, "{}", value("sir_db"));
    assert!(value("sdr_db") > 5.0 && value("si_sdr_db") < -10.0 && value("sar_db") > 5.0, "{scores}");
    let table = bench.ok(command);
    assert!(table.lines().next().unwrap().ends_with("sdr_db  sir_db  sar_db  si_sdr_db"), "{table}");
}
