//! What the classical methods, and runs of them, cannot do.

use std::fs;

use bss_train::Checkpoint;
use candle_core::{Device, Tensor};
use ndarray::{Array2, Axis, concatenate, s};

use crate::baselines::{BASELINES, mixed};

#[test]
fn a_point_estimate_has_no_standard_deviation() {
    let bench = mixed();
    for model in BASELINES {
        bench.ok(&format!("fit m.npz --model {model} --sources 3 --out {model}"));
        let parts = [model, "one estimate and does not say how sure it is", "leave --std out", "--model ar-flow"];
        bench.fails(&format!("separate --run {model} --out e.npz --std"), 1, &parts);
        bench.fails(&format!("separate --run {model} --out e.npz --mask"), 1, &[model, "leave --mask out"]);
        assert!(!bench.path("e.npz").exists(), "{model}");
    }
}

#[test]
fn recordings_without_enough_to_separate_are_refused() {
    let bench = mixed();
    let mixture = bench.read("m.npz:mixture").into_dimensionality::<ndarray::Ix2>().unwrap();
    let three = mixture.slice(s![.., ..3]).to_owned();
    let mut constant = three.clone();
    constant.column_mut(1).fill(7.0);
    bench.write_array("constant.npy", constant);
    bench.write_array("twice.npy", concatenate![Axis(1), three, three.slice(s![.., ..1])]);
    bench.write_array("short.npy", mixture.slice(s![..20, ..]).to_owned());
    let wide = Array2::from_shape_fn((40, 50), |(t, c)| ((t * t + 3) as f64 * (c as f64 + 0.37)).sin());
    bench.write_array("wide.npy", wide);
    let mut nan = three;
    nan[(5, 1)] = f64::NAN;
    bench.write_array("nan.npy", nan);
    for model in BASELINES {
        for (arguments, parts) in [
            ("m.npz --sources 5", &["m.npz:mixture: ", "5 sources", "4 channels", "lower --sources to at most 4"][..]),
            ("m.npz", &["4 channels span only 3 dimensions", "--sources 3"]),
            ("constant.npy", &["channel 2 is constant", "span only 2 dimensions", "--sources 2"]),
            ("twice.npy", &["channel 1 = channel 4", "span only 3 dimensions", "--sources 3"]),
            ("short.npy", &["20 samples of 4 channels are too few"]),
            ("wide.npy", &["40 samples are too few", "at least 51", "longer recording"]),
            ("nan.npy", &["1 of 3000 values are NaN", "--on-nan"]),
            ("m.npz --sources 0", &["sources is 0", "from 1 to 65536"]),
        ] {
            bench.fails(&format!("fit {arguments} --model {model} --out run"), 1, parts);
            assert!(!bench.path("run").exists(), "{model} {arguments}: a run was begun for what was refused");
        }
        let fit = |input: &str| format!("fit {input} --model {model} --out run --force --quiet");
        for mend in ["m.npz --sources 3", "constant.npy --sources 2", "twice.npy --sources 3", "nan.npy --on-nan drop"]
        {
            bench.ok(&fit(mend));
            bench.ok("separate --run run --out e.npy --quiet");
            assert!(bench.read("e.npy").iter().all(|value| value.is_finite()), "{model} {mend}");
        }
        fs::remove_dir_all(bench.path("run")).unwrap();
    }
}

#[test]
fn settings_of_other_models_and_slips_are_answered() {
    let bench = mixed();
    let refused = |arguments: &str, parts: &[&str]| {
        bench.fails(&format!("fit m.npz --sources 3 --out run {arguments}"), 1, parts);
        assert!(!bench.path("run").exists(), "{arguments}");
    };
    refused("--model sobi --set sobi.lag=[1]", &["unknown key sobi.lag; did you mean sobi.lags?"]);
    refused("--model fastica --set fastica.tolerence=1", &["unknown key", "did you mean fastica.tolerance?"]);
    refused("--model fastica --set fastica.nonlinearity=tanh", &["expected one of logcosh, cube, exp"]);
    refused("--model fastica --set fastica.nonlinearity=logcos", &["did you mean logcosh?"]);
    refused("--model fastica --set fastica.tolerance=0", &["fastica.tolerance is 0", "above 0"]);
    refused("--model picard --set picard.iterations=0", &["picard.iterations is 0", "at least 1"]);
    refused("--model sobi --set sobi.lags=[0,1]", &["sobi.lags is [0, 1]", "from 1"]);
    refused("--model sobi --set sobi.lags=[]", &["sobi.lags is []", "from 1"]);
    refused("--model sobi --set sobi.lags=1000", &["m.npz", "lag 1000 cannot be taken", "from 1 to 999"]);
    refused("--model sobbi", &["expected one of ar-flow", "did you mean sobi?"]);
    let other = "is a setting of ar-flow, but the model is jade; leave it out";
    refused("--model jade --set prior.kind=ar", &["prior.kind", other]);
    refused("--model jade --set training.iterations=9", &["training.iterations", other]);
    refused("--set sobi.lags=[1]", &["sobi.lags is a setting of sobi, but the model is ar-flow"]);
    refused("--model sobi --iterations 9", &["--iterations: sobi takes none; leave --iterations out"]);
    refused("--model picard --restarts 2", &["--restarts: picard takes none; leave --restarts out"]);
    refused("--model jade --epochs 2", &["--epochs: jade is fitted to one recording as a whole", "leave --epochs out"]);
    refused("--model fastica --epochs 2", &["--epochs", "give --iterations instead"]);
    refused("--model sobi --device cuda", &["sobi computes on the processor; leave --device out"]);
}

#[test]
fn a_run_is_replaced_or_resumed_only_as_asked() {
    let bench = mixed();
    let fit = "fit m.npz --model fastica --sources 3 --out run";
    bench.ok(fit);
    let files = ["model.safetensors", "metrics.jsonl", "config.toml"];
    let before = bench.bytes("run", &files);
    bench.fails(fit, 1, &["run: holds a run already", "--resume", "--force"]);
    bench.fails("fit m.npz --sources 3 --out run", 1, &["run: holds a run already"]);
    bench.ok(&format!("{fit} --resume"));
    bench.ok("fit m.npz --out run --resume");
    assert!(bench.bytes("run", &files) == before, "the same fit again is the same");
    bench.fails("fit m.npz --out run --resume --seed 3", 1, &["seed is 0", "3 was asked for"]);
    bench.fails("fit m.npz --out run --resume --model sobi", 1, &["model is \"fastica\"", "\"sobi\" was asked for"]);
    bench.fails("fit s.npy --out run --resume", 1, &["was fitted to other data than s.npy"]);
    assert!(bench.bytes("run", &files) == before, "what was refused changes nothing");
    bench.ok(&format!("{fit} --force --set fastica.nonlinearity=cube"));
    // From a run of one model to one of another and back.
    bench.ok("fit m.npz --sources 3 --out run --force --iterations 5 --restarts 1");
    bench.ok("fit m.npz --sources 3 --out run --force --model jade");
    assert!(!bench.path("run/state.safetensors").exists(), "nothing is left of the run that was replaced");
    bench.ok("report run");
}

#[test]
fn a_damaged_model_is_refused_by_name() {
    let bench = mixed();
    bench.ok("fit m.npz --model sobi --sources 3 --out run");
    let path = bench.path("run/model.safetensors");
    let whole = fs::read(&path).unwrap();
    let refused = |parts: &[&str], change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = Checkpoint::load(&path).unwrap();
        change(&mut checkpoint);
        checkpoint.save(&path).unwrap();
        let parts: Vec<&str> =
            ["run/model.safetensors", "fit again with --force"].iter().chain(parts).copied().collect();
        bench.fails("separate --run run --out e.npy", 1, &parts);
        fs::write(&path, &whole).unwrap();
    };
    let vector = |values: &[f64]| Tensor::new(values, &Device::Cpu).unwrap();
    let names: Vec<String> = Checkpoint::load(&path).unwrap().tensors.into_keys().collect();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in &names {
        refused(&[name, "is missing"], &|model| drop(model.tensors.remove(name)));
        refused(&[], &|model| drop(model.tensors.insert(name.clone(), vector(&[1.0; 9]))));
        refused(&[name, "not finite"], &|model| {
            let nan = (&model.tensors[name] * f64::NAN).unwrap();
            model.tensors.insert(name.clone(), nan);
        });
    }
    refused(&["do not fit 3 channels and 3 sources"], &|model| {
        model.tensors.insert("demixing.mean".into(), vector(&[0.0; 3]));
    });
    refused(&["spare is not part of this model"], &|model| drop(model.tensors.insert("spare".into(), vector(&[1.0]))));
    refused(&["it is of the model \"jade\", but its settings are of sobi"], &|model| {
        model.description["model"] = "jade".into();
    });
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    bench.fails("separate --run run --out e.npy", 1, &["not a checkpoint of this program", "--force"]);
    bench.fails("report run", 1, &["not a checkpoint of this program", "--force"]);
}
