//! Settings and options that are refused, with their exit codes.

use crate::Bench;

#[test]
fn settings_are_wrong_input_and_options_are_usage() {
    let bench = Bench::new();
    bench.write_text("slip.toml", "[training]\nrestart = 3\n");
    bench.write_text("broken.toml", "[training\nrestarts = 3\n");
    for (arguments, code, parts) in [
        ("--set training.restart=3", 1, &["unknown key training.restart; did you mean training.restarts?"][..]),
        ("--set training.restarts=six", 1, &["training.restarts is \"six\", expected a whole number from 1 to 65535"]),
        ("--set prior.kind=flow", 1, &["expected one of gaussian, ar, ar-flow"]),
        ("--set prior.kind", 1, &["expected KEY=VALUE"]),
        ("--config slip.toml", 1, &["slip.toml: unknown key training.restart; did you mean training.restarts?"]),
        ("--config broken.toml", 1, &["broken.toml: no valid TOML", "line 1"]),
        ("--config none.toml", 1, &["none.toml: cannot be read"]),
        ("--model ar_flow", 1, &["expected one of ar-flow, neri", "did you mean ar-flow?"]),
        ("--restarts 0", 1, &["training.restarts is 0, expected a whole number from 1 to 65535"]),
        ("--epochs 3", 1, &["--iterations"]),
        ("--mix 2", 1, &["bss mix"]),
        ("--epochs 3 --iterations 3", 2, &["cannot be used with"]),
        ("--resume --force", 2, &["cannot be used with"]),
        ("--columns 8-1", 2, &["`8-1` runs backwards"]),
        ("--on-nan zero", 2, &["[possible values: drop, interpolate]"]),
        ("--device gpu", 2, &["expected cpu, cuda or cuda:I"]),
        ("--sources three", 2, &["--sources"]),
        ("--souces 3", 2, &["--sources"]),
    ] {
        bench.fails(&format!("fit a.npy --out run {arguments}"), code, parts);
    }
    bench.fails("fit a.npy", 2, &["--out <RUN>"]);
    bench.fails("fitt a.npy", 2, &["'fit'"]);
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_gpu_needs_a_build_for_it() {
    Bench::new().fails("fit a.npy --out run --device cuda", 1, &["device cuda:0", "--features cuda"]);
}
