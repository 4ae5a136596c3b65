//! Datasets of one-channel examples: mixed, fitted, separated, and refused where something is wrong.

use ndarray::{Array3, ArrayD, ArrayView3, Axis, Ix3, Ix4, s};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::Bench;
use crate::fit::EXACT;

/// A small network, trained in moments.
pub(crate) const SMALL: &str =
    "--model neri --set network.widths=[32,16] --set network.latent=4 --set learning.batch=50 --quiet";

/// 600 spots of light of 8 by 8 pixels, each somewhere else.
pub(crate) fn spots() -> Array3<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(7);
    let mut spots = Array3::zeros((600, 8, 8));
    for mut spot in spots.outer_iter_mut() {
        let [row, column]: [f64; 2] = generator.random();
        let value = |(i, j): (usize, usize)| {
            let distance = (i as f64 - 1.0 - 5.0 * row).powi(2) + (j as f64 - 1.0 - 5.0 * column).powi(2);
            f64::from((-distance / 2.0).exp() as f32)
        };
        spot.indexed_iter_mut().for_each(|(at, pixel)| *pixel = value(at));
    }
    spots
}

/// A bench with clean examples in `s.npy`, and mixtures of two with their sources in `m.npz`.
pub(crate) fn mixed() -> Bench {
    let bench = Bench::new();
    bench.write_array("s.npy", spots());
    bench.ok("mix s.npy --mix 2 --seed 1 --out m.npz");
    bench
}

/// Fits for some epochs to mixtures of two.
fn fit(bench: &Bench, epochs: usize, more: &str) -> String {
    bench.ok(&format!("fit s.npy {SMALL} --mix 2 --epochs {epochs} {more}"))
}

#[test]
fn mixtures_are_the_sums_of_what_they_are_made_of() {
    let bench = mixed();
    let mixture = bench.read("m.npz:mixture").into_dimensionality::<Ix3>().unwrap();
    let sources = bench.read("m.npz:sources").into_dimensionality::<Ix4>().unwrap();
    assert_eq!((mixture.dim(), sources.dim()), ((300, 8, 8), (300, 2, 8, 8)));
    for (x, s) in mixture.iter().zip(sources.sum_axis(Axis(1)).iter()) {
        assert_eq!(*x as f32, *s as f32);
    }
    // Every example is in one mixture.
    let clean = spots();
    let mut found: Vec<String> =
        (sources.rows().into_iter()).map(|row| format!("{:?}", row.mapv(|v| 2.0 * v))).collect();
    let mut expected: Vec<String> = clean.rows().into_iter().map(|row| format!("{row:?}")).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let said = bench.ok("mix s.npy --mix 7 --seed 1 --out seven.npy");
    assert_eq!(said, "wrote seven.npy: 85 mixtures of 7 out of 600 examples of 8 by 8, 5 of them left over (seed 1)\n");
    assert_eq!(bench.read("seven.npy").shape(), [85, 8, 8]);
}

#[test]
fn the_whole_way_separates() {
    let bench = mixed();
    fit(&bench, 150, "--set learning.beta=0.01 --set learning.learning_rate=5e-3 --out run");
    let said = bench.ok("separate m.npz --run run --out e.npz --mask");
    assert_eq!(said, "wrote e.npz: 300 examples of 8 by 8 in 2 sources, masked\n");
    let estimate = bench.read("e.npz").into_dimensionality::<Ix4>().unwrap();
    let truth = bench.read("m.npz:sources").into_dimensionality::<Ix4>().unwrap();
    let distance = |a: ArrayView3<f64>, b: ArrayView3<f64>| (&a - &b).mapv(|v| v * v).sum();
    let (mut of_estimate, mut of_halves) = (0.0, 0.0);
    for (estimate, truth) in estimate.outer_iter().zip(truth.outer_iter()) {
        let swapped = estimate.slice(s![..;-1, .., ..]);
        of_estimate += f64::min(distance(estimate, truth), distance(swapped, truth));
        let half = truth.sum_axis(Axis(0)) / 2.0;
        of_halves += truth.outer_iter().map(|truth| (&truth - &half).mapv(|v| v * v).sum()).sum::<f64>();
    }
    assert!(of_estimate < 0.35 * of_halves, "{of_estimate} against {of_halves} of equal shares");
}

#[test]
fn masked_sources_sum_to_the_mixture_to_the_bit() {
    let bench = mixed();
    fit(&bench, 2, "--sources 3 --out run");
    bench.ok("separate m.npz --run run --out e.h5 --mask");
    let (x, sources) = (bench.read("m.npz:mixture"), bench.read("e.h5"));
    for (x, sources) in x.outer_iter().zip(sources.outer_iter()) {
        for (i, x) in x.iter().enumerate() {
            let of = |source: ArrayD<f64>| source.iter().nth(i).copied().unwrap() as f32;
            let parts = sources.outer_iter().map(|source| of(source.to_owned()));
            assert_eq!(parts.reduce(|sum, part| sum + part), Some(*x as f32));
        }
    }
}

#[test]
fn standard_deviations_are_those_of_draws() {
    let bench = mixed();
    fit(&bench, 2, "--out run");
    let told = bench.json("separate m.npz --run run --out e.npy");
    assert_eq!((&told["refine"], &told["rounds"]), (&20.into(), &1.into()), "what neri does by itself");
    let told = bench.json("separate m.npz --run run --out e.npy --std");
    assert_eq!((&told["refine"], &told["rounds"]), (&0.into(), &0.into()));
    bench.fails("separate m.npz --run run --out e.npy --std --rounds 1", 1, &["not of refined sources"]);
    let (sources, std) = (bench.read("e.npy"), bench.read("e.std.npy"));
    assert_eq!(sources.shape(), [300, 2, 8, 8]);
    assert_eq!(std.shape(), sources.shape());
    assert!(std.iter().all(|std| (0.0..0.5).contains(std)) && std.iter().any(|std| *std > 0.0));
    bench.ok("separate m.npz --run run --out e.npy --refine 0");
    assert_eq!(bench.read("e.npy"), sources, "they are of the encoder's answer");
    assert!(!bench.path("e.std.npy").exists(), "it belonged to the estimate that was replaced");
    bench.ok(&format!("fit s.npy {} --mix 2 --epochs 2 --out ae", SMALL.replace("neri", "ae")));
    assert_eq!(bench.json("separate m.npz --run ae --out e.npy --mask")["refine"], 0, "it has no prior");
    bench.fails("separate m.npz --run ae --out e.npy --std", 1, &["--std: ae gives one estimate", "--model neri"]);
}

#[test]
fn the_seed_decides_and_threads_do_not() {
    let bench = mixed();
    for (out, more) in [("a", "--threads 1"), ("b", "--threads 3"), ("c", "--seed 1")] {
        fit(&bench, 4, &format!("{more} --set learning.log_every=1 --out {out}"));
    }
    bench.same("a", "b", &EXACT);
    assert!(bench.bytes("a", &EXACT[..1]) != bench.bytes("c", &EXACT[..1]));
    for (out, run) in [("1.npz", "a"), ("2.npz", "b")] {
        bench.ok(&format!("separate m.npz --run {run} --out {out} --std"));
    }
    assert!(bench.bytes(".", &["1.npz"]) == bench.bytes(".", &["2.npz"]));
}

#[test]
fn mixtures_are_fitted_as_they_are_and_bytes_are_divided() {
    let bench = mixed();
    let bytes: Vec<u8> = spots().iter().map(|value| (255.0 * value).round() as u8).collect();
    let head = "{'descr': '|u1', 'fortran_order': False, 'shape': (600, 8, 8), }";
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(118_u16.to_le_bytes());
    file.extend(format!("{head:<117}\n").as_bytes());
    file.extend(bytes);
    std::fs::write(bench.path("u.npy"), file).unwrap();
    let said = bench.ok(&format!("fit u.npy {SMALL} --epochs 2 --out run"));
    assert!(said.contains("uint8 values were divided by 255"), "{said}");
    assert!(said.contains("  bss separate u.npy --run run --out run/sources.npz --mask"), "{said}");
    assert!(bench.ok("separate --run run --out e.npz").contains("600 examples of 8 by 8 in 2 sources"));
    assert!(bench.ok("mix u.npy --mix 2 --out n.npz").contains("divided by 255"));
    assert!(bench.read("n.npz:mixture").iter().all(|x| (0.0..=1.0).contains(x)));
    let said = bench.json(&format!("fit m.npz u.npy {SMALL} --epochs 1 --out both"));
    assert_eq!((&said["examples"], &said["divided_by_255"]), (&Value::from(900), &Value::from(true)));
}

#[test]
fn the_end_is_told_with_the_usage_of_each_source() {
    let bench = mixed();
    let said = bench.json(&format!("fit s.npy {SMALL} --mix 2 --sources 3 --epochs 3 --out run"));
    let usage = said["source_usage"].as_array().unwrap();
    let shares: f64 = usage.iter().map(|source| source["energy_share"].as_f64().unwrap()).sum();
    assert!(usage.len() == 3 && (shares - 1.0).abs() < 1e-12, "{usage:?}");
    assert!(usage.iter().all(|source| source["divergence"].as_f64().unwrap() >= 0.0));
    let record: Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
    assert_eq!(record["source_usage"], said["source_usage"]);
    assert_eq!((&record["iterations"], &record["shape"]), (&Value::from(18), &serde_json::json!([8, 8])));
    assert!(said["warnings"][0].as_str().unwrap().contains("the posterior has collapsed"), "so soon: {said}");
    assert_eq!(bench.log("run").len(), 2, "the first and the last iteration");
    insta::with_settings!({ filters => vec![(r"\d+\.\d+", "[number]"), (r" +", " ")] }, {
        insta::assert_snapshot!(fit(&bench, 3, "--force --out run"));
    });
}

#[test]
fn the_paper_s_preset_comes_before_the_other_settings() {
    let bench = mixed();
    fit(&bench, 1, "--preset paper --set learning.beta=0.25 --out run");
    let config: toml::Table =
        String::from_utf8(bench.bytes("run", &["config.toml"]).remove(0)).unwrap().parse().unwrap();
    let learning = config["learning"].as_table().unwrap();
    let of = |key: &str| learning[key].as_float();
    assert_eq!((of("learning_rate"), of("average"), of("warm_up_epochs")), (Some(1e-4), Some(0.0), Some(100.0)));
    assert_eq!((of("beta"), learning["decay"].as_str()), (Some(0.25), Some("exponential")));
    // The command that started a run goes on with it.
    let again =
        format!("fit s.npy {SMALL} --mix 2 --epochs 1 --set learning.beta=0.25 --preset paper --out run --resume");
    bench.ok(&again);
    bench.ok("fit s.npy --out run --quiet --resume");
    // What a preset says of other models is not asked of this one.
    let mixit = "fit s.npy --model mixit --mix 1 --preset audio --set front-end.kind=none --set network.widths=[8] --epochs 1 \
                 --quiet --out pairs";
    bench.ok(mixit);
    bench.ok(&format!("{mixit} --resume"));
    bench.fails("fit s.npy --model neri --preset ours --out x", 1, &["neri has no such preset; there is paper"]);
    bench.fails("fit s.npy --model sobi --preset paper --out x", 1, &["sobi has no presets"]);
}

#[test]
fn the_report_shows_examples_and_the_training() {
    let bench = mixed();
    fit(&bench, 2, "--set learning.log_every=1 --out run");
    assert_eq!(bench.ok("report run --reference m.npz"), "wrote run/report/index.html\n");
    let read = |file: &str| std::fs::read_to_string(bench.path(file)).unwrap();
    let page = read("run/report/index.html");
    for part in
        ["mixture", "source 2", "masked 1", "refined 2", "truth 2", "share of the energy", "with neri", "collapsed"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("Over 300 examples of 2 true sources each.") && page.contains("median SSIM"));
    assert!(!page.contains("superfluous energy</th>"), "no output is to spare");
    assert!(!page.contains("NaN") && page.matches("<svg").count() == 3);
    for figure in ["examples", "psnr", "training"] {
        let png = std::fs::read(bench.path(&format!("run/report/{figure}.png"))).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n"), "{figure}");
    }
    let said = bench.json("report run --out refined --reference m.npz --refine 10 --rounds 1");
    bench.ok("separate m.npz --run run --out refined.npz --mask --refine 10 --rounds 1");
    let of = bench.json("evaluate --estimate refined.npz --reference m.npz --metrics psnr_db");
    let [shown, scored] =
        [&said["scores"]["refined"]["psnr_db"], &of["psnr_db"]["median"]].map(|value| value.as_f64().unwrap());
    assert!((shown - scored).abs() < 1e-4, "{shown} and {scored}");
    let said = bench.json("report run --out without");
    assert_eq!((&said["page"], said["sources"].as_array().unwrap().len()), (&Value::from("without/index.html"), 2));
    assert!(!read("without/examples.svg").contains("truth"), "without a reference there is no truth to show");
    assert!(!bench.path("without/psnr.svg").exists() && said["scores"] == json!({}));
    scores_are_those_of_evaluate(&bench);
    // Features in one dimension are no pictures.
    bench.write_array("flat.npy", spots().into_shape_with_order((600, 64)).unwrap());
    bench.ok(&format!("fit flat.npy {SMALL} --epochs 1 --out flat"));
    bench.ok("report flat");
    assert!(!bench.path("flat/report/examples.svg").exists());
}

/// Also with more outputs than true sources.
fn scores_are_those_of_evaluate(bench: &Bench) {
    fit(bench, 1, "--sources 3 --out three");
    let said = bench.json("report three --reference m.npz");
    for (name, mask) in [("decoded", ""), ("masked", "--mask")] {
        bench.ok(&format!("separate m.npz --run three --refine 0 {mask} --out {name}.npz"));
        let scores = bench.json(&format!("evaluate --estimate {name}.npz --reference m.npz --metrics psnr_db,ssim"));
        assert_eq!(said["scores"][name]["psnr_db"], scores["psnr_db"]["median"], "{name}");
        assert_eq!(said["scores"][name]["ssim"], scores["ssim"]["median"], "{name}");
        assert_eq!(said["scores"][name]["superfluous"], scores["superfluous"], "{name}");
    }
    let page = std::fs::read_to_string(bench.path("three/report/index.html")).unwrap();
    assert!(page.contains("examples without superfluous energy") && page.contains("truth 3") && !page.contains("NaN"));
    fit(bench, 1, "--sources 1 --out one");
    let few = ["one against m.npz", "1 sources", "reference has 2", "separate with at least 2"];
    bench.fails("report one --reference m.npz", 1, &few);
}

#[test]
fn what_is_no_dataset_is_refused() {
    let bench = mixed();
    bench.write_array("large.npy", spots() * 3.0);
    let mut broken = spots();
    broken[[5, 0, 1]] = f64::NAN;
    bench.write_array("nan.npy", broken);
    bench.write_array("flat.npy", spots().into_shape_with_order((600, 64)).unwrap());
    bench.write_array("line.npy", spots().flatten().into_owned());
    bench.write_array("other.npy", spots().slice_move(s![.., ..4, ..]));
    for (arguments, parts) in [
        ("large.npy", &["large.npy: values lie from ", "expected 0 to 1", "rescale"][..]),
        ("nan.npy", &["nan.npy: 1 of 38400 values are NaN or infinite, the first in example 5"]),
        ("line.npy", &["line.npy: has 1 dimension", "(examples, features…)"]),
        ("s.npy other.npy", &["other.npy holds examples of shape [4, 8], but s.npy of [8, 8]"]),
        (
            "s.npy --mix 20",
            &["600 examples are too few, expected at least 1000", "50 mixtures of 20", "learning.batch"],
        ),
        ("s.npy --iterations 9", &["--iterations: neri takes none; give --epochs instead"]),
        ("s.npy --restarts 2", &["--restarts: neri takes none"]),
        ("s.npy --columns 1", &["--columns: neri is fitted to examples"]),
        ("s.npy --set data.columns=1", &["data.columns is a setting of ar-flow"]),
        ("s.npy --set learning.decay=linear", &["learning.decay is \"linear\", expected one of cosine, exponential"]),
        ("m.npz --mix 2", &["m.npz", "mixture", "sources"]),
        (
            "flat.npy --set learning.distortion=1",
            &[
                "learning.distortion = 1 moves the pixels of images",
                "flat.npy holds examples of shape [64]",
                "set it to 0",
            ],
        ),
    ] {
        bench.fails(&format!("fit {arguments} {SMALL} --out none"), 1, parts);
        assert!(!bench.path("none").exists());
    }
    let far = format!("fit s.npy {SMALL} --set learning.distortion=8 --out none");
    bench.fails(&far, 1, &["learning.distortion = 8 moves pixels out of images of 8 by 8; try 0.6"]);
    let glo = format!("fit s.npy {} --set learning.distortion=1 --out none", SMALL.replace("neri", "glo"));
    bench.fails(&glo, 1, &["glo learns a latent source for each example as it is; leave out learning.distortion = 1"]);
    bench.fails("fit s.npy --out none", 1, &["s.npy: has 3 dimensions", "a dataset", "neri"]);
    bench.fails("fit m.npz --set data.mix=2 --out none", 1, &["data.mix is a setting of neri, nmf, ae"]);
    bench.fails("mix s.npy --mix 601 --out x.npy", 1, &["600 examples are too few for one mixture of 601"]);
    bench.fails("mix s.npy --mix 2 --channels 3 --out x.npy", 2, &["cannot be used with"]);
}

#[test]
fn what_a_run_cannot_separate_is_refused() {
    let bench = mixed();
    fit(&bench, 1, "--out run");
    bench.write_array("other.npy", spots().slice_move(s![.., ..4, ..]));
    for (arguments, parts) in [
        ("--out e.npz", &["no input: run was fitted to clean examples", "bss mix FILE --mix 2"][..]),
        (
            "other.npy --out e.npz",
            &["600 examples of 4 by 8, but run was fitted to examples of shape [8, 8] with neri"],
        ),
        ("m.npz --out e.npz --std --mask", &["leave --std or --mask out"]),
        ("m.npz --out e.npz --scale original", &["--scale is for recordings"]),
        ("m.npz --out e.npz --std --noise-db 3", &["--noise-db is for recordings"]),
        ("m.npz --out e.npz --channels-first", &["--channels-first: run was fitted with neri"]),
        ("m.npz --out e", &["e.npz"]),
        ("m.npz --out e.csv", &["write .npy, .npz or .h5"]),
    ] {
        bench.fails(&format!("separate {arguments} --run run"), 1, parts);
    }
    bench.ok("synth sine+square+ar --samples 200 --out rec.npy");
    bench.fails("separate rec.npy --run run --out e.npz", 1, &["rec.npy: values lie from"]);
    bench.ok("fit rec.npy --out ica --model sobi");
    bench.fails("separate m.npz --run ica --out e.npz", 1, &["has 3 dimensions", "neri"]);
    bench.fails("report run --reference m.npz:mixture", 1, &["m.npz:mixture: holds 300 examples of 8 by 8", "--mix"]);
}

#[test]
fn a_run_that_diverges_says_what_to_try() {
    let bench = mixed();
    let hot = format!("fit s.npy {SMALL} --mix 2 --epochs 300 --set learning.learning_rate=1e30 --out run");
    bench.fails(&hot, 3, &["diverged at iteration", "no model", "learning.learning_rate=2"]);
    assert!(!bench.path("run/model.safetensors").exists());
    let record: Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
    assert_eq!(record["verdict"], "diverged");
}
