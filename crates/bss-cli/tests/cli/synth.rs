//! `bss synth`.

use ndarray::Axis;

use crate::Bench;

#[test]
fn writes_standardised_sources_and_says_so() {
    let bench = Bench::new();
    let said = bench.ok("synth ar-laplace --samples 400 --out s.npy --seed 3");
    insta::assert_snapshot!(said, @"wrote s.npy: 400 samples of 3 sources, ar-laplace (seed 3)");
    let sources = bench.read("s.npy");
    assert_eq!(sources.shape(), [400, 3]);
    assert!(sources.std_axis(Axis(0), 0.0).iter().all(|std| (std - 1.0).abs() < 1e-12));
}

#[test]
fn the_seed_decides_and_the_format_does_not() {
    let bench = Bench::new();
    for (file, seed) in [("a.npy", 3), ("b.h5", 3), ("c.csv", 3), ("d.npz", 4)] {
        bench.ok(&format!("synth garch --samples 60 --out {file} --seed {seed}"));
    }
    assert_eq!(bench.read("a.npy"), bench.read("b.h5:/sources"));
    assert_eq!(bench.read("a.npy"), bench.read("c.csv"));
    assert_ne!(bench.read("a.npy"), bench.read("d.npz:sources"));
}

#[test]
fn channels_first_is_the_transpose() {
    let bench = Bench::new();
    bench.ok("synth iid --samples 60 --out a.npy");
    bench.ok("synth iid --samples 60 --out b.npy --channels-first");
    assert_eq!(bench.read("a.npy").reversed_axes(), bench.read("b.npy"));
}

#[test]
fn families_are_joined_and_the_first_sources_kept() {
    let bench = Bench::new();
    let said = bench.ok("synth ar-laplace,iid --sources 5 --samples 60 --out five.npy --seed 2");
    insta::assert_snapshot!(said, @"wrote five.npy: 60 samples of 5 sources, ar-laplace, iid (seed 2)");
    bench.ok("synth ar-laplace --sources 2 --samples 60 --out two.npy --seed 2");
    let five = bench.read("five.npy");
    assert_eq!(five.shape(), [60, 5]);
    assert_eq!(five.slice_axis(Axis(1), (..2).into()), bench.read("two.npy"));
}

#[test]
fn wrong_requests_are_answered() {
    let bench = Bench::new();
    for (arguments, code, parts) in [
        ("synth sine --samples 9 --out a.npy", 1, &["unknown family `sine`", "there are sine+square+ar, "][..]),
        ("synth iid --samples 0 --out a.npy", 1, &["--samples is 0, expected at least 2"]),
        ("synth iid,sine --samples 9 --out a.npy", 1, &["unknown family `sine`"]),
        ("synth iid, --samples 9 --out a.npy", 1, &["unknown family ``"]),
        ("synth iid --sources 0 --samples 9 --out a.npy", 1, &["--sources is 0, expected at least 1"]),
        ("synth iid --sources 4 --samples 9 --out a.npy", 1, &["iid has 3; name more families, separated by commas"]),
        ("synth iid --samples -1 --out a.npy", 2, &["--samples"]),
        ("synth iid --samples 9 --out a.xyz", 1, &["a.xyz: unknown extension; expected one of .npy"]),
        ("synth iid --samples 9 --out none/a.npy", 1, &["none: no such file or folder"]),
        ("synth iid --samples 9 --out .", 1, &[".: unknown extension"]),
        ("synth iid --out a.npy", 2, &["--samples <R>"]),
    ] {
        bench.fails(arguments, code, parts);
    }
}
