//! `bss mix`.

use ndarray::{Array2, Ix2};

use crate::Bench;

/// A bench with three sources in `s.npy`.
fn with_sources() -> Bench {
    let bench = Bench::new();
    bench.ok("synth sine+square+ar --samples 200 --out s.npy");
    bench
}

fn matrix(bench: &Bench, file: &str) -> Array2<f64> {
    bench.read(file).into_dimensionality::<Ix2>().unwrap()
}

#[test]
fn the_file_holds_mixture_sources_and_mixing() {
    let bench = with_sources();
    let said = bench.ok("mix s.npy --out m.npz --channels 4");
    insta::assert_snapshot!(said, @"wrote m.npz: 200 samples of 4 channels, linear mixing of 3 sources (seed 0)");
    let (mixture, mixing) = (matrix(&bench, "m.npz:mixture"), matrix(&bench, "m.npz:mixing"));
    let sources = matrix(&bench, "m.npz:sources");
    assert_eq!(sources, matrix(&bench, "s.npy"));
    assert_eq!(mixture, sources.dot(&mixing.t()));
}

#[test]
fn a_format_of_one_array_gets_the_mixture() {
    let bench = with_sources();
    bench.ok("mix s.npy --out m.npz");
    bench.ok("mix s.npy --out m.csv");
    assert_eq!(bench.read("m.csv"), bench.read("m.npz:mixture"));
}

#[test]
fn channels_first_takes_and_gives_the_transpose() {
    let bench = with_sources();
    bench.write("t.npz", &[("x", bench.read("s.npy").reversed_axes())]);
    bench.ok("mix s.npy --out m.h5");
    bench.ok("mix t.npz --out n.h5 --channels-first");
    assert_eq!(bench.read("m.h5:/mixture").reversed_axes(), bench.read("n.h5:/mixture"));
    assert_eq!(bench.read("m.h5:/sources").reversed_axes(), bench.read("n.h5:/sources"));
    assert_eq!(bench.read("m.h5:/mixing"), bench.read("n.h5:/mixing"));
}

#[test]
fn noise_and_non_linear_mixing_change_the_mixture() {
    let bench = with_sources();
    bench.ok("mix s.npy --out a.npz");
    bench.ok("mix a.npz --out b.npz --noise-db -3");
    bench.ok("mix a.npz --out c.npz --mixing mlp");
    let mixture = bench.read("a.npz:mixture");
    assert_ne!(mixture, bench.read("b.npz:mixture"));
    assert_ne!(mixture, bench.read("c.npz:mixture"));
    assert!(!bench.ok("inspect c.npz").contains("mixing"), "an mlp has no mixing matrix");
}

#[test]
fn wrong_requests_are_answered() {
    let bench = with_sources();
    bench.write_array("nan.npy", Array2::from_elem((40, 2), f64::NAN));
    for (arguments, code, parts) in [
        ("mix s.npy --out m.npz --channels 0", 1, &["s.npy: 0 channels asked for"][..]),
        ("mix s.npy --out m.npz --mixing cubic", 2, &["linear, post-nonlinear, mlp"]),
        ("mix s.npy --out m.npz --noise-db nan", 1, &["noise level NaN dB"]),
        ("mix nan.npy --out m.npz", 1, &["nan.npy: sources have 80 values that are NaN or infinite"]),
        ("mix none.npy --out m.npz", 1, &["none.npy: no such file"]),
        ("mix s.npy --out m.xyz", 1, &["m.xyz: unknown extension"]),
    ] {
        bench.fails(arguments, code, parts);
    }
}
