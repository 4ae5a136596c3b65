//! Runs repeat to the bit, resumed or not, and they separate.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;

use bss_data::mixing::Mixing;
use bss_models::{
    ArFlowObjective, ArFlowSeparator, ArFlowVae, ArFlowVaeConfig, DecoderConfig, Frame, MapConfig, Objective,
    PriorConfig, Separator, Whitening,
};
use bss_nn::{AdamConfig, Noise};
use bss_priors::{ArFlowConfig, Base};
use bss_train::{Result, Schedule, Trainer, Verdict};
use candle_core::{DType, Device, Tensor};
use ndarray::Array2;
use serde_json::json;

const SOURCES: usize = 3;

fn sources(samples: usize) -> Array2<f64> {
    bss_data::synth::synthesise("ar-gaussian".parse().unwrap(), samples, 0)
}

fn mixture(samples: usize) -> Array2<f64> {
    mixture_of(samples, Mixing::Linear)
}

fn mixture_of(samples: usize, kind: Mixing) -> Array2<f64> {
    bss_data::mixing::mix(sources(samples).view(), SOURCES, kind, None, 0).unwrap().mixture
}

fn config(hidden: usize) -> ArFlowVaeConfig {
    let prior = ArFlowConfig { hidden, base: Base::Mixture(3), ..ArFlowConfig::default() };
    ArFlowVaeConfig {
        encoder: MapConfig::Linear,
        decoder: DecoderConfig::Tied,
        prior: PriorConfig::ArFlow(prior),
        sources: SOURCES,
        channels: SOURCES,
    }
}

/// With an encoder that takes the bend out of its channels, or out of what it learns to combine of them.
fn straightened(frame: Frame) -> ArFlowVaeConfig {
    ArFlowVaeConfig { encoder: MapConfig::Straightened(frame), ..config(8) }
}

fn schedule(iterations: u64) -> Schedule {
    Schedule { iterations, ..Schedule::default() }
}

fn trainer(x: &Array2<f64>, seed: u64, restarts: usize, iterations: u64) -> Trainer<ArFlowObjective> {
    trainer_of(&config(8), x, seed, restarts, iterations)
}

fn trainer_of(
    config: &ArFlowVaeConfig,
    x: &Array2<f64>,
    seed: u64,
    restarts: usize,
    iterations: u64,
) -> Trainer<ArFlowObjective> {
    let whitening = Whitening::fit(x.view(), SOURCES).unwrap();
    let z = whitening.apply(x.view()).unwrap();
    let z = Tensor::from_vec(z.iter().copied().collect::<Vec<f64>>(), z.dim(), &Device::Cpu).unwrap();
    let noise = Noise::new(seed);
    let model = ArFlowVae::new(config, restarts, noise, DType::F32, &Device::Cpu).unwrap();
    let objective = ArFlowObjective::new(model, &z, noise).unwrap();
    Trainer::new(objective, AdamConfig::default(), schedule(iterations)).unwrap()
}

fn state(trainer: &Trainer<ArFlowObjective>, path: &Path) -> Vec<u8> {
    trainer.save_state(path, json!({})).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn a_resumed_run_equals_an_unbroken_one_bit_for_bit() -> Result<()> {
    for config in [config(8), straightened(Frame::Learned)] {
        resumes(&config)?;
    }
    Ok(())
}

fn resumes(config: &ArFlowVaeConfig) -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let x = mixture(100);
    let mut unbroken = trainer_of(config, &x, 0, 2, 40);
    let lines = |trainer: &mut Trainer<ArFlowObjective>, steps: usize| -> Vec<String> {
        let line = |_| {
            let step = trainer.step().unwrap();
            trainer.log_line(&step).unwrap().to_string()
        };
        (0..steps).map(line).collect()
    };
    let all = lines(&mut unbroken, 40);
    let mut first = trainer_of(config, &x, 0, 2, 40);
    lines(&mut first, 17);
    first.save_state(&path, json!({"note": "kept"}))?;
    drop(first);
    let mut second = trainer_of(config, &x, 0, 2, 40);
    assert_eq!(second.load_state(&path)?["note"], "kept");
    assert_eq!(lines(&mut second, 23), all[17..]);
    assert!(second.is_done());
    assert_eq!(state(&second, &path), state(&unbroken, &path));
    assert_eq!(second.ranking(), unbroken.ranking());
    Ok(())
}

#[test]
fn the_seed_decides_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let run = |seed: u64| {
        let mut trainer = trainer(&mixture(80), seed, 2, 10);
        (0..10).for_each(|_| drop(trainer.step().unwrap()));
        state(&trainer, &path)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_restart_is_the_same_alone_and_in_company() {
    let x = mixture(80);
    let run = |restarts: usize| {
        let mut trainer = trainer(&x, 3, restarts, 30);
        let losses: Vec<f64> = (0..30).map(|_| trainer.step().unwrap().loss[0]).collect();
        let parameters = trainer.objective.parameters().restart(0).unwrap();
        let values = parameters.values().map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        (losses, values.collect::<Vec<_>>())
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn the_state_of_another_model_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let x = mixture(80);
    let three = trainer(&x, 0, 3, 10);
    three.save_state(&path, json!({})).unwrap();
    let error = trainer(&x, 0, 2, 10).load_state(&path).unwrap_err().to_string();
    assert!(error.contains("state.safetensors") && error.contains("shape"), "{error}");
}

#[test]
fn a_short_run_separates() {
    let (s, x) = (sources(500), mixture(500));
    let flow = |base| PriorConfig::ArFlow(ArFlowConfig { base, ..ArFlowConfig::default() });
    let ar = PriorConfig::ArFlow(ArFlowConfig { hidden: 0, order: 2, ..ArFlowConfig::default() });
    let free = DecoderConfig::Free(MapConfig::Linear);
    for (name, config) in [
        ("the defaults", config(8)),
        ("the paper's model", ArFlowVaeConfig { decoder: free.clone(), prior: flow(Base::Gaussian), ..config(8) }),
        ("a linear prior of order 2", ArFlowVaeConfig { prior: ar, ..config(8) }),
    ] {
        let smallest = smallest_correlation(&config, &x, &s);
        assert!(smallest > 0.98, "{name}: {smallest}");
    }
}

#[test]
fn bent_mixtures_are_straightened() {
    let (s, x) = (sources(500), mixture_of(500, Mixing::PostNonlinear));
    let channels = Frame::of_channels(&Whitening::fit(x.view(), SOURCES).unwrap());
    let (linear, bent) = (config(8), straightened(channels));
    let (linear, bent) = (smallest_correlation(&linear, &x, &s), smallest_correlation(&bent, &x, &s));
    assert!(bent > 0.98 && linear < 0.97, "straightened {bent}, linear {linear}");
}

/// With the truth, of the best of three short fits.
fn smallest_correlation(config: &ArFlowVaeConfig, x: &Array2<f64>, s: &Array2<f64>) -> f64 {
    let mut trainer = trainer_of(config, x, 0, 3, 800);
    while !trainer.is_done() {
        trainer.step().unwrap();
    }
    let best = trainer.ranking()[0].0;
    assert_ne!(trainer.tail().verdict(best, 0.02), Verdict::Diverged);
    let model = ArFlowVae::new(config, 1, Noise::new(0), DType::F32, &Device::Cpu).unwrap();
    model.parameters().assign(&trainer.objective.parameters().restart(best).unwrap()).unwrap();
    let separator = ArFlowSeparator::new(model, Whitening::fit(x.view(), SOURCES).unwrap(), x.view()).unwrap();
    let estimate = separator.separate(x.view()).unwrap();
    let alignment = bss_metrics::align(estimate.sources.view(), s.view()).unwrap();
    alignment.correlation.iter().copied().fold(1.0, f64::min)
}
