//! Checkpoints that are cut short or do not hold what they should: an error with the file and the mend, never a panic.

use std::fs;

use bss_train::Checkpoint;
use candle_core::{Device, Tensor};
use serde_json::json;

use crate::Bench;
use crate::fit::fitted;

const MODEL: &str = "run/model.safetensors";
const STATE: &str = "run/state.safetensors";

/// Puts a changed checkpoint in the place of a file, runs the commands, and puts the file back.
#[track_caller]
fn refused(bench: &Bench, file: &str, parts: &[&str], change: impl FnOnce(&mut Checkpoint)) {
    let path = bench.path(file);
    let whole = fs::read(&path).unwrap();
    let mut checkpoint = Checkpoint::load(&path).unwrap();
    change(&mut checkpoint);
    checkpoint.save(&path).unwrap();
    all_refused(bench, file, parts);
    fs::write(&path, whole).unwrap();
}

/// Runs what reads the file.
#[track_caller]
fn all_refused(bench: &Bench, file: &str, parts: &[&str]) {
    let parts: Vec<&str> = [file, "fit again with --force"].into_iter().chain(parts.iter().copied()).collect();
    if file == MODEL {
        bench.fails("separate m.npz --run run --out e.npy", 1, &parts);
        bench.fails("report run --out page", 1, &parts);
        assert!(!bench.path("e.npy").exists() && !bench.path("page").exists());
    } else {
        bench.fails("fit m.npz --out run --resume", 1, &parts);
    }
}

fn tensor(values: &[f64]) -> Tensor {
    Tensor::new(values, &Device::Cpu).unwrap()
}

#[test]
fn files_cut_short_overwritten_or_of_another_format_are_refused() {
    let bench = fitted();
    for file in [MODEL, STATE] {
        let path = bench.path(file);
        let whole = fs::read(&path).unwrap();
        for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            all_refused(&bench, file, &["not a checkpoint of this program"]);
        }
        fs::write(&path, "not a checkpoint, but long enough to have a header".repeat(9)).unwrap();
        all_refused(&bench, file, &["not a checkpoint of this program"]);
        fs::write(&path, vec![255; 64]).unwrap();
        all_refused(&bench, file, &["not a checkpoint of this program"]);
        let format = br#"\"format\":3"#;
        let at = whole.windows(format.len()).position(|bytes| bytes == format).expect("the format is said");
        let mut other = whole.clone();
        other[at + format.len() - 1] = b'9';
        fs::write(&path, &other).unwrap();
        all_refused(&bench, file, &["checkpoint format 9, but this version reads format 3"]);
        fs::write(&path, &whole).unwrap();
    }
    bench.ok("separate --run run --out e.npy");
}

#[test]
fn a_model_with_other_tensors_than_its_own_is_refused() {
    let bench = fitted();
    let names: Vec<String> = Checkpoint::load(&bench.path(MODEL)).unwrap().tensors.into_keys().collect();
    assert!(names.len() > 10, "{names:?}");
    for name in &names {
        let last = name.rsplit('.').next().unwrap();
        refused(&bench, MODEL, &[last, "is missing"], |model| drop(model.tensors.remove(name)));
        let named = match last {
            "mean" => "whitening",
            "offset" | "factor" | "explained" => "convention",
            "noise" | "share" => "uncertainty",
            other => other,
        };
        refused(&bench, MODEL, &[named], |model| drop(model.tensors.insert(name.clone(), tensor(&[1.0; 7]))));
        refused(&bench, MODEL, &[], |model| {
            let empty = Tensor::zeros((0, 3), candle_core::DType::F64, &Device::Cpu).unwrap();
            model.tensors.insert(name.clone(), empty);
        });
        refused(&bench, MODEL, &[name, "not finite"], |model| {
            let t = &model.tensors[name];
            let nan = (t * f64::NAN).unwrap();
            model.tensors.insert(name.clone(), nan);
        });
    }
    for extra in ["parameter.spare", "whitening.spare", "convention.spare", "spare"] {
        let parts = ["spare is not part of this model"];
        refused(&bench, MODEL, &parts, |model| drop(model.tensors.insert(extra.into(), tensor(&[1.0]))));
    }
    let order = |values: [f64; 3]| {
        move |model: &mut Checkpoint| drop(model.tensors.insert("convention.order".into(), tensor(&values)))
    };
    refused(&bench, MODEL, &["convention.order is no order of 3 sources"], order([0.0, 1.0, 1.0]));
    refused(&bench, MODEL, &["convention.order is no order of 3 sources"], order([0.0, 1.0, 9.0]));
}

#[test]
fn a_model_with_another_description_is_refused() {
    let bench = fitted();
    let described =
        |key: &'static str, value: serde_json::Value| move |model: &mut Checkpoint| model.description[key] = value;
    refused(
        &bench,
        MODEL,
        &["it is of the model \"neri\", but its settings are of ar-flow"],
        described("model", json!("neri")),
    );
    refused(&bench, MODEL, &["the settings are missing"], described("config", json!(null)));
    refused(&bench, MODEL, &["unknown key sed"], described("config", json!("sed = 3")));
    refused(&bench, MODEL, &["the number of sources is missing"], described("config", json!("seed = 3")));
    refused(&bench, MODEL, &["4 sources"], described("config", json!("sources = 4")));
    refused(&bench, MODEL, &["the restart is missing"], described("restart", json!("best")));
}

#[test]
fn a_state_with_other_tensors_than_the_run_s_is_refused() {
    let bench = fitted();
    let names: Vec<String> = Checkpoint::load(&bench.path(STATE)).unwrap().tensors.into_keys().collect();
    for name in &names {
        let last = name.rsplit('.').next().unwrap();
        refused(&bench, STATE, &[last, "missing"], |state| drop(state.tensors.remove(name)));
        refused(&bench, STATE, &[last], |state| drop(state.tensors.insert(name.clone(), tensor(&[1.0; 7]))));
        refused(&bench, STATE, &[last], |state| {
            let whole = Tensor::zeros((2, 2), candle_core::DType::U8, &Device::Cpu).unwrap();
            state.tensors.insert(name.clone(), whole);
        });
    }
    for length in [0, 6, 18] {
        let tail = Tensor::zeros(length, candle_core::DType::F64, &Device::Cpu).unwrap();
        refused(&bench, STATE, &["tensor tail is missing or misshapen"], |state| {
            drop(state.tensors.insert("tail".into(), tail));
        });
    }
    refused(&bench, STATE, &["spare"], |state| drop(state.tensors.insert("parameter.spare".into(), tensor(&[1.0]))));
    refused(&bench, STATE, &["at which iteration"], |state| state.description["iteration"] = json!(-1));
    bench.ok("fit m.npz --out run --resume");
}
