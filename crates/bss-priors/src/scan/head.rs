//! What stands at the end of the recurrence: the base density of the noise ε, or a cotangent given from outside.

use std::ops::Range;

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::kernel::{Scored, Task};
use super::layout::Layout;

/// The largest number of components; also how many sums of exponentials are multiplied before one logarithm is
/// taken of them, so that the product of [`MAX_COMPONENTS`] sums of as many terms stays a number in single precision.
pub(crate) const MAX_COMPONENTS: usize = 16;

/// The lanes of the widest register there is: 512 bits of single precision.
const MAX_LANES: usize = 16;

const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8; // log √(2π)

/// The end of the recurrence for one group of chains.
pub(crate) struct Head<'a, S: Simd, T: Real> {
    pub(crate) simd: S,
    layout: Layout,
    task: Task<'a, T>,
    /// log weight - log scale of each component.
    offset: [Lane<S, T>; MAX_COMPONENTS],
    mean: [Lane<S, T>; MAX_COMPONENTS],
    precision: [Lane<S, T>; MAX_COMPONENTS],
    weight: Lane<S, T>,
}

impl<'a, S: Simd, T: Real> Head<'a, S, T> {
    #[inline(always)]
    pub(crate) fn new(simd: S, layout: Layout, theta: &[T], task: Task<'a, T>) -> Self {
        let theta = T::vectors::<S>(theta);
        let at = |i: usize| Lane::<S, T>::new(simd, theta[i]);
        let zero = Lane::zero(simd);
        let (mut offset, mut mean, mut precision) =
            ([zero; MAX_COMPONENTS], [zero; MAX_COMPONENTS], [zero; MAX_COMPONENTS]);
        let mut largest = Lane::splat(simd, T::from_f64(-1e30));
        layout.logits().for_each(|i| largest = largest.max(at(i)));
        let mut sum = zero;
        layout.logits().for_each(|i| sum += (at(i) - largest).exp());
        let normaliser = largest + each_lane(sum, Real::ln);
        for k in 0..layout.components {
            let log_scale = at(layout.log_scales() + k);
            offset[k] = at(layout.logits().start + k) - normaliser - log_scale;
            mean[k] = at(layout.means() + k);
            precision[k] = (-log_scale).exp();
        }
        let weight = match task {
            Task::NoiseGradient { log_det, .. } => Lane::new(simd, T::vectors::<S>(log_det)[0]),
            _ => Lane::splat(simd, T::one()),
        };
        Self { simd, layout, task, offset, mean, precision, weight }
    }

    /// The cotangent of the log-determinant: 1 for a density.
    #[inline(always)]
    pub(crate) fn weight(&self) -> Lane<S, T> {
        self.weight
    }

    fn scores_density(&self) -> bool {
        matches!(self.task, Task::Density | Task::DensityGradient)
    }

    /// Adds what an initial entry contributes: `-½ε² - log σ₀` (13; constants at the end), or `-log σ₀`.
    #[inline(always)]
    pub(crate) fn initial_value(&self, eps: Lane<S, T>, theta: &[T], value: &mut [f64]) {
        let log_sigma0 = Lane::new(self.simd, T::vectors::<S>(theta)[self.layout.log_sigma0()]);
        let half = Lane::splat(self.simd, T::from_f64(0.5));
        let log_density = if self.scores_density() { -(half * eps * eps) } else { Lane::zero(self.simd) };
        add_lanes(log_density - log_sigma0, value);
    }

    /// The adjoint of an initial entry's noise.
    #[inline(always)]
    pub(crate) fn initial_adjoint(&self, r: usize, eps: Lane<S, T>) -> Lane<S, T> {
        match self.task {
            Task::NoiseGradient { noise, .. } => Lane::new(self.simd, T::vectors::<S>(noise)[r]),
            _ => -eps,
        }
    }

    /// Adds `Σ_r log p(ε_r) - Σ_r α_r` over a segment (constants at the end), or `-Σ_r α_r` where only ε is asked for.
    #[inline(always)]
    pub(crate) fn value(&self, steps: usize, noise: &[T], gate: &[T], value: &mut [f64]) {
        let simd = self.simd;
        let (noise, gate) = (T::vectors::<S>(noise), T::vectors::<S>(gate));
        let mut gates = Lane::zero(simd);
        gate[..steps].iter().for_each(|&g| gates += Lane::new(simd, g));
        add_lanes(-(Lane::splat(simd, T::from_f64(self.layout.kappa)) * gates), value);
        if !self.scores_density() {
            return;
        }
        let mut sum = Lane::zero(simd);
        if self.layout.components == 0 {
            let half = Lane::splat(simd, T::from_f64(-0.5));
            noise[..steps].iter().for_each(|&e| sum += Lane::new(simd, e) * Lane::new(simd, e));
            sum = half * sum;
        } else {
            for block in noise[..steps].chunks(MAX_COMPONENTS) {
                let mut product = Lane::splat(simd, T::one());
                for &eps in block {
                    let (largest, terms) = self.components(Lane::new(simd, eps));
                    sum += largest;
                    product = product * self.total(&terms);
                }
                sum += each_lane(product, Real::ln);
            }
        }
        add_lanes(sum, value);
    }

    /// The largest exponent and all terms `exp(exponent - largest)` of the mixture's density at ε.
    #[inline(always)]
    fn components(&self, eps: Lane<S, T>) -> (Lane<S, T>, [Lane<S, T>; MAX_COMPONENTS]) {
        let half = Lane::splat(self.simd, T::from_f64(-0.5));
        let mut terms = [Lane::zero(self.simd); MAX_COMPONENTS];
        let mut largest = Lane::splat(self.simd, T::from_f64(-1e30));
        for k in 0..self.layout.components {
            let z = (eps - self.mean[k]) * self.precision[k];
            terms[k] = (half * z).mul_add(z, self.offset[k]);
            largest = largest.max(terms[k]);
        }
        for term in &mut terms[..self.layout.components] {
            *term = (*term - largest).exp();
        }
        (largest, terms)
    }

    #[inline(always)]
    fn total(&self, terms: &[Lane<S, T>; MAX_COMPONENTS]) -> Lane<S, T> {
        let mut total = terms[0];
        terms[1..self.layout.components].iter().for_each(|&term| total += term);
        total
    }

    /// Writes the adjoint of ε over a segment, and adds to the gradients of the base's parameters.
    #[inline(always)]
    pub(crate) fn adjoint(&self, simd: S, rows: Range<usize>, noise: &[T], adjoint: &mut [T], grads: &mut [T]) {
        let noise = T::vectors::<S>(noise);
        let adjoint = T::vectors_mut::<S>(adjoint);
        if let Task::NoiseGradient { noise: cotangent, .. } = self.task {
            let cotangent = &T::vectors::<S>(cotangent)[rows];
            adjoint[..cotangent.len()].copy_from_slice(cotangent);
            return;
        }
        let grads = T::vectors_mut::<S>(grads);
        for (adjoint, &eps) in adjoint.iter_mut().zip(noise).take(rows.len()) {
            let eps = Lane::<S, T>::new(simd, eps);
            if self.layout.components == 0 {
                *adjoint = (-eps).vector;
                continue;
            }
            let (_, terms) = self.components(eps);
            let inverse = Lane::splat(simd, T::one()) / self.total(&terms);
            let mut slope = Lane::zero(simd);
            for k in 0..self.layout.components {
                let responsibility = terms[k] * inverse;
                let z = (eps - self.mean[k]) * self.precision[k];
                let pull = responsibility * z * self.precision[k];
                slope = slope - pull;
                let mut add = |i: usize, x: Lane<S, T>| grads[i] = (Lane::new(simd, grads[i]) + x).vector;
                add(self.layout.logits().start + k, responsibility);
                add(self.layout.means() + k, pull);
                add(self.layout.log_scales() + k, responsibility * z * z - responsibility);
            }
            *adjoint = slope.vector;
        }
    }

    /// Adds what every step shares: the constant of the density, `-log σ` (22), and the weights' normalisation.
    #[inline(always)]
    pub(crate) fn finish(&self, simd: S, steps: usize, theta: &[T], out: &mut Scored<T>) {
        let lanes = T::lanes::<S>();
        let rows = T::vectors::<S>(theta);
        let order = if self.scores_density() { self.layout.order as f64 } else { 0.0 };
        let constant = if self.scores_density() { HALF_LOG_TAU * (steps as f64 + order) } else { 0.0 };
        let log_sigma = &theta[self.layout.log_sigma() * lanes..][..lanes];
        for (value, log_sigma) in out.value.iter_mut().zip(log_sigma) {
            *value -= constant + steps as f64 * log_sigma.to_f64();
        }
        if out.theta.is_empty() || !self.scores_density() {
            return;
        }
        for k in 0..self.layout.components {
            let log_scale = Lane::<S, T>::new(simd, rows[self.layout.log_scales() + k]);
            let weight = (self.offset[k] + log_scale).exp();
            let mut weights = vec![T::zero(); lanes];
            T::vectors_mut::<S>(&mut weights)[0] = weight.vector;
            let grads = &mut out.theta[(self.layout.logits().start + k) * lanes..][..lanes];
            grads.iter_mut().zip(&weights).for_each(|(g, w)| *g -= steps as f64 * w.to_f64());
        }
    }
}

/// Applies a scalar function to each lane.
#[inline(always)]
fn each_lane<S: Simd, T: Real>(x: Lane<S, T>, f: impl Fn(T) -> T) -> Lane<S, T> {
    let mut y = x;
    let mut lanes = [T::zero(); MAX_LANES];
    let lanes = &mut lanes[..T::lanes::<S>()];
    T::vectors_mut::<S>(lanes)[0] = x.vector;
    lanes.iter_mut().for_each(|x| *x = f(*x));
    y.vector = T::vectors::<S>(lanes)[0];
    y
}

/// Adds each lane to its own total.
#[inline(always)]
fn add_lanes<S: Simd, T: Real>(x: Lane<S, T>, totals: &mut [f64]) {
    let mut lanes = [T::zero(); MAX_LANES];
    let lanes = &mut lanes[..T::lanes::<S>()];
    T::vectors_mut::<S>(lanes)[0] = x.vector;
    totals.iter_mut().zip(&*lanes).for_each(|(total, x)| *total += x.to_f64());
}
