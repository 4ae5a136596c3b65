//! Fits with other settings than the defaults, each through to its estimates.

use crate::Bench;
use crate::fit::mixed;

/// Fits with the options, separates, checks that all is finite, and gives the shape of the mixing, if there is one.
#[track_caller]
fn shape_of_mixing(bench: &Bench, arguments: &str) -> Option<Vec<usize>> {
    bench.ok(&format!("fit {arguments} --out run --force --iterations 30 --restarts 2"));
    bench.ok("separate --run run --out e.npz --std --quiet");
    let listing = bench.json("inspect e.npz");
    let names: Vec<&str> =
        listing["datasets"].as_array().unwrap().iter().map(|array| array["name"].as_str().unwrap()).collect();
    for name in &names {
        assert!(bench.read(&format!("e.npz:{name}")).iter().all(|value| value.is_finite()), "{arguments}: {name}");
    }
    assert!(bench.read("e.npz:std").iter().all(|std| *std > 0.0), "{arguments}");
    names.contains(&"mixing").then(|| bench.read("e.npz:mixing").shape().to_vec())
}

#[test]
fn every_choice_gives_estimates() {
    let bench = mixed();
    for (settings, has_mixing) in [
        ("--set prior.kind=gaussian", true),
        ("--set prior.kind=ar --set prior.base=gaussian", true),
        ("--set prior.kind=ar --set prior.order=2", true),
        ("--set prior.kind=ar-flow --set prior.base=gaussian --set prior.hidden=3", true),
        ("--set prior.order=2 --set prior.components=2 --set prior.kappa=0.3", true),
        ("--set whitening.kind=none", true),
        ("--set decoder.kind=linear", true),
        ("--set decoder.kind=tied", true),
        ("--set decoder.kind=mlp --set decoder.widths=[8,5] --set decoder.activation=silu", false),
        ("--set encoder.kind=mlp --set encoder.widths=6 --set encoder.activation=relu", false),
        ("--set encoder.kind=mlp --set decoder.kind=linear --set encoder.activation=leaky-relu", true),
        ("--set encoder.kind=post-nonlinear", false),
        ("--set encoder.kind=post-nonlinear --set whitening.kind=none --set decoder.kind=linear", false),
        ("--set encoder.kind=two-layer", false),
        ("--set encoder.kind=two-layer --set decoder.kind=mlp --set prior.kind=ar", false),
        ("--set training.anneal_from=0.5 --set training.anneal_to=0.5", true),
        ("--set training.log_every=7 --set training.clip_norm=0.1", true),
    ] {
        let mixing = shape_of_mixing(&bench, &format!("m.npz {settings}"));
        assert_eq!(mixing, has_mixing.then(|| vec![3, 3]), "{settings}");
        for line in bench.log("run") {
            assert!(line["beta"].is_f64() && line["loss"][0].is_f64(), "{settings}: {line}");
        }
    }
}

#[test]
fn more_channels_than_sources_are_whitened_down_to_them() {
    let bench = mixed();
    bench.ok("mix s.npy --out five.npz --channels 5");
    for (settings, has_mixing) in [
        ("", true),
        ("--set whitening.kind=none", true),
        ("--set decoder.kind=linear", true),
        ("--set encoder.kind=mlp", false),
        ("--set encoder.kind=two-layer", false),
        ("--set encoder.kind=post-nonlinear --set whitening.kind=none", false),
    ] {
        let expected = has_mixing.then(|| vec![5, 2]);
        assert_eq!(shape_of_mixing(&bench, &format!("five.npz --sources 2 {settings}")), expected, "{settings}");
        assert_eq!(bench.read("e.npz:sources").shape(), [200, 2], "{settings}");
    }
    let tied = "fit five.npz --out run --force --sources 2 --set whitening.kind=none --set decoder.kind=tied";
    bench.fails(tied, 1, &["five.npz", "decoder.kind is tied", "there are 5 and 2", "decoder.kind=auto"]);
    let bent = "fit five.npz --out run --force --sources 2 --set encoder.kind=post-nonlinear";
    bench.fails(bent, 1, &["five.npz", "encoder.kind is post-nonlinear", "there are 2 and 5", "--columns"]);
}

#[test]
fn a_sample_rate_comes_from_the_file_the_option_or_not_at_all() {
    let bench = mixed();
    let rate = |bench: &Bench| bench.json("separate --run run --out e.npy")["sample_rate"].as_f64();
    for (arguments, expected) in
        [("m.npz", None), ("m.npz --sample-rate 250", Some(250.0)), ("m.npz --set data.sample_rate=125.5", Some(125.5))]
    {
        bench.ok(&format!("fit {arguments} --out run --force --iterations 5 --restarts 1"));
        assert_eq!(rate(&bench), expected, "{arguments}");
    }
    let mixture = bench.read("m.npz:mixture");
    let named = [bss_data::Named { name: "x", values: &mixture }];
    bss_data::write(&bench.path("m.wav"), &named, bss_data::Dtype::F32, Some(8000.0)).unwrap();
    bench.ok("fit m.wav --out run --force --iterations 5 --restarts 1");
    assert_eq!(rate(&bench), Some(8000.0));
    bench.ok("separate m.wav --run run --out folder");
    assert_eq!(bench.json("inspect folder/source-2.wav")["datasets"][0]["sample_rate"], 8000.0);
}
