//! Latent sources of single mixtures by gradient: from the encoder's answer on, or from nothing.

use bss_nn::Real;
use bss_nn::dense::{FlatAdam, FlatAdamConfig, FlatParameters, Perceptron, Sink, Trace};
use rayon::prelude::*;

use super::{Norm, SCALE, mixture};

/// How latent sources are moved towards the mode of `log p(x|Z) + β log p(Z)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refinement {
    /// Steps of Adam.
    pub steps: usize,
    /// Their first learning rate, which falls to zero by half a cosine.
    pub rate: f64,
    /// β, the weight of the prior; a model without one leaves it out.
    pub beta: f64,
    /// How often each source in turn is encoded anew, from what the others leave of the mixture.
    pub rounds: usize,
}

impl Default for Refinement {
    fn default() -> Self {
        Self { steps: 100, rate: 0.05, beta: 0.5, rounds: 0 }
    }
}

/// Rates add up to half of this over a descent, however many steps it has: fewer have to be larger.
const WAY: f64 = 2.5;
/// A larger rate leaps over the mode.
const MOST: f64 = 0.125;
/// Mixtures that descend together on a thread, at most: fewer fill the products less well, more leave threads idle.
const TOGETHER: usize = 32;
/// Values for each latent dimension that a descent looks at: more tell hardly more, and cost time.
const VALUES: usize = 10;

/// A decoder that is no longer trained.
pub(crate) struct Frozen<'a, T> {
    pub(crate) decoder: &'a Perceptron,
    pub(crate) parameters: &'a FlatParameters<T>,
    pub(crate) statistics: &'a FlatParameters<T>,
    /// How its signals make a mixture.
    pub(crate) norm: Norm,
}

impl Refinement {
    /// So many steps in each of 1 + K `rounds` descents, at a rate to match.
    #[must_use]
    pub fn new(steps: usize, rounds: usize, beta: f64) -> Self {
        Self { steps, rate: (WAY / steps.max(1) as f64).min(MOST), beta, rounds }
    }

    /// Moves `z` (examples, K D_z), the latent sources of mixtures `x` (examples, features), each example by itself; those
    /// that are not moved (examples, K) stay.
    pub(crate) fn descend<T: Real>(self, frozen: &Frozen<T>, x: &[T], z: &mut [T], is_moved: &[bool]) {
        let features = frozen.decoder.outputs();
        let examples = x.len() / features;
        let Some(codes) = z.len().checked_div(examples) else { return };
        let every = thinning(features, VALUES * codes);
        // Of one size, in pairs: of a full share and a small one, two threads would wait for the full one.
        let share = examples.div_ceil(2 * examples.div_ceil(2 * TOGETHER));
        let shares = x.par_chunks(share * features).zip(z.par_chunks_mut(share * codes));
        let moves = is_moved.par_chunks(share * is_moved.len() / examples);
        shares.zip(moves).for_each(|((x, z), is_moved)| {
            let seen: Vec<T> = x.chunks_exact(features).flat_map(|x| x.iter().copied().step_by(every)).collect();
            self.descend_share(frozen, (every, &seen), z, is_moved);
        });
    }

    /// A few mixtures, of which every `every`-th value is given, on the calling thread alone.
    fn descend_share<T: Real>(self, frozen: &Frozen<T>, (every, x): (usize, &[T]), z: &mut [T], is_moved: &[bool]) {
        let Frozen { decoder, parameters, statistics, norm } = *frozen;
        let latent = decoder.inputs();
        let features = decoder.outputs().div_ceil(every);
        let mut adam = FlatAdam::new(FlatAdamConfig { beta2: 0.99, ..FlatAdamConfig::default() }, z.len());
        let (mut trace, mut d_logits) = (Trace::default(), Vec::new());
        // Values that are seen stand for those that are not.
        let slope = every as f64 / SCALE;
        let beta = T::from_f64(self.beta);
        for step in 0..self.steps {
            decoder.infer_on(parameters, statistics, z, every, &mut trace);
            std::mem::swap(&mut d_logits, &mut trace.output);
            mixture::distances(x, &mut d_logits, features, slope, norm);
            let gradient = decoder.input_gradient(parameters, &d_logits, every, &mut trace);
            let of_sources = gradient.chunks_exact_mut(latent).zip(z.chunks_exact(latent)).zip(is_moved);
            for ((gradient, z), &is_moved) in of_sources {
                gradient.iter_mut().zip(z).for_each(|(g, &z)| *g = if is_moved { *g + beta * z } else { T::zero() });
            }
            let left = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.steps as f64).cos());
            adam.step(self.rate * left).take(0..gradient.len(), z, gradient);
        }
    }

    /// `-log p(x|Z) - β log p(Z)` of each mixture in `x` (examples, features), up to a constant, where latent sources `z` have
    /// the signals `sources` (examples, K, features).
    pub(crate) fn costs<T: Real>(self, (x, features): (&[T], usize), z: &[T], sources: &[T], norm: Norm) -> Vec<f64> {
        let examples = x.len() / features;
        let Some((signals, codes)) = sources.len().checked_div(examples).zip(z.len().checked_div(examples)) else {
            return Vec::new();
        };
        let of_examples = sources.par_chunks(signals).zip(z.par_chunks(codes));
        let cost = |(x, (sources, z)): (&[T], (&[T], &[T]))| {
            let distances = x.iter().zip(norm.of(sources, features)).map(|(&x, mixed)| (x - mixed).to_f64().abs());
            let squares = z.iter().map(|z| z.to_f64() * z.to_f64());
            distances.sum::<f64>() / SCALE + 0.5 * self.beta * squares.sum::<f64>()
        };
        x.par_chunks(features).zip(of_examples).map(cost).collect()
    }
}

/// The largest step through so many values that leaves `enough` of them and has no factor in common with their number: of
/// values in rows of whatever length, what is left is spread over the columns.
fn thinning(features: usize, enough: usize) -> usize {
    let factor = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (2..=features / enough.max(1)).rev().find(|&every| factor(features, every) == 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descents_look_at_enough_values_from_all_columns() {
        for (features, enough, expected) in [(784, 400, 1), (4096, 1280, 3), (32768, 1280, 25), (23, 1, 22), (8, 8, 1)]
        {
            assert_eq!(thinning(features, enough), expected, "{features} values, of which {enough} are enough");
        }
    }
}
