//! The networks that `neri` is compared with, and going on from its answer.

use ndarray::{ArrayD, Axis, s};

use crate::Bench;
use crate::datasets::{SMALL, mixed, spots};

/// A bench as [`mixed`] makes it, with 20 mixtures in `few.npz` beside.
fn with_few() -> Bench {
    let bench = mixed();
    bench.write_array("few.npy", spots().slice_move(s![..40, .., ..]));
    bench.ok("mix few.npy --mix 2 --out few.npz");
    bench
}

/// The options of a small network of another model.
fn small(model: &str) -> String {
    SMALL.replace("neri", model)
}

/// How far the sources are from adding up to the mixtures.
fn distance(x: &ArrayD<f64>, sources: &ArrayD<f64>) -> f64 {
    (sources.sum_axis(Axis(1)) - x).mapv(f64::abs).sum()
}

#[test]
fn mixit_takes_as_many_outputs_as_two_mixtures_have_sources() {
    let bench = with_few();
    let fit = format!("fit s.npy {} --epochs 2", small("mixit"));
    for (arguments, parts) in [
        (
            "--mix 2",
            ["mixit is trained on sums of two mixtures, which hold 4 sources, but --sources is 2", "--sources 4"],
        ),
        ("--mix 2 --sources 3", ["--sources is 3; take --sources 4", "or --mix 1"]),
        ("--mix 3 --sources 4", ["which hold 6 sources", "take --sources 6"]),
    ] {
        bench.fails(&format!("{fit} {arguments} --out none"), 1, &parts);
        assert!(!bench.path("none").exists());
    }
    for (run, arguments, sources) in [("pairs", "--mix 2 --sources 4", 4), ("singles", "--mix 1 --sources 2", 2)] {
        bench.ok(&format!("{fit} {arguments} --out {run}"));
        bench.ok(&format!("separate few.npz --run {run} --out {run}.npz"));
        let estimate = bench.read(&format!("{run}.npz"));
        assert_eq!(estimate.shape(), [20, sources, 8, 8]);
        assert!(estimate.iter().all(|value| (0.0..=2.0).contains(value)) && estimate.iter().any(|value| *value > 0.0));
    }
}

#[test]
fn glo_learns_clean_examples_and_separates_by_descent() {
    let bench = with_few();
    let fit = format!("fit s.npy {}", small("glo"));
    bench.fails(&format!("{fit} --mix 2 --out none"), 1, &["glo learns clean examples", "leave out --mix 2"]);
    let rate = "--set learning.learning_rate=5e-3 --set learning.weight_decay=0";
    bench.ok(&format!("{fit} {rate} --epochs 80 --sources 2 --out run"));
    bench.ok("separate few.npz --run run --out e.npz");
    let (x, estimate) = (bench.read("few.npz:mixture"), bench.read("e.npz"));
    assert_eq!(estimate.shape(), [20, 2, 8, 8]);
    assert!(distance(&x, &estimate) < 0.5 * x.sum(), "{} of {}", distance(&x, &estimate), x.sum());
    // The sources have the scale of the mixture: nearer to the truth than the mixture shared out evenly.
    let separated = bench.json("evaluate --estimate e.npz --reference few.npz --metrics psnr_db");
    let halves = ndarray::stack(Axis(1), &[(&x / 2.0).view(), (&x / 2.0).view()]).unwrap();
    bench.write_array("halves.npy", halves);
    let shared = bench.json("evaluate --estimate halves.npy --reference few.npz --metrics psnr_db");
    let median = |scores: &serde_json::Value| scores["psnr_db"]["median"].as_f64().unwrap();
    assert!(median(&separated) > median(&shared), "{} against {}", median(&separated), median(&shared));
    let none = "--refine: glo has no encoder to go on from; leave --refine out";
    bench.fails("separate few.npz --run run --out e.npz --refine 5", 1, &[none]);
}

#[test]
fn refining_brings_the_sum_nearer_to_the_mixture() {
    let bench = with_few();
    bench.ok(&format!(
        "fit s.npy {SMALL} --mix 2 --epochs 30 --set learning.beta=0.01 --set separation.refine=20 --set separation.rounds=0 --out run"
    ));
    let told = bench.json("separate few.npz --run run --out plain.npz --refine 0");
    assert_eq!(told["refine"], 0);
    // As the run says.
    let told = bench.json("separate few.npz --run run --out refined.npz");
    assert_eq!((&told["refine"], &told["rounds"]), (&20.into(), &0.into()));
    let (x, plain, refined) = (bench.read("few.npz:mixture"), bench.read("plain.npz"), bench.read("refined.npz"));
    let (before, after) = (distance(&x, &plain), distance(&x, &refined));
    assert!(after < 0.95 * before, "{after} of {before}");
    bench.ok("separate few.npz --run run --out again.npz --refine 20");
    assert_eq!(bench.read("again.npz"), refined);
    let told = bench.json("separate few.npz --run run --out rounds.npz --rounds 2");
    assert_eq!((&told["refine"], &told["rounds"]), (&20.into(), &2.into()));
    let rounds = distance(&x, &bench.read("rounds.npz"));
    assert!(rounds < after, "{rounds} after rounds, {after} before");
    let none = "--rounds: nothing is refined; give --refine";
    bench.fails("separate few.npz --run run --out a.npz --rounds 2 --refine 0", 1, &[none]);
}

#[test]
fn recordings_are_not_refined() {
    let bench = Bench::new();
    bench.ok("synth sine+square+ar --samples 200 --out rec.npy");
    bench.ok("fit rec.npy --model sobi --out ica");
    let parts = ["--refine is for models of datasets, but ica was fitted with sobi to a recording; leave --refine out"];
    bench.fails("separate rec.npy --run ica --out e.npy --refine 5", 1, &parts);
}
