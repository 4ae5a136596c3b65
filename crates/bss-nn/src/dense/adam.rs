//! Adam on flat parameters, layer by layer as their gradients come.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Sink;
use crate::Real;

/// Settings of [`FlatAdam`] (Kingma and Ba 2015, algorithm 1; decoupled weight decay by Loshchilov and Hutter 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlatAdamConfig {
    /// β₁, the decay of the first moment.
    pub beta1: f64,
    /// β₂, the decay of the second moment.
    pub beta2: f64,
    /// ϵ, added to the root of the second moment.
    pub epsilon: f64,
    /// The share of itself, times the learning rate, that a parameter loses at each step.
    pub weight_decay: f64,
}

impl Default for FlatAdamConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

/// The optimiser and its state: moments in the type and the layout of the parameters.
#[derive(Clone, Debug)]
pub struct FlatAdam<T> {
    /// Its settings.
    pub config: FlatAdamConfig,
    /// The decayed mean of the gradient.
    pub first: Vec<T>,
    /// The decayed mean of the squared gradient.
    pub second: Vec<T>,
    /// The steps taken.
    pub steps: u64,
}

impl<T: Real> FlatAdam<T> {
    /// Zero moments for so many parameters.
    #[must_use]
    pub fn new(config: FlatAdamConfig, parameters: usize) -> Self {
        Self { config, first: vec![T::zero(); parameters], second: vec![T::zero(); parameters], steps: 0 }
    }

    /// Begins a step, which takes the gradient of every layer once.
    pub fn step(&mut self, learning_rate: f64) -> AdamStep<'_, T> {
        self.steps += 1;
        let t = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let FlatAdamConfig { beta1, beta2, epsilon, weight_decay } = self.config;
        let update = Update {
            beta1: T::from_f64(beta1),
            beta2: T::from_f64(beta2),
            // ϵ and the learning rate take over the second moment's correction, which then needs no operation of its own.
            epsilon: T::from_f64(epsilon * (1.0 - beta2.powi(t)).sqrt()),
            rate: T::from_f64(learning_rate * (1.0 - beta2.powi(t)).sqrt() / (1.0 - beta1.powi(t))),
            keep: T::from_f64(1.0 - learning_rate * weight_decay),
        };
        AdamStep { adam: self, update }
    }
}

/// A step in progress.
#[derive(Debug)]
pub struct AdamStep<'a, T> {
    adam: &'a mut FlatAdam<T>,
    update: Update<T>,
}

#[derive(Clone, Copy, Debug)]
struct Update<T> {
    beta1: T,
    beta2: T,
    epsilon: T,
    rate: T,
    keep: T,
}

/// Parameters that one thread updates at a time.
const SHARE: usize = 1 << 14;

impl<T: Real> Sink<T> for AdamStep<'_, T> {
    fn take(&mut self, at: Range<usize>, parameters: &mut [T], gradient: &[T]) {
        let (first, second) = (&mut self.adam.first[at.clone()], &mut self.adam.second[at]);
        let update = self.update;
        let shares = parameters.par_chunks_mut(SHARE).zip(gradient.par_chunks(SHARE));
        let moments = first.par_chunks_mut(SHARE).zip(second.par_chunks_mut(SHARE));
        shares.zip(moments).for_each(|((parameters, gradient), (first, second))| {
            pulp::Arch::new().dispatch(Share { update, parameters, gradient, first, second });
        });
    }
}

struct Share<'a, T> {
    update: Update<T>,
    parameters: &'a mut [T],
    gradient: &'a [T],
    first: &'a mut [T],
    second: &'a mut [T],
}

impl<T: Real> WithSimd for Share<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Update { beta1, beta2, epsilon, rate, keep } = self.update;
        let (rest1, rest2) = (T::one() - beta1, T::one() - beta2);
        let moments = self.first.iter_mut().zip(self.second);
        for ((p, &g), (m, v)) in self.parameters.iter_mut().zip(self.gradient).zip(moments) {
            *m = beta1 * *m + rest1 * g;
            *v = beta2 * *v + rest2 * g * g;
            *p = keep * *p - rate * *m / (v.root() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The golden values are those of PyTorch:
    /// ```python
    /// p = torch.tensor([1., -2.], dtype=torch.float64, requires_grad=True); c = torch.tensor([1., .5])
    /// adam = torch.optim.AdamW([p], lr=.1, weight_decay=.1)
    /// for _ in range(3): adam.zero_grad(); (p ** 2 * c).sum().backward(); adam.step()
    /// ```
    #[test]
    fn three_steps_agree_with_the_algorithm() {
        let golden = [(0.0, [0.701_586_272_946_030, -1.700_623_392_812_114]), (0.1, GOLDEN_DECAYED)];
        for (weight_decay, expected) in golden {
            let mut p = [1.0, -2.0];
            let mut adam = FlatAdam::<f64>::new(FlatAdamConfig { weight_decay, ..FlatAdamConfig::default() }, 2);
            for _ in 0..3 {
                let gradient = [2.0 * p[0], p[1]];
                adam.step(0.1).take(0..2, &mut p, &gradient);
            }
            for (found, expected) in p.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{p:?} against {expected:?}");
            }
        }
    }

    const GOLDEN_DECAYED: [f64; 2] = [0.675_101_221_640_070, -1.644_368_684_322_009];

    #[test]
    fn shares_agree_with_the_whole() {
        let count = 2 * SHARE + 17;
        let gradient: Vec<f32> = (0..count).map(|i| (i as f32).sin()).collect();
        let mut adam = FlatAdam::new(FlatAdamConfig::default(), count);
        let mut p = vec![1f32; count];
        adam.step(0.01).take(0..count, &mut p, &gradient);
        for (p, g) in p.iter().zip(&gradient) {
            assert!((p - (1.0 - 0.01 * g.signum())).abs() < 1e-4 || g.abs() < 1e-4, "{p} after {g}");
        }
    }
}
