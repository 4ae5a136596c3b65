//! White processes whose variance clusters.

use rand_chacha::ChaCha8Rng;

use super::innovation::Innovation;
use super::{Signals, Streams};

/// Samples thrown away at the start, over which the variance forgets that it began at 1.
const BURN_IN: usize = 1000;

pub(super) fn garch(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    [process(samples, 0.15, 0.8, a), process(samples, 0.25, 0.65, b), process(samples, 0.35, 0.4, c)]
}

/// GARCH(1,1) of unit variance.
///
/// ```text
/// s_t = σ_t ε_t,   σ²_t = (1 − α − β) + α s²_{t−1} + β σ²_{t−1}
/// ```
fn process(samples: usize, alpha: f64, beta: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut variance = 1.0;
    let mut signal = Vec::with_capacity(BURN_IN + samples);
    for _ in 0..BURN_IN + samples {
        let value = f64::sqrt(variance) * Innovation::Gaussian.draw(rng);
        signal.push(value);
        variance = (1.0 - alpha - beta) + alpha * value * value + beta * variance;
    }
    signal.split_off(BURN_IN)
}
