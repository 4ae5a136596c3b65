//! `bss evaluate` of datasets (examples, sources, features…).

use ndarray::{Array3, Array4, ArrayD, Axis, s};
use serde_json::json;

use crate::Bench;

/// Three examples of two images of 8 by 9 pixels in `r.npy`; three outputs in `e.npz`, of which the first is spare and
/// the others are in another order in the second example, each 0.01 off.
fn bench() -> Bench {
    let bench = Bench::new();
    let references =
        Array4::from_shape_fn((3, 2, 8, 9), |(i, j, a, b)| ((7 * a + 5 * b + 3 * i) % (4 + j)) as f64 / 8.0);
    let outputs = Array4::from_shape_fn((3, 3, 8, 9), |(i, k, a, b)| match k {
        0 => {
            if i == 2 {
                0.3
            } else {
                0.0
            }
        }
        k => references[[i, (k + usize::from(i != 1)) % 2, a, b]] + 0.01,
    });
    bench.write_array("r.npy", references);
    bench.write("e.npz", &[("sources", outputs.into_dyn()), ("other", ArrayD::zeros(vec![2]))]);
    bench
}

#[test]
fn images_are_scored_example_by_example() {
    let bench = bench();
    insta::assert_snapshot!(bench.ok("evaluate --estimate e.npz --reference r.npy"));
    let scores = bench.json("evaluate --estimate e.npz --reference r.npy");
    let psnr = &scores["psnr_db"];
    for value in [&psnr["median"], &psnr["mean"], &psnr["per_source"][0], &psnr["per_source"][1]] {
        assert!((value.as_f64().unwrap() - 40.0).abs() < 1e-9, "{scores}");
    }
    for name in ["psnr_db", "ssim", "correlation", "si_sdr_db"] {
        assert_eq!(scores[name], scores["metrics"][name]);
        assert_eq!(scores[name]["per_source"].as_array().unwrap().len(), 2, "{name}");
    }
    assert_eq!((&scores["examples"], &scores["sources"], &scores["references"]), (&json!(3), &json!(3), &json!(2)));
    assert_eq!(scores["convention"], "x = (s1+…+sM)/M, sources s/M, peak 1");
    assert_eq!(scores["permutation"], json!([[1, 2], [2, 1], [1, 2]]));
    assert!((scores["superfluous"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);
    let chosen = bench.json("evaluate --estimate e.npz --reference r.npy --metrics ssim");
    assert!(chosen["psnr_db"].is_null() && chosen["ssim"]["median"].is_f64());
}

#[test]
fn the_mixture_is_scored_as_shared_out_evenly() {
    let bench = bench();
    let references = bench.read("r.npy");
    bench.write("m.npz", &[("mixture", references.sum_axis(Axis(1)))]);
    let text = bench.ok("evaluate --estimate e.npz --reference r.npy --mixture m.npz --metrics psnr_db");
    let scores = bench.json("evaluate --estimate e.npz --reference r.npy --mixture m.npz");
    // Both sources are off by half their difference.
    let psnr = |i: usize| {
        let example = references.index_axis(Axis(0), i);
        let half = (&example.index_axis(Axis(0), 0) - &example.index_axis(Axis(0), 1)) / 2.0;
        -10.0 * half.mapv(|value| value * value).mean().unwrap().log10()
    };
    let mut expected: Vec<f64> = (0..3).map(psnr).collect();
    expected.sort_by(f64::total_cmp);
    let found = scores["psnr_db"]["mixture"]["median"].as_f64().unwrap();
    assert!((found - expected[1]).abs() < 1e-9, "{found} of {expected:?}");
    assert!(text.lines().any(|line| line.split_whitespace().eq(["x/2", &format!("{found:.2}")])), "{text}");
    assert_eq!(scores["ssim"], scores["metrics"]["ssim"]);
}

#[test]
fn three_dimensions_are_a_dataset_where_features_outnumber_sources() {
    let bench = Bench::new();
    let references = Array3::from_shape_fn((4, 2, 30), |(i, j, f)| ((i + 2 * j + 1) as f64 * f as f64).sin().abs());
    bench.write_array("e.npy", references.slice(s![.., ..;-1, ..]).to_owned());
    bench.write_array("images.npy", references.clone().permuted_axes([0, 2, 1]));
    bench.write_array("r.npy", references);
    let scores = bench.json("evaluate --estimate e.npy --reference r.npy");
    assert_eq!((&scores["psnr_db"]["median"], &scores["permutation"][0]), (&json!(200.0), &json!([1, 0])));
    assert!(scores["ssim"].is_null() && scores["superfluous"].is_null(), "{scores}");
    let scores = bench.json("evaluate --estimate images.npy --reference images.npy --metrics correlation");
    assert_eq!((&scores["samples"], &scores["n_sources"]), (&json!(120), &json!(2)));
}

#[test]
fn default_metrics_without_a_value_are_left_out_with_a_warning() {
    let bench = bench();
    let mut references = bench.read("r.npy");
    references.index_axis_mut(Axis(0), 1).index_axis_mut(Axis(0), 0).fill(0.0);
    let small = references.slice_axis(Axis(2), (..6).into()).to_owned();
    bench.write_array("silent.npy", small);
    let ended = bench.run(&["evaluate", "--estimate", "silent.npy", "--reference", "silent.npy", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for part in ["ssim is left out: images of 6 by 9 pixels", "correlation is left out: source 0 of example 1"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    let scores: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&scores["psnr_db"]["mean"], &scores["si_sdr_db"]), (&json!(200.0), &json!(null)));
    let parts = ["`si_sdr_db` is not defined", "leave out the example or `si_sdr_db`"];
    bench.fails("evaluate --estimate silent.npy --reference silent.npy --metrics si_sdr_db", 1, &parts);
}

#[test]
fn datasets_that_do_not_fit_and_options_of_recordings_are_refused() {
    let bench = bench();
    bench.write_array("flat.npy", Array3::<f64>::zeros((3, 2, 72)));
    bench.write_array("s.npy", ndarray::Array2::<f64>::zeros((40, 2)));
    for (arguments, parts) in [
        ("e.npz --reference flat.npy", &["[3, 3, 8, 9] but reference has shape [3, 2, 72]", "(examples, sources"][..]),
        ("e.npz --reference s.npy", &["[3, 3, 8, 9] but reference has shape [40, 2]", "(examples, sources"]),
        ("r.npy --reference e.npz", &["r.npy against e.npz:sources", "separate with at least 3 sources"]),
        (
            "flat.npy --reference flat.npy --metrics ssim",
            &["`ssim` is not defined", "(examples, sources, height, width)"],
        ),
        ("e.npz --reference r.npy --metrics mcc", &["`mcc` is not defined for a dataset", "(samples, sources)"]),
        ("e.npz --reference r.npy --channels-first", &["--channels-first is for recordings and images"]),
        (
            "e.npz --reference r.npy --mixture r.npy",
            &["r.npy: has the shape [3, 2, 8, 9], expected that of the references without their sources, [3, 8, 9]"],
        ),
    ] {
        bench.fails(&format!("evaluate --estimate {arguments}"), 1, parts);
    }
}
