//! The flow's recurrence (AR-Flow VAE, equations 15-20) over a stretch of steps, and its adjoint.
//!
//! One step waits for the one before: `h → α → tanh → exp → tanh → h`. Everything else - the products with the hidden
//! state, the gradients of the parameters - is laid beside that path, not on it.
//!
//! Arithmetic stands in plain loops: a closure that is not inlined is compiled without the processor's features.

use bss_nn::{Lane, Real};
use pulp::{Simd, WithSimd};

use super::fold::{Fold, PARTS};
use super::layout::Layout;
use super::products::add_products;
use super::registers::{Registers, registers};

/// So many steps' cotangents wait in the first-level cache before they are added to the parameters' gradients.
pub(super) const BLOCK: usize = 16;

/// Stands for a width that is known at run time only.
pub(super) const ANY_WIDTH: usize = usize::MAX;

/// The flow's parameters for one group of chains, as rows (…, chains).
///
/// `H` is the width of the hidden state, spelt out so that the compiler unrolls the loops over it, or [`ANY_WIDTH`].
pub(super) struct Flow<'a, T: Real, const H: usize, const FOLDED: bool> {
    layout: Layout,
    /// The matrix (H + 2, H).
    weights: &'a [T],
    w_eps: &'a [T],
    /// (H + 2).
    biases: &'a [T],
    /// W⁽ʰ⁾ column by column, (H, H).
    columns: Registers<T>,
    /// What the parts of the sums b and α/κ start from: the bias, then zeros; (2, PARTS).
    starts: Registers<T>,
    kappa: T,
}

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

impl<'a, T: Real, const H: usize, const FOLDED: bool> Flow<'a, T, H, FOLDED> {
    /// From parameters as rows of so many chains.
    pub(super) fn new(chains: usize, layout: Layout, theta: &'a [T]) -> Self {
        let of = |rows: std::ops::Range<usize>| &theta[rows.start * chains..rows.end * chains];
        let (weights, biases, hidden) = (of(layout.weights()), of(layout.biases()), layout.hidden);
        let mut columns = registers(hidden * hidden * chains);
        for j in 0..hidden {
            for k in 0..hidden {
                let (from, to) = ((j * hidden + k) * chains, (k * hidden + j) * chains);
                columns[to..to + chains].copy_from_slice(&weights[from..from + chains]);
            }
        }
        let mut starts = registers(2 * PARTS * chains);
        if hidden > 0 {
            for (i, start) in starts.chunks_exact_mut(PARTS * chains).enumerate() {
                start[..chains].copy_from_slice(&biases[(hidden + i) * chains..][..chains]);
            }
        }
        Self { layout, weights, w_eps: of(layout.w_eps()), biases, columns, starts, kappa: T::from_f64(layout.kappa) }
    }
}

/// Runs steps forwards from the state in the first row of `h`.
///
/// `noise` holds u and is left with ε; the rest is written as [`Trace`] has it.
pub(super) struct Sweep<'a, T: Real, const H: usize, const FOLDED: bool> {
    pub(super) flow: &'a Flow<'a, T, H, FOLDED>,
    pub(super) noise: &'a mut [T],
    pub(super) h: &'a mut [T],
    pub(super) scales: &'a mut [T],
    pub(super) gates: &'a mut [T],
}

impl<T: Real, const H: usize, const FOLDED: bool> WithSimd for Sweep<'_, T, H, FOLDED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { flow, noise, h, scales, gates } = self;
        Kernel::new(simd, flow).sweep(noise, h, scales, gates);
    }
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

/// The flow on one instruction set.
struct Kernel<'a, S: Simd, T: Real, const H: usize, const FOLDED: bool> {
    fold: Fold<S, FOLDED>,
    flow: &'a Flow<'a, T, H, FOLDED>,
    kappa: Lane<S, T>,
}

impl<'a, S: Simd, T: Real, const H: usize, const FOLDED: bool> Kernel<'a, S, T, H, FOLDED> {
    #[inline(always)]
    fn new(simd: S, flow: &'a Flow<'a, T, H, FOLDED>) -> Self {
        Self { fold: Fold(simd), flow, kappa: Lane::splat(simd, flow.kappa) }
    }

    /// The width of the hidden state.
    #[inline(always)]
    fn hidden(&self) -> usize {
        if H == ANY_WIDTH { self.flow.layout.hidden } else { H }
    }

    #[inline(always)]
    fn zero(&self) -> Lane<S, T> {
        Lane::zero(self.fold.0)
    }

    /// What the parts of b and α/κ start from.
    #[inline(always)]
    fn start(&self) -> [[Lane<S, T>; PARTS]; 2] {
        let mut sums = [[self.zero(); PARTS]; 2];
        for i in 0..2 {
            for part in 0..self.fold.parts::<T>() {
                sums[i][part] = self.fold.rows(&self.flow.starts, i * PARTS + part * self.fold.slots::<T>());
            }
        }
        sums
    }

    /// Adds what a register of units from `j` on gives to the parts of b and α/κ.
    #[inline(always)]
    fn add_units(&self, j: usize, h: Lane<S, T>, sums: &mut [[Lane<S, T>; PARTS]; 2]) {
        let part = j / self.fold.slots::<T>() % self.fold.parts::<T>();
        for i in 0..2 {
            let row = (self.hidden() + i) * self.hidden() + j;
            sums[i][part] = self.fold.rows(self.flow.weights, row).mul_add(h, sums[i][part]);
        }
    }

    /// `c⁽ᵋ⁾ + W⁽ʰ⁾ h` of `N` registers of units from `j` on.
    #[inline(always)]
    fn affine<const N: usize>(&self, j: usize, h: &[T], z: &mut [T]) {
        let (fold, slots, hidden) = (self.fold, self.fold.slots::<T>(), self.hidden());
        let mut sums = [self.zero(); N];
        for n in 0..N {
            sums[n] = fold.rows(self.flow.biases, j + n * slots);
        }
        for k in 0..hidden {
            let h = fold.row(h, k);
            for n in 0..N {
                sums[n] = fold.rows(&self.flow.columns, k * hidden + j + n * slots).mul_add(h, sums[n]);
            }
        }
        for n in 0..N {
            fold.set_rows(z, j + n * slots, sums[n]);
        }
    }

    #[inline(always)]
    fn sweep(&self, noise: &mut [T], h: &mut [T], scales: &mut [T], gates: &mut [T]) {
        let (fold, hidden, chains) = (self.fold, self.hidden(), self.fold.chains::<T>());
        let (slots, width) = (fold.slots::<T>(), hidden * chains);
        let minus_kappa = -self.kappa;
        // The sums of the next step grow with each unit of this one, because it waits for them.
        let mut sums = self.start();
        for j in 0..hidden / slots {
            self.add_units(j * slots, fold.rows(h, j * slots), &mut sums);
        }
        for i in 0..noise.len() / chains {
            let (before, after) = h[i * width..(i + 2) * width].split_at_mut(width);
            let (b, alpha) = (fold.sum(sums[0]), fold.sum(sums[1]));
            let mut j = 0;
            while j + 4 * slots <= hidden {
                self.affine::<4>(j, before, after);
                j += 4 * slots;
            }
            while j + 2 * slots <= hidden {
                self.affine::<2>(j, before, after);
                j += 2 * slots;
            }
            while j < hidden {
                self.affine::<1>(j, before, after);
                j += slots;
            }
            let gate = alpha.tanh(); // α = κ · gate (17)
            let scale = (minus_kappa * gate).exp_within_one();
            let shifted = fold.row(noise, i) - b;
            fold.set_row(noise, i, shifted * scale); // (20)
            fold.set_row(scales, i, scale);
            fold.set_row(gates, i, gate);
            sums = self.start();
            for j in 0..hidden / slots {
                let j = j * slots;
                // (W⁽ᵋ⁾ (u - b)) exp(-α), because the first product need not wait for α.
                let push = fold.rows(self.flow.w_eps, j) * shifted;
                let h = push.mul_add(scale, fold.rows(after, j)).tanh(); // (18)
                fold.set_rows(after, j, h);
                self.add_units(j, h, &mut sums);
            }
        }
    }

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
