//! `bss count`: what it says and writes, and what it refuses.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Bench;
use crate::fit::{EXACT, SHORT};

/// Three sources in five channels, with noise that one more dimension cannot hide.
fn mixed() -> Bench {
    let bench = Bench::new();
    bench.ok("synth sine+square+ar --samples 400 --out s.npy");
    bench.ok("mix s.npy --channels 5 --noise-db 30 --out m.npz");
    bench.ok("mix s.npy --channels 5 --out clean.npz");
    bench
}

#[test]
fn the_table_marks_the_number_chosen_and_the_next_command_fits_it() {
    let bench = mixed();
    let said = bench.ok(&format!("count m.npz --sources 2-4 {SHORT}"));
    let filters =
        vec![(r"after \d+\.\d s", "after [time] s"), (r" +-?\d+\.\d{4}", "  [nats]"), (r" +\d+\.\d %", "  [share] %")];
    insta::with_settings!({filters => filters}, { insta::assert_snapshot!(said) });
    let next = said.lines().find_map(|line| line.strip_prefix("  bss ")).unwrap();
    assert!(next.starts_with("fit m.npz --sources 3 "), "{next}");
    bench.ok(next);
    assert!(bench.path("run/model.safetensors").is_file());
}

#[test]
fn json_holds_every_candidate() {
    let bench = mixed();
    let count = bench.json(&format!("count m.npz --seed 3 {SHORT}"));
    assert_eq!((&count["sources"], &count["rank"], &count["note"]), (&3.into(), &5.into(), &().into()));
    assert_eq!((&count["fitted_samples"], &count["held_out_samples"]), (&320.into(), &80.into()));
    let candidates = count["candidates"].as_array().unwrap();
    let numbers: Vec<_> = candidates.iter().map(|candidate| candidate["sources"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    for key in ["elbo", "standard_error", "behind", "behind_standard_error", "variance", "loss"] {
        assert!(candidates.iter().all(|candidate| candidate[key].is_f64()), "{key}: {candidates:?}");
    }
    assert!(candidates.iter().any(|candidate| candidate["behind"] == 0.0));
    let scree: Vec<f64> = serde_json::from_value(count["scree"].clone()).unwrap();
    assert!((scree.iter().sum::<f64>() - 1.0).abs() < 1e-9 && scree.windows(2).all(|pair| pair[0] >= pair[1]));
}

#[test]
fn the_folder_holds_result_figure_and_settings_and_the_seed_decides_them() {
    let bench = mixed();
    let arguments = format!("count m.npz --sources 2-3 {SHORT}");
    let said = bench.ok(&format!("{arguments} --out a --threads 1"));
    bench.ok(&format!("{arguments} --out b --threads 2"));
    bench.same("a", "b", &["count.svg", "count.png", "config.toml"]);
    assert!(fs::read_to_string(bench.path("a/count.svg")).unwrap().contains("component"));
    let json: serde_json::Value = serde_json::from_slice(&bench.bytes("a", &["count.json"])[0]).unwrap();
    assert_eq!(json["sources"], 3);
    let next = said.lines().find_map(|line| line.strip_prefix("  bss ")).unwrap();
    bench.ok(next);
    // The settings went along.
    bench.ok(&format!("fit m.npz --sources 3 {SHORT} --out c"));
    bench.same("a/run", "c", &EXACT[2..]);
}

#[test]
fn channels_that_span_less_end_the_range() {
    let bench = mixed();
    let said = bench.ok("count clean.npz --iterations 300 --restarts 2");
    assert!(said.starts_with("3 sources"), "{said}");
    assert!(said.contains("the channels span only 3 dimensions"), "{said}");
    bench.fails("count clean.npz --sources 2-4", 1, &["clean.npz", "--sources 2-4", "span only 3", "--sources 1-3"]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let bench = mixed();
    bench.fails("count m.npz --sources 0-3", 2, &["'0-3'", "as in 3 or 1-6"]);
    bench.fails("count m.npz --sources 4-2", 2, &["'4-2'"]);
    bench.fails("count m.npz --sources 1-9", 1, &["m.npz", "span only 5 dimensions"]);
    bench.fails("count m.npz --hold-out 1", 1, &["--hold-out is 1", "0.2"]);
    bench.fails("count m.npz --hold-out NaN", 1, &["--hold-out is NaN"]);
    bench.fails("count m.npz --hold-out 0.01", 1, &["m.npz", "396 of 400", "4 to score", "20"]);
    bench.fails("count m.npz --model sobi", 1, &["sobi", "no density", "--model"]);
    bench.fails("count m.npz --set sources=2", 1, &["sources", "--sources 1-6"]);
    bench.fails("count m.npz --set whitening.kind=none", 1, &["whitening.kind", "pca"]);
    bench.fails(
        "count m.npz --set encoder.kind=post-nonlinear",
        1,
        &["post-nonlinear", "nothing to compare", "two-layer"],
    );
    bench.fails("count m.npz --set prior.ordr=2", 1, &["prior.order"]);
    bench.fails("count m.npz --set prior.order=400 --sources 1", 1, &["m.npz", "prior.order is 400", "320 samples"]);
    bench.fails("count m.npz --threads 0", 1, &["--threads is 0"]);
    bench.fails("count missing.npy", 1, &["missing.npy"]);
}

#[test]
fn the_next_command_takes_images_in_the_same_order() {
    let bench = Bench::new();
    bench.ok("synth images --samples 400 --out s.npy");
    bench.ok("mix s.npy --out m.npz");
    let said = bench.json("count m.npz --traversal hilbert --sources 1-2 --iterations 20 --restarts 1 --quiet");
    let next = said["next"].as_str().unwrap();
    assert!(next.contains("--traversal hilbert"), "{next}");
    bench.ok(next.strip_prefix("bss ").unwrap());
}

#[test]
fn fits_that_all_diverge_are_a_failed_run() {
    let bench = mixed();
    let arguments = "count m.npz --sources 2-3 --iterations 30 --restarts 1 --set training.learning_rate=1e30 --quiet";
    bench.fails(arguments, 3, &["every fit diverged", "training.learning_rate"]);
}

/// There is no file to wait for: a signal that comes before its handler ends the program, and the next one waits longer.
#[test]
#[cfg(unix)]
fn an_interrupt_ends_it_and_leaves_nothing() {
    let bench = mixed();
    for attempt in 1..=10 {
        let arguments = ["count", "m.npz", "--iterations", "1000000", "--out", "a"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_bss"));
        let child = command.args(arguments).current_dir(bench.path("")).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300 * attempt));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let ended = child.wait_with_output().unwrap();
        let Some(code) = ended.status.code() else { continue };
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(code, 130, "{stderr}");
        assert!(stderr.starts_with("error: interrupted") && stderr.contains("begin again"), "{stderr}");
        assert!(!bench.path("a").exists());
        return;
    }
    panic!("no signal found the program at work");
}
