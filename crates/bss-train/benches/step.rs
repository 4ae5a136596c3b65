//! The cost of one training step of the default model, and of the prior within it.
//!
//! Ids are `step/whole-RESTARTS/THREADS` and `step/scan-RESTARTS/THREADS`; what one is above the other is the rest of
//! the step: noise, encoder, posterior, decoder, loss and Adam. The threads are those that a fit would have, one for
//! each core or as many as `RAYON_NUM_THREADS` says. `cargo xtask bench step` runs this and takes the difference.

use std::time::Duration;

use bss_data::mixing::{Mixing, mix};
use bss_data::synth::{Family, synthesise};
use bss_models::{ArFlowObjective, ArFlowVae, ArFlowVaeConfig, DecoderConfig, MapConfig, PriorConfig, Whitening};
use bss_nn::{AdamConfig, Noise, Purpose};
use bss_priors::{ArFlowConfig, Base};
use bss_train::{Schedule, Trainer};
use candle_core::{DType, Device, Tensor, Var};
use criterion::{BenchmarkId, Criterion};

const SOURCES: usize = 3;
const SAMPLES: usize = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .configure_from_args();
    let noise = Noise::new(0);
    let threads = rayon::current_num_threads();

    let sources = synthesise(Family::SineSquareAr, SAMPLES, 0);
    let mixture = mix(sources.view(), SOURCES, Mixing::Linear, None, 0)?.mixture;
    let z = Whitening::fit(mixture.view(), SOURCES)?.apply(mixture.view())?;
    let z = Tensor::from_vec(z.into_iter().collect::<Vec<f64>>(), (SAMPLES, SOURCES), &Device::Cpu)?;

    let mut group = criterion.benchmark_group("step");
    for restarts in [1, 6] {
        // So long a run that no measurement reaches its tail, in which steps also collect losses.
        let schedule = Schedule { iterations: 100_000_000, ..Schedule::default() };
        let objective = ArFlowObjective::new(model(restarts, noise)?, &z, noise)?;
        let mut trainer = Trainer::new(objective, AdamConfig::default(), schedule)?;
        trainer.step()?;
        group.bench_function(BenchmarkId::new(format!("whole-{restarts}"), threads), |bencher| {
            bencher.iter(|| trainer.step());
        });

        let model = model(restarts, noise)?;
        let s = noise.bulk_normal(Purpose::Sample, restarts, 0, SAMPLES * SOURCES);
        let s = Var::from_vec(s, (restarts, SAMPLES, SOURCES), &Device::Cpu)?;
        let gradients = || model.prior().log_prob(&s)?.sum_all()?.backward();
        if gradients()?.get(&s).is_none() {
            return Err("the sources got no gradient, so this would measure less than it says".into());
        }
        group.bench_function(BenchmarkId::new(format!("scan-{restarts}"), threads), |bencher| {
            bencher.iter(gradients);
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// What `bss fit` fits where no setting says otherwise.
fn model(restarts: usize, noise: Noise) -> candle_core::Result<ArFlowVae> {
    let prior = ArFlowConfig { base: Base::Mixture(4), ..ArFlowConfig::default() };
    let config = ArFlowVaeConfig {
        encoder: MapConfig::Linear,
        decoder: DecoderConfig::Tied,
        prior: PriorConfig::ArFlow(prior),
        sources: SOURCES,
        channels: SOURCES,
    };
    ArFlowVae::new(&config, restarts, noise, DType::F32, &Device::Cpu)
}
