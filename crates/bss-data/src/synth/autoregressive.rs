//! Autoregressive families: first order, resonances, and order zero (no memory).

use std::f64::consts::TAU;
use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::innovation::Innovation::{self, Exponential, Gaussian, Laplace, StudentT4, Uniform};
use super::{Signals, Streams};

/// Samples thrown away at the start: by then the slowest process (pole radius 0.97) has forgotten
/// its zero state to one part in 10¹³.
const BURN_IN: usize = 1000;

/// An autoregressive process of zero initial state after burn-in.
///
/// ```text
/// s_t = Σₚ aₚ s_{t−p} + ε_t
/// ```
pub(super) fn process(samples: usize, coefficients: &[f64], mut innovation: impl FnMut() -> f64) -> Vec<f64> {
    let mut signal: Vec<f64> = Vec::with_capacity(BURN_IN + samples);
    for _ in 0..BURN_IN + samples {
        let past = signal.iter().rev().zip(coefficients);
        let predicted: f64 = past.map(|(value, coefficient)| coefficient * value).sum();
        signal.push(predicted + innovation());
    }
    signal.split_off(BURN_IN)
}

/// The coefficients of a second-order process that resonates at one frequency.
///
/// ```text
/// a₁ = 2ρ cos(2π/P), a₂ = −ρ²
/// ```
pub(super) fn resonance(radius: f64, period: f64) -> [f64; 2] {
    [2.0 * radius * (TAU / period).cos(), -radius * radius]
}

pub(super) fn ar_gaussian(samples: usize, streams: &mut Streams) -> Signals {
    first_order(samples, [0.95, 0.6, -0.3], [Gaussian; 3], streams)
}

pub(super) fn ar_laplace(samples: usize, streams: &mut Streams) -> Signals {
    first_order(samples, [0.95, 0.6, -0.3], [Laplace; 3], streams)
}

pub(super) fn ar_equal(samples: usize, streams: &mut Streams) -> Signals {
    first_order(samples, [0.8; 3], [Laplace, Uniform, StudentT4], streams)
}

pub(super) fn skewed(samples: usize, streams: &mut Streams) -> Signals {
    first_order(samples, [0.9, 0.5, -0.2], [Exponential; 3], streams)
}

pub(super) fn iid(samples: usize, streams: &mut Streams) -> Signals {
    first_order(samples, [0.0; 3], [Laplace, Uniform, StudentT4], streams)
}

pub(super) fn resonances(samples: usize, [a, b, c]: &mut Streams) -> Signals {
    let resonant = |rng: &mut ChaCha8Rng, periods: Range<f64>| {
        let coefficients = resonance(0.97, rng.random_range(periods));
        process(samples, &coefficients, || Gaussian.draw(rng))
    };
    [resonant(a, 9.0..11.0), resonant(b, 18.0..22.0), resonant(c, 40.0..48.0)]
}

fn first_order(samples: usize, coefficients: [f64; 3], innovations: [Innovation; 3], streams: &mut Streams) -> Signals {
    std::array::from_fn(|source_idx| {
        let innovation = innovations[source_idx];
        let rng = &mut streams[source_idx];
        process(samples, &[coefficients[source_idx]], || innovation.draw(rng))
    })
}
