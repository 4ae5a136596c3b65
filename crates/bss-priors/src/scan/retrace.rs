//! The adjoint of the flow's recurrence: from the last step of a stretch to its first.
//!
//! It is linear, and waits for `h̄ → ε̄ → ū → h̄`; the gradients of the parameters are added up beside that path.

use bss_nn::{Lane, Real};
use pulp::{Simd, WithSimd};

use super::flow::{Flow, Kernel};
use super::fold::PARTS;
use super::layout::Layout;
use super::products::add_products;

/// So many steps' cotangents wait in the first-level cache before they are added to the parameters' gradients.
pub(super) const BLOCK: usize = 16;

/// What a stretch of steps left for its retracing.
pub(super) struct Trace<'a, T> {
    /// h before each step and after the last, (steps + 1, H).
    pub(super) h: &'a [T],
    /// ε, (steps).
    pub(super) noise: &'a [T],
    /// exp(-α), (steps).
    pub(super) scale: &'a [T],
    /// tanh of equation 17, (steps).
    pub(super) gate: &'a [T],
}

/// The rows that a step's cotangents take: those of the H + 2 sums, up to a whole number of slots.
pub(super) fn cotangent_rows(layout: Layout) -> usize {
    layout.rows().next_multiple_of(PARTS)
}

/// Runs the steps of a trace backwards.
///
/// `adjoint` holds the cotangents of ε and is left with those of u; `h_bar` holds that of the state after the last step
/// and is left with that of the state before the first; `weight` is the cotangent of `-Σ α`; `cotangents` is room for
/// [`BLOCK`] times [`cotangent_rows`]. Adds to `grads`, which is laid out like the parameters.
pub(super) struct Retrace<'a, T: Real, const H: usize, const FOLDED: bool> {
    pub(super) flow: &'a Flow<'a, T, H, FOLDED>,
    pub(super) trace: Trace<'a, T>,
    pub(super) weight: &'a [T],
    pub(super) adjoint: &'a mut [T],
    pub(super) h_bar: &'a mut [T],
    pub(super) cotangents: &'a mut [T],
    pub(super) grads: &'a mut [T],
}

impl<T: Real, const H: usize, const FOLDED: bool> WithSimd for Retrace<'_, T, H, FOLDED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        Kernel::new(simd, self.flow).retrace(self);
    }
}

impl<S: Simd, T: Real, const H: usize, const FOLDED: bool> Kernel<'_, S, T, H, FOLDED> {
    #[inline(always)]
    fn retrace(&self, call: Retrace<T, H, FOLDED>) {
        let Retrace { trace, adjoint, h_bar, cotangents, grads, .. } = call;
        let weight = self.fold.row(call.weight, 0);
        let (fold, chains) = (self.fold, self.fold.chains::<T>());
        let (stride, width) = (cotangent_rows(self.flow.layout) * chains, self.hidden() * chains);
        let one = Lane::splat(fold.0, T::one());
        let steps = adjoint.len() / chains;
        for block in (0..steps.div_ceil(BLOCK)).rev() {
            let (first, last) = (block * BLOCK, ((block + 1) * BLOCK).min(steps));
            for i in (first..last).rev() {
                let row = &mut cotangents[(i - first) * stride..(i - first + 1) * stride];
                let eps_bar = self.through_state(&trace.h[(i + 1) * width..(i + 2) * width], h_bar, row);
                let eps_bar = eps_bar + fold.row(adjoint, i);
                let (scale, gate) = (fold.row(trace.scale, i), fold.row(trace.gate, i));
                let slope = self.kappa * gate.mul_add(gate, -one);
                let slope_eps = slope * fold.row(trace.noise, i);
                let u_bar = eps_bar * scale;
                let alpha_bar = eps_bar.mul_add(slope_eps, slope * weight);
                fold.set_row(adjoint, i, u_bar);
                fold.set_row(row, self.hidden(), -u_bar);
                fold.set_row(row, self.hidden() + 1, alpha_bar);
                self.through_matrix(row, [-u_bar, alpha_bar], h_bar);
            }
            let cotangents = &cotangents[..(last - first) * stride];
            let (h, noise) = (&trace.h[first * width..last * width], &trace.noise[first * chains..last * chains]);
            add_products::<S, T, H, FOLDED>(fold, self.flow.layout, cotangents, h, noise, grads);
        }
    }

    /// Writes the cotangents of the sums in (18) to `row`; returns what reaches ε through them.
    #[inline(always)]
    fn through_state(&self, after: &[T], h_bar: &[T], row: &mut [T]) -> Lane<S, T> {
        let (fold, slots) = (self.fold, self.fold.slots::<T>());
        let one = Lane::splat(fold.0, T::one());
        let mut parts = [self.zero(); PARTS];
        for register in 0..self.hidden() / slots {
            let (j, part) = (register * slots, register % fold.parts::<T>());
            let h = fold.rows(after, j);
            let z_bar = fold.rows(h_bar, j) * h.neg_mul_add(h, one);
            fold.set_rows(row, j, z_bar);
            parts[part] = fold.rows(self.flow.w_eps, j).mul_add(z_bar, parts[part]);
        }
        fold.sum(parts)
    }

    /// The transposed matrix times a row of cotangents, of which the last two are given again.
    #[inline(always)]
    fn through_matrix(&self, row: &[T], last: [Lane<S, T>; 2], h_bar: &mut [T]) {
        let (slots, hidden) = (self.fold.slots::<T>(), self.hidden());
        let mut k = 0;
        while k + 4 * slots <= hidden {
            self.transposed::<4>(k, row, last, h_bar);
            k += 4 * slots;
        }
        while k + 2 * slots <= hidden {
            self.transposed::<2>(k, row, last, h_bar);
            k += 2 * slots;
        }
        while k < hidden {
            self.transposed::<1>(k, row, last, h_bar);
            k += slots;
        }
    }

    /// `N` registers of [`through_matrix`](Self::through_matrix) from column `k` on.
    #[inline(always)]
    fn transposed<const N: usize>(&self, k: usize, row: &[T], last: [Lane<S, T>; 2], h_bar: &mut [T]) {
        let (fold, slots, hidden) = (self.fold, self.fold.slots::<T>(), self.hidden());
        // In two sums, and those that come last in the step added last, because the step before waits for them.
        let mut sums = [[self.zero(); N]; 2];
        for half in 0..2 {
            for j in half * (hidden / 2)..if half == 0 { hidden / 2 } else { hidden } {
                let bar = fold.row(row, j);
                for n in 0..N {
                    let weight = fold.rows(self.flow.weights, j * hidden + k + n * slots);
                    sums[half][n] = weight.mul_add(bar, sums[half][n]);
                }
            }
        }
        for n in 0..N {
            let mut sum = sums[0][n] + sums[1][n];
            for i in 0..2 {
                sum = fold.rows(self.flow.weights, (hidden + i) * hidden + k + n * slots).mul_add(last[i], sum);
            }
            fold.set_rows(h_bar, k + n * slots, sum);
        }
    }
}
