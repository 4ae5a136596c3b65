//! Seeded noise: every random number of a run, as a function of the seed and of what it is for.
//!
//! candle's CPU generator cannot be seeded, so weights and noise are drawn here, on the host, for every device.
//! The generator is counter-based (ChaCha): the numbers of restart `k` at step `t` are a function of
//! `(seed, purpose, k, t)` alone. A resumed run therefore needs no saved generator, the number of threads cannot
//! matter, and restart `k` is the same whether it runs alone or beside others.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::Real;
use crate::normal::fill_normal;

/// What a stream of random numbers is for; streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial values of a parameter, which the step number tells apart.
    Initial = 0,
    /// The noise `ε` of the reparameterisation, one stream a step.
    Reparameterise = 1,
    /// Drawing from a prior.
    Sample = 2,
    /// The order in which examples are mixed, one stream an epoch.
    Mix = 3,
    /// Which examples are set apart.
    Split = 4,
    /// How images are distorted.
    Distort = 5,
}

/// The source of all randomness of a run.
///
/// ```
/// use bss_nn::{Noise, Purpose};
/// let noise = Noise::new(7);
/// let a: Vec<f32> = noise.normal(Purpose::Sample, 0, 3, 4);
/// assert_eq!(a, noise.normal::<f32>(Purpose::Sample, 0, 3, 4));
/// assert_ne!(a, noise.normal::<f32>(Purpose::Sample, 1, 3, 4));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    seed: u64,
}

impl Noise {
    /// Streams of a purpose at a step, one for each restart; a larger restart has the numbers of one below.
    pub const STREAMS: usize = 1 << 16;

    /// Noise of the given seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// `count` independent draws of N(0, 1) for one purpose, restart and step.
    #[must_use]
    pub fn normal<T: Real>(&self, purpose: Purpose, restart: usize, step: u64, count: usize) -> Vec<T> {
        let mut generator = self.stream(purpose, restart, step);
        StandardNormal.sample_iter(&mut generator).map(|x: f64| T::from_f64(x)).take(count).collect()
    }

    /// `count` draws for each restart, one restart after the other: in single precision, and many times as fast as
    /// [`normal`](Self::normal), whose numbers are others.
    #[must_use]
    pub fn bulk_normal(&self, purpose: Purpose, restarts: usize, step: u64, count: usize) -> Vec<f32> {
        let mut draws = vec![0.0; restarts * count];
        let of_restart = |(k, draws): (usize, &mut [f32])| fill_normal(&mut self.stream(purpose, k, step), draws);
        let restarts = draws.par_chunks_mut(count.max(1)).with_min_len(WORTH_A_THREAD.div_ceil(count.max(1)));
        restarts.enumerate().for_each(of_restart);
        draws
    }

    /// A random order of the numbers below `count`, which are fewer than 2³².
    #[must_use]
    pub fn permutation(&self, purpose: Purpose, step: u64, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.shuffle(&mut self.stream(purpose, 0, step));
        order
    }

    fn stream(self, purpose: Purpose, restart: usize, step: u64) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream((purpose as u64) << 56 | ((restart % Self::STREAMS) as u64) << 40 | step & 0xff_ffff_ffff);
        generator
    }
}

/// Fewer numbers than this are drawn sooner than another thread wakes up.
const WORTH_A_THREAD: usize = 1 << 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_standard_normal_and_streams_are_uncorrelated() {
        let noise = Noise::new(1);
        let a: Vec<f64> = noise.normal(Purpose::Reparameterise, 0, 0, 100_000);
        let b: Vec<f64> = noise.normal(Purpose::Reparameterise, 0, 1, 100_000);
        let mean = |v: &mut dyn Iterator<Item = f64>| v.sum::<f64>() / 1e5;
        assert!(mean(&mut a.iter().copied()).abs() < 0.015);
        assert!((mean(&mut a.iter().map(|x| x * x)) - 1.0).abs() < 0.02);
        assert!((mean(&mut a.iter().map(|x| x.powi(4))) - 3.0).abs() < 0.15);
        assert!(mean(&mut a.iter().zip(&b).map(|(x, y)| x * y)).abs() < 0.015);
    }
}
