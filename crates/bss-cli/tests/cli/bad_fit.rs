//! Recordings, settings and places that `fit` cannot do with, up to a run that diverges.

use std::fs;

use ndarray::{Array2, Axis, concatenate};

use crate::Bench;
use crate::fit::mixed;

/// A recording of 200 samples and three channels that are all different.
fn recording() -> Array2<f64> {
    Array2::from_shape_fn((200, 3), |(t, c)| ((t * (c + 2)) as f64 * 0.37).sin() + 0.01 * (t * c) as f64)
}

/// Checks that a fit is refused with the parts said, and that no folder is left.
#[track_caller]
fn refused(bench: &Bench, arguments: &str, parts: &[&str]) {
    bench.fails(&format!("fit {arguments} --out run"), 1, parts);
    assert!(!bench.path("run").exists(), "{arguments}: a run was begun for what was refused");
}

#[test]
fn channels_that_add_nothing_are_named_with_the_rank() {
    let bench = Bench::new();
    let good = recording();
    let mut constant = good.clone();
    constant.column_mut(1).fill(7.0);
    bench.write_array("constant.npy", constant);
    let sum = &good.column(0) + &good.column(2);
    bench.write_array("sum.npy", concatenate![Axis(1), good, sum.insert_axis(Axis(1))]);
    bench.write_array("twice.npy", good.select(Axis(1), &[0, 1, 0]));
    let because = "channel 2 is constant";
    refused(
        &bench,
        "constant.npy",
        &["warning: channel 2 is constant", "span only 2 dimensions", because, "--sources 2"],
    );
    refused(&bench, "twice.npy", &["channel 1 = channel 3", "3 channels span only 2 dimensions", "--sources 2"]);
    refused(&bench, "sum.npy", &["sum.npy: 4 channels span only 3 dimensions", "sums of others", "--sources 3"]);
    refused(&bench, "sum.npy --sources 4", &["but 4 sources were asked for", "--sources 3"]);
    // What the messages say helps.
    for mend in
        ["constant.npy --sources 2", "twice.npy --sources 2", "sum.npy --sources 3", "constant.npy --columns 0,2"]
    {
        bench.ok(&format!("fit {mend} --out run --force --quiet --iterations 5 --restarts 1"));
    }
}

#[test]
fn more_sources_than_channels_name_the_models_that_can() {
    let bench = mixed();
    let parts = ["ar-flow separates at most as many sources as there are channels", "4 sources", "3 channels", "neri"];
    refused(&bench, "m.npz --sources 4", &parts);
    refused(
        &bench,
        "m.npz --columns 1 --sources 2",
        &["m.npz:mixture: ", "2 sources", "1 channels", "lower --sources"],
    );
    bench.ok("fit m.npz --columns 1 --out run --iterations 5 --restarts 1");
}

#[test]
fn what_is_not_finite_is_mended_as_asked() {
    let bench = Bench::new();
    for (name, value) in [("nan.npy", f64::NAN), ("inf.npy", f64::NEG_INFINITY)] {
        let mut values = recording();
        values[[5, 1]] = value;
        values[[6, 2]] = value;
        bench.write_array(name, values);
        refused(&bench, name, &[name, "2 of 600 values are NaN or infinite", "sample 5 of channel 2", "--on-nan"]);
        for (how, samples) in [("drop", 198), ("interpolate", 200)] {
            let fit = format!("fit {name} --on-nan {how} --out {how} --force --quiet --iterations 20 --restarts 1");
            let said = bench.json(&fit);
            assert!(said["warnings"][0].as_str().unwrap().contains("NaN or"), "{said}");
            bench.ok(&format!("separate --run {how} --out e.npy --quiet"));
            let sources = bench.read("e.npy");
            assert_eq!(sources.shape(), [samples, 3]);
            assert!(sources.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn settings_out_of_range_say_the_range() {
    let bench = mixed();
    for (setting, parts) in [
        (
            "prior.components=1",
            &["prior.components is 1, expected a whole number from 2 to 16", "prior.base=gaussian"][..],
        ),
        ("prior.components=17", &["prior.components is 17", "from 2 to 16"]),
        ("prior.kappa=2", &["prior.kappa is 2", "above 0 and below 1"]),
        ("prior.kappa=0", &["prior.kappa is 0", "above 0 and below 1"]),
        ("prior.order=0", &["prior.order is 0", "from 1 to 1024"]),
        ("prior.order=1.5", &["prior.order is 1.5", "a whole number"]),
        ("prior.order=200", &["m.npz:mixture: prior.order is 200, expected less than the 200 samples"]),
        ("prior.hidden=0", &["prior.hidden is 0", "prior.kind=ar"]),
        ("prior.hiden=4", &["unknown key prior.hiden; did you mean prior.hidden?"]),
        ("prior=ar", &["prior is a section; set one of prior.kind"]),
        ("encoder.widths=[]", &["encoder.widths", "from 1 to 65536"]),
        ("training.learning_rate=0", &["training.learning_rate is 0", "above 0"]),
        ("training.learning_rate=nan", &["training.learning_rate is nan"]),
        ("training.beta=-1", &["training.beta is -1", "above 0"]),
        ("training.anneal_from=0.95", &["training.anneal_from is 0.95, expected at most training.anneal_to"]),
        ("training.anneal_to=1.5", &["training.anneal_to is 1.5", "from 0 to 1"]),
        ("training.checkpoint_seconds=-1", &["training.checkpoint_seconds is -1", "at least 0"]),
        ("training.log_every=0", &["training.log_every is 0", "at least 1"]),
        ("sources=0", &["sources is 0", "from 1 to 65536"]),
        (
            "decoder.kind=tied --set encoder.kind=mlp",
            &["decoder.kind is tied", "encoder.kind is mlp", "decoder.kind=auto"],
        ),
    ] {
        refused(&bench, &format!("m.npz --set {setting}"), parts);
    }
    refused(&bench, "m.npz --threads 0", &["--threads is 0, expected at least 1"]);
    refused(&bench, "m.npz --iterations 0", &["training.iterations is 0", "at least 1"]);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let bench = mixed();
    bench.write_text("file", "");
    for out in ["file", "file/run", "m.npz/a/b"] {
        bench.fails(
            &format!("fit m.npz --out {out}"),
            1,
            &[out, "cannot be made a folder; choose another place with --out"],
        );
    }
    fs::create_dir(bench.path("taken")).unwrap();
    bench.write_text("taken/notes.txt", "keep me");
    bench.ok("fit m.npz --out taken --iterations 5 --restarts 1");
    assert_eq!(fs::read_to_string(bench.path("taken/notes.txt")).unwrap(), "keep me");
}

#[test]
#[cfg(unix)]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = mixed();
    fs::create_dir(bench.path("locked")).unwrap();
    fs::set_permissions(bench.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(bench.path("locked/try"), "").is_ok() {
        // Permissions do not hold back a superuser; a file system of the kernel's own does.
        bench.fails("fit m.npz --out /proc/run", 1, &["/proc/run: cannot be made a folder"]);
        return;
    }
    bench.fails("fit m.npz --out locked/run", 1, &["locked/run: cannot be made a folder"]);
    bench.fails("fit m.npz --out locked", 1, &["locked: permission denied"]);
}

#[test]
fn a_run_that_diverges_fails_and_leaves_no_model() {
    let bench = mixed();
    for arguments in [
        "m.npz --set training.learning_rate=1e12",
        // A network of which every output is no number, and no matrix can be fitted to.
        "m.npz --set training.learning_rate=1e30 --set encoder.kind=mlp --set encoder.activation=relu",
    ] {
        let fit = format!(
            "fit {arguments} --out run --force --iterations 60 --restarts 2 --set training.checkpoint_seconds=0"
        );
        bench.fails(
            &fit,
            3,
            &["every restart diverged; run keeps the log, but no model", "--force", "training.learning_rate="],
        );
        assert!(!bench.path("run/model.safetensors").exists(), "{arguments}");
        let record: serde_json::Value = serde_json::from_slice(&bench.bytes("run", &["run.json"])[0]).unwrap();
        assert_eq!((&record["verdict"], &record["loss"]), (&"diverged".into(), &serde_json::Value::Null));
        for file in ["run.json", "metrics.jsonl"] {
            let text = fs::read_to_string(bench.path("run").join(file)).unwrap();
            assert!(!text.contains("NaN") && !text.contains("inf"), "{arguments}: {file}");
        }
        assert_eq!(bench.log("run").len(), 7);
        bench.fails("separate --run run --out e.npy", 1, &["run: has saved no model yet", "--force if it diverged"]);
        bench.fails("report run", 1, &["run: has saved no model yet"]);
        bench.fails(
            &format!("fit {} --out run --resume", &arguments[..arguments.find(' ').unwrap()]),
            3,
            &["diverged"],
        );
    }
}

#[test]
fn large_values_are_fine_with_and_without_whitening() {
    let bench = Bench::new();
    bench.write_array("huge.npy", recording() * 1e28);
    for whitening in ["pca", "none"] {
        let setting = format!("--set whitening.kind={whitening}");
        bench.ok(&format!("fit huge.npy --out run --force --iterations 20 --restarts 1 {setting}"));
        bench.ok("separate --run run --out e.npy");
        assert!(bench.read("e.npy").iter().all(|value| value.is_finite()), "{whitening}");
    }
}
