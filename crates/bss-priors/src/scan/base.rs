//! The base density of the noise ε at the end of the recurrence: Gaussian or a mixture of Gaussians.

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::fold::Fold;
use super::layout::Layout;

/// The largest number of components; also how many sums of exponentials are multiplied before one logarithm is
/// taken of them, so that the product of [`MAX_COMPONENTS`] sums of as many terms stays a number in single precision.
pub(crate) const MAX_COMPONENTS: usize = 16;

/// The lanes of the widest register there is: 512 bits of single precision.
const MAX_LANES: usize = 16;

/// The base density's parameters for one group of chains.
pub(super) struct Base<S: Simd, T: Real, const FOLDED: bool> {
    fold: Fold<S, FOLDED>,
    layout: Layout,
    /// log weight - log scale of each component.
    offset: [Lane<S, T>; MAX_COMPONENTS],
    mean: [Lane<S, T>; MAX_COMPONENTS],
    precision: [Lane<S, T>; MAX_COMPONENTS],
    /// The weight of each component.
    share: [Lane<S, T>; MAX_COMPONENTS],
}

impl<S: Simd, T: Real, const FOLDED: bool> Base<S, T, FOLDED> {
    #[inline(always)]
    pub(super) fn new(fold: Fold<S, FOLDED>, layout: Layout, theta: &[T]) -> Self {
        let simd = fold.0;
        let at = |i: usize| fold.row(theta, i);
        let none = [Lane::zero(simd); MAX_COMPONENTS];
        let mut base = Self { fold, layout, offset: none, mean: none, precision: none, share: none };
        let mut largest = Lane::splat(simd, T::from_f64(-1e30));
        for i in layout.logits() {
            largest = largest.max(at(i));
        }
        let mut sum = Lane::zero(simd);
        for i in layout.logits() {
            sum += (at(i) - largest).exp();
        }
        let normaliser = largest + each_lane(sum, Real::ln);
        for k in 0..layout.components {
            let log_scale = at(layout.log_scales() + k);
            let log_share = at(layout.logits().start + k) - normaliser;
            base.offset[k] = log_share - log_scale;
            base.mean[k] = at(layout.means() + k);
            base.precision[k] = (-log_scale).exp();
            base.share[k] = log_share.exp();
        }
        base
    }

    /// Adds `Σ_r log p(ε_r)` over a stretch, without the constant, to `value`.
    #[inline(always)]
    pub(super) fn value(&self, noise: &[T], value: &mut [f64]) {
        if self.layout.components == 0 {
            return self.gaussian_value(noise, value);
        }
        let mut sum = Lane::zero(self.fold.0);
        let chains = self.fold.chains::<T>();
        for noise in noise.chunks(MAX_COMPONENTS * chains) {
            let mut product = Lane::splat(self.fold.0, T::one());
            for i in 0..noise.len() / chains {
                let mut terms = [Lane::zero(self.fold.0); MAX_COMPONENTS];
                let (largest, total) = self.terms(self.fold.row(noise, i), &mut terms);
                sum += largest;
                product = product * total;
            }
            sum += each_lane(product, Real::ln);
        }
        add_lanes(sum, value);
    }

    /// [`value`](Self::value), and writes the cotangents of ε and adds to the gradients of the base's parameters.
    #[inline(always)]
    pub(super) fn value_and_gradient(&self, noise: &[T], value: &mut [f64], adjoint: &mut [T], grads: &mut [T]) {
        let chains = self.fold.chains::<T>();
        if self.layout.components == 0 {
            for i in 0..noise.len() / chains {
                self.fold.set_row(adjoint, i, -self.fold.row(noise, i));
            }
            return self.gaussian_value(noise, value);
        }
        let mut sum = Lane::zero(self.fold.0);
        let length = MAX_COMPONENTS * chains;
        for (adjoint, noise) in adjoint.chunks_mut(length).zip(noise.chunks(length)) {
            let mut product = Lane::splat(self.fold.0, T::one());
            for i in 0..noise.len() / chains {
                let eps = self.fold.row(noise, i);
                let mut terms = [Lane::zero(self.fold.0); MAX_COMPONENTS];
                let (largest, total) = self.terms(eps, &mut terms);
                sum += largest;
                product = product * total;
                self.fold.set_row(adjoint, i, self.gradient(eps, &terms, total, grads));
            }
            sum += each_lane(product, Real::ln);
        }
        add_lanes(sum, value);
    }

    #[inline(always)]
    fn gaussian_value(&self, noise: &[T], value: &mut [f64]) {
        let mut sum = Lane::zero(self.fold.0);
        for i in 0..noise.len() / self.fold.chains::<T>() {
            let eps = self.fold.row(noise, i);
            sum = eps.mul_add(eps, sum);
        }
        add_lanes(Lane::splat(self.fold.0, T::from_f64(-0.5)) * sum, value);
    }

    /// Writes the terms `exp(exponent - largest)` of the mixture's density at ε; returns the largest and their sum.
    #[inline(always)]
    fn terms(&self, eps: Lane<S, T>, terms: &mut [Lane<S, T>; MAX_COMPONENTS]) -> (Lane<S, T>, Lane<S, T>) {
        let components = self.layout.components;
        let half = Lane::splat(self.fold.0, T::from_f64(-0.5));
        // Far above the least normal number: processors take a hundred times as long for products below that.
        let least = Lane::splat(self.fold.0, T::from_f64(-0.6 * T::EXP_LIMIT.to_f64()));
        let mut largest = Lane::splat(self.fold.0, T::from_f64(-1e30));
        for k in 0..components {
            let z = (eps - self.mean[k]) * self.precision[k];
            terms[k] = (half * z).mul_add(z, self.offset[k]);
            largest = largest.max(terms[k]);
        }
        let mut total = Lane::zero(self.fold.0);
        for k in 0..components {
            terms[k] = (terms[k] - largest).max(least).exp_within_limit();
            total += terms[k];
        }
        (largest, total)
    }

    /// The derivative of log p(ε) at one step; adds those with respect to the base's parameters to `grads`.
    #[inline(always)]
    fn gradient(
        &self,
        eps: Lane<S, T>,
        terms: &[Lane<S, T>; MAX_COMPONENTS],
        total: Lane<S, T>,
        grads: &mut [T],
    ) -> Lane<S, T> {
        let (logits, means, log_scales) = (self.layout.logits().start, self.layout.means(), self.layout.log_scales());
        let inverse = Lane::splat(self.fold.0, T::one()) / total;
        let mut slope = Lane::zero(self.fold.0);
        for k in 0..self.layout.components {
            let responsibility = terms[k] * inverse;
            let z = (eps - self.mean[k]) * self.precision[k];
            let pull = responsibility * z;
            slope = pull.neg_mul_add(self.precision[k], slope);
            self.add(grads, logits + k, responsibility - self.share[k]);
            self.add(grads, means + k, pull * self.precision[k]);
            self.add(grads, log_scales + k, pull.mul_add(z, -responsibility));
        }
        slope
    }

    #[inline(always)]
    fn add(&self, grads: &mut [T], i: usize, x: Lane<S, T>) {
        self.fold.set_row(grads, i, self.fold.row(grads, i) + x);
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
pub(super) fn add_lanes<S: Simd, T: Real>(x: Lane<S, T>, totals: &mut [f64]) {
    let mut lanes = [T::zero(); MAX_LANES];
    let lanes = &mut lanes[..T::lanes::<S>()];
    T::vectors_mut::<S>(lanes)[0] = x.vector;
    totals.iter_mut().zip(&*lanes).for_each(|(total, x)| *total += x.to_f64());
}
