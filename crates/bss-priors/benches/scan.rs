//! The cost of the prior: the log-density of an AR-flow prior with all gradients, by shape and number of threads.
//!
//! Ids are `scan/CASE/THREADS`, at one thread and at one for each core. `cargo xtask bench scan` runs this and can set
//! the reference programs in Python beside it.

use std::time::Duration;

use bss_nn::{Initialiser, Noise, Parameters, Purpose};
use bss_priors::{ArFlow, ArFlowConfig, Base, Prior};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var};
use criterion::{BenchmarkId, Criterion};
use rayon::ThreadPoolBuilder;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Name, sources, hidden units, steps and batch; `xtask/src/bench/scan.rs` has the same table.
///
/// Here a batch is one of restarts: parameters and sources both have one entry a restart. The batch of the reference
/// programs is one of sources alone, which share their parameters; the work in the recurrence is the same.
const CASES: [(&str, usize, usize, usize, usize); 6] = [
    ("small", 3, 8, 1000, 1),
    ("batch", 3, 8, 1000, 6),
    ("long", 3, 8, 10_000, 1),
    ("wide", 8, 16, 10_000, 1),
    ("many", 64, 32, 2000, 1),
    ("crowd", 64, 8, 1000, 6),
];

fn main() -> Result<()> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .configure_from_args();
    let noise = Noise::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, cores];
    threads.dedup();

    let mut group = criterion.benchmark_group("scan");
    for (case, n, hidden, length, batch) in CASES {
        let mut parameters = Parameters::new(batch, DType::F32, &Device::Cpu);
        let prior = prior(n, hidden, &mut parameters, noise)?;
        let s = noise.bulk_normal(Purpose::Sample, batch, 0, length * n);
        let s = Var::from_vec(s, (batch, length, n), &Device::Cpu)?;
        let gradients = gradients(&prior, &s)?;
        for (name, var) in parameters.iter().chain([("s", &s)]) {
            if gradients.get(var).is_none() {
                candle_core::bail!("{name} got no gradient, so this would measure less than it says");
            }
        }
        for &threads in &threads {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(candle_core::Error::wrap)?;
            group.bench_function(BenchmarkId::new(case, threads), |bencher| {
                pool.install(|| bencher.iter(|| self::gradients(&prior, &s)));
            });
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// What is measured: one evaluation, and the gradients to the sources and to every parameter.
fn gradients(prior: &ArFlow, s: &Tensor) -> Result<GradStore> {
    prior.log_prob(s)?.sum_all()?.backward()
}

/// The prior of the reference programs: Gaussian base, and parameters drawn as theirs are.
fn prior(n: usize, hidden: usize, parameters: &mut Parameters, noise: Noise) -> Result<ArFlow> {
    let config = ArFlowConfig { order: 1, hidden, kappa: 0.8, base: Base::Gaussian };
    let mut init = Initialiser::new(parameters, noise);
    let prior = ArFlow::new(config, n, &mut init)?;
    let c_h: Vec<f64> = init.draw("c_h", n * hidden).concat().into_iter().map(|x| 0.1 * x).collect();

    // Three parameters start otherwise in a fit; the weights are drawn with the same scales.
    let batch = parameters.restarts();
    let a: Vec<f64> = (0..n).map(|j| 0.1 + 0.8 * j as f64 / (n - 1) as f64).collect();
    let other = [
        ("a", Tensor::from_vec(a.repeat(batch), (batch, n, 1), &Device::Cpu)?),
        ("log_sigma", Tensor::zeros((batch, n, 1), DType::F64, &Device::Cpu)?),
        ("c_h", Tensor::from_vec(c_h, (batch, n, hidden), &Device::Cpu)?),
    ];
    let drawn = parameters.iter().map(|(name, var)| Ok((name.to_owned(), var.copy()?)));
    let other = other.into_iter().map(|(name, tensor)| Ok((name.to_owned(), tensor)));
    parameters.assign(&drawn.chain(other).collect::<Result<_>>()?)?;
    Ok(prior)
}
