//! The cost of one training step of Neri's MNIST network, and of separating as many mixtures as a batch of tests has.
//!
//! Ids are `neri/step-K/THREADS` and `neri/separate-K/THREADS`. A step is that of a training: draws, both ways through the
//! network, Adam, and the average of the weights. `cargo xtask bench neri-step` runs this beside PyTorch.

use std::time::Duration;

use bss_models::{Batch, NeriConfig, NeriVae};
use bss_nn::Noise;
use bss_nn::dense::FlatAdamConfig;
use bss_train::{Beta, Decay, ExampleSchedule, ExampleTrainer, Mixtures, Sum};
use criterion::{BenchmarkId, Criterion};

const BATCH: usize = 128;
const FEATURES: usize = 784;
/// Mixtures that are separated at once.
const MIXTURES: usize = 500;

fn main() {
    // From within the pool, as in a training: a call from outside would wake its threads at every product.
    rayon::scope(|_| measure());
}

fn measure() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .configure_from_args();
    let noise = Noise::new(0);
    let threads = rayon::current_num_threads();
    let pixel = |i: usize| (i as f32 * 0.37).sin().max(0.0);
    let examples: Vec<f32> = (0..2 * MIXTURES * FEATURES).map(pixel).collect();
    let mut group = criterion.benchmark_group("neri");
    for sources in [2, 3] {
        let model = NeriVae::<f32>::new(NeriConfig::mnist(sources), noise);
        let draws = model.draws(BATCH);
        let sum = Sum::Mean;
        let mixtures = Mixtures {
            examples: examples.as_slice().into(),
            features: FEATURES,
            mix: 2,
            sum,
            distortion: None,
            pairs: false,
            batch: BATCH,
            noise,
        };
        let Batch { x, .. } = mixtures.batch(0, draws);
        let schedule = ExampleSchedule {
            iterations: 100_000_000,
            learning_rate: 1e-4,
            decay: Decay::Cosine { end: 1e-6 },
            beta: Beta { first: 0.5, cooling: 0, then: 0.5, end: 0.5 },
            warm_up: 1,
            average: 0.999,
        };
        let mut trainer = ExampleTrainer::new(Box::new(model.clone()), FlatAdamConfig::default(), schedule);
        group.bench_function(BenchmarkId::new(format!("step-{sources}"), threads), |bencher| {
            bencher.iter(|| {
                // In a training, a thread of its own draws these ahead.
                let noise = noise.bulk_normal(bss_nn::Purpose::Reparameterise, 1, trainer.iteration(), draws);
                trainer.step(&Batch { x: x.clone(), noise, ..Batch::default() })
            });
        });
        let x = &examples[..MIXTURES * FEATURES];
        group.bench_function(BenchmarkId::new(format!("separate-{sources}"), threads), |bencher| {
            bencher.iter(|| model.separate(x));
        });
    }
    group.finish();
    criterion.final_summary();
}
