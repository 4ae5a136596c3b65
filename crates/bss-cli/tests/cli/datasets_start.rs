//! Fits that begin with the weights of another run, with as many sources or with more.

use std::fs;

use ndarray::{Array3, Axis};
use serde_json::Value;

use crate::Bench;
use crate::fit::EXACT;
use crate::resume::killed;

/// A small network for 300 examples of 36 values.
const SMALL: &str = "--mix 2 --set network.widths=[32,16] --set network.latent=4 --set learning.batch=25 \
                     --set learning.beta=0.05 --set learning.weight_decay=0 --set learning.log_every=1 --quiet";

/// A bench with 300 examples in `s.npy`, lit above or left of a line, and a run on pairs of them.
fn lit() -> Bench {
    let bench = Bench::new();
    let is_lit = |k: usize, i: usize, j: usize| (if k.is_multiple_of(2) { i } else { j }) < 1 + k / 2 % 5;
    let of = |(k, i, j)| if is_lit(k, i, j) { 0.6 + 0.3 * (k as f64 * 0.7).sin() } else { 0.05 };
    bench.write_array("s.npy", Array3::from_shape_fn((300, 6, 6), of));
    bench.ok(&format!("fit s.npy --model neri {SMALL} --epochs 200 --set learning.learning_rate=1e-2 --out two"));
    bench
}

/// The reconstruction in the lines of a run's log.
fn reconstructions(bench: &Bench, run: &str) -> Vec<f64> {
    let log = fs::read_to_string(bench.path(&format!("{run}/metrics.jsonl"))).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["reconstruction"][0].as_f64().unwrap()).collect()
}

#[test]
fn a_fit_goes_on_from_the_weights_of_another_and_added_sources_fall_silent() {
    let bench = lit();
    let on = format!("{SMALL} --epochs 50 --set learning.warm_up_epochs=0 --set learning.learning_rate=2e-3");
    let ended = reconstructions(&bench, "two").last().copied().unwrap();

    let said = bench.json(&format!("fit s.npy --model neri {on} --start two --out same"));
    assert_eq!(said["source_usage"].as_array().unwrap().len(), 2, "as many as the run has: {said}");
    let first = reconstructions(&bench, "same")[0];
    assert!((first - ended).abs() < 0.2 * ended, "went on from {ended} with {first}");

    let said = bench.json(&format!("fit s.npy --model neri {on} --sources 3 --start two --out three"));
    let usage = said["source_usage"].as_array().unwrap();
    let energy = |source: usize| usage[source]["energy_share"].as_f64().unwrap();
    assert!(energy(2) < 0.03 && energy(0).min(energy(1)) > 0.3, "{usage:?}");
    let text = fs::read_to_string(bench.path("three/config.toml")).unwrap();
    assert!(text.contains("start = \"two\""), "{text}");
    let last = reconstructions(&bench, "three").last().copied().unwrap();
    assert!(last < 1.2 * ended, "{last} with three sources, {ended} with two");
    silent_sources_are_not_refined(&bench);
}

/// Those of the encoder's answer with less than 1 % of the energy are the same after a descent, the others are not.
fn silent_sources_are_not_refined(bench: &Bench) {
    bench.ok("mix s.npy --mix 2 --out m.npz");
    let [plain, refined] = ["--refine 0", "--refine 20 --rounds 0"].map(|options| {
        bench.ok(&format!("separate m.npz --run three --out e.npz {options}"));
        bench.read("e.npz:sources")
    });
    let (mut silent, mut moved) = (0, 0);
    for (plain, refined) in plain.outer_iter().zip(refined.outer_iter()) {
        let energy = |source: usize| plain.index_axis(Axis(0), source).mapv(|v| v * v).sum();
        let change =
            |source| (&plain.index_axis(Axis(0), source) - &refined.index_axis(Axis(0), source)).mapv(f64::abs).sum();
        if energy(2) < 0.009 * (energy(0) + energy(1)) {
            silent += 1;
            assert!(change(2) < 1e-4, "{}", change(2));
        }
        moved += usize::from(change(0) > 1e-2);
    }
    assert!(silent > 40 && moved > 100, "{silent} silent and {moved} moved of {}", plain.len_of(Axis(0)));
}

#[test]
fn a_resumed_run_needs_the_one_it_began_with_no_more() {
    let bench = lit();
    let on = format!("s.npy --model neri {SMALL} --epochs 150 --sources 3 --start two").replace("--quiet", "");
    let on = format!("{} --set learning.checkpoint_seconds=0", on.trim());
    bench.ok(&format!("fit {on} --quiet --out whole"));
    killed(&bench, &on, 20, false);
    fs::rename(bench.path("two"), bench.path("gone")).unwrap();
    bench.ok("fit s.npy --out run --quiet --resume --start elsewhere/two");
    bench.same("whole", "run", &EXACT);
}

#[test]
fn what_cannot_be_a_start_is_refused() {
    let bench = lit();
    bench.write_array("t.npy", Array3::from_elem((300, 4, 6), 0.5));
    bench.ok(&format!("fit s.npy --model mixit {SMALL} --mix 1 --epochs 1 --out mixit").replace("--mix 2 ", ""));
    bench.ok(&format!("fit s.npy --model ae {SMALL} --epochs 1 --out ae"));
    let neri = format!("--model neri {SMALL} --epochs 1 --out new");
    for (arguments, parts) in [
        (format!("s.npy {neri} --start none"), &["--start none", "none: "][..]),
        (
            format!("s.npy {neri} --start ae --sources 3").replace("neri", "ae"),
            &["--start ae: has 2 sources, and ae cannot go on from there with 3"],
        ),
        (format!("s.npy {neri} --start mixit"), &["--start mixit: is a run of mixit, but neri is to be fitted"]),
        (
            format!("s.npy {neri} --start two --set network.latent=3"),
            &["--start two: there network.latent is 4, here 3; give --set network.latent=4"],
        ),
        (
            format!("s.npy {neri} --start two --sources 1"),
            &["--start two: has 2 sources, and neri cannot go on from there with 1"],
        ),
        (
            format!("t.npy {neri} --start two"),
            &["--start two: was fitted to other examples, of shape [6, 6], than t.npy"],
        ),
        (
            format!("s.npy --model mixit {SMALL} --mix 1 --epochs 1 --out new --start mixit --sources 4")
                .replace("--mix 2 ", ""),
            &["mixit cannot go on from there with 4"],
        ),
        ("s.npy --model nmf --out new --start two".to_owned(), &["--start: nmf is not trained on batches"]),
    ] {
        bench.fails(&format!("fit {arguments}"), 1, parts);
        assert!(!bench.path("new").exists(), "{arguments} has left a run");
    }
    let before = bench.bytes("two", &EXACT);
    let onto = format!("fit s.npy --model neri {SMALL} --epochs 1 --start ./two --out two --force");
    bench.fails(&onto, 1, &["--start two: is the folder that the fit would replace"]);
    assert_eq!(bench.bytes("two", &EXACT), before);
}
