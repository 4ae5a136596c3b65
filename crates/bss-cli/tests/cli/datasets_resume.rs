//! Fits to datasets that are interrupted and resumed: the end is bit for bit that of a run left alone.

use std::fs;

use ndarray::Array3;
use serde_json::json;

use crate::Bench;
use crate::fit::EXACT;
use crate::resume::{interrupted, killed};

/// A fit long enough to be caught in the middle.
const LONG: &str = "s.npy --model neri --mix 2 --epochs 150 --set network.widths=[32,16] --set network.latent=4 \
                    --set learning.batch=50 --set learning.distortion=0.3 --set learning.log_every=1 \
                    --set learning.checkpoint_seconds";

/// A bench with 300 examples of stripes in `s.npy`.
fn stripes() -> Bench {
    let bench = Bench::new();
    let stripe = |(k, i, j): (usize, usize, usize)| 0.5 + 0.5 * ((k * (i + 1) + 3 * k * j) as f64 * 0.37).sin();
    bench.write_array("s.npy", Array3::from_shape_fn((300, 6, 6), stripe));
    bench
}

#[test]
fn a_killed_run_goes_on_to_the_same_end() {
    let bench = stripes();
    bench.ok(&format!("fit {LONG}=0 --quiet --out whole"));
    killed(&bench, &format!("{LONG}=0"), 20, false);
    bench.ok("separate s.npy --run run --out e.npy");
    bench.ok("fit s.npy --out run --quiet --resume");
    bench.same("whole", "run", &EXACT);
    bench.same("whole", "run", &["config.toml"]);
    // What is finished is left as it is.
    let before = bench.bytes("run", &EXACT);
    assert_eq!(bench.json("fit s.npy --out run --quiet --resume")["iterations"], json!(450));
    assert_eq!(bench.bytes("run", &EXACT), before);
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_is_saved_and_says_how_to_go_on() {
    let bench = stripes();
    bench.ok(&format!("fit {LONG}=3600 --quiet --out whole"));
    let stderr = interrupted(&bench, &format!("{LONG}=3600"), "-INT");
    assert!(stderr.contains(" of 450 iterations; all is saved, go on with `bss fit --out run --resume`"), "{stderr}");
    bench.ok("fit --out run --quiet --resume");
    bench.same("whole", "run", &EXACT);
}

#[test]
fn what_does_not_fit_the_run_is_refused() {
    let bench = stripes();
    let short = format!("{LONG}=3600").replace("--epochs 150", "--epochs 2");
    bench.ok(&format!("fit {short} --quiet --out run"));
    let before = bench.bytes("run", &EXACT);
    bench.write_array("t.npy", Array3::from_elem((300, 6, 6), 0.5));
    for (arguments, parts) in [
        ("s.npy --epochs 3", &["learning.epochs is 2 in run/config.toml, but 3 was asked for"][..]),
        ("s.npy --mix 3", &["data.mix is 2 in run/config.toml, but 3 was asked for"]),
        ("t.npy", &["run: was fitted to other data than t.npy"]),
    ] {
        bench.fails(&format!("fit {arguments} --out run --resume"), 1, parts);
    }
    bench.fails(&format!("fit {short} --out run"), 1, &["run: holds a run already"]);
    let text = fs::read_to_string(bench.path("run/config.toml")).unwrap();
    bench.write_text("run/config.toml", &text.replace("beta = 0.5 ", "beta = 0.9 "));
    bench.fails("fit s.npy --out run --resume", 1, &["run/config.toml: was changed since"]);
    assert_eq!(bench.bytes("run", &EXACT), before);
}
