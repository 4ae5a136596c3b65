//! The flow's recurrence (AR-Flow VAE, equations 15-20) over a stretch of steps.
//!
//! One step waits for the one before: `h → α → tanh → exp → tanh → h`. The products with the hidden state are
//! laid beside that path, not on it.
//!
//! Arithmetic stands in plain loops: a closure that is not inlined is compiled without the processor's features.

use bss_nn::{Lane, Real};
use pulp::{Simd, WithSimd};

use super::fold::{Fold, PARTS};
use super::layout::Layout;
use super::registers::{Registers, registers};

/// Stands for a width that is known at run time only.
pub(super) const ANY_WIDTH: usize = usize::MAX;

/// The flow's parameters for one group of chains, as rows (…, chains).
///
/// `H` is the width of the hidden state, spelt out so that the compiler unrolls the loops over it, or [`ANY_WIDTH`].
pub(super) struct Flow<'a, T: Real, const H: usize, const FOLDED: bool> {
    pub(super) layout: Layout,
    /// The matrix (H + 2, H).
    pub(super) weights: &'a [T],
    pub(super) w_eps: &'a [T],
    /// (H + 2).
    biases: &'a [T],
    /// W⁽ʰ⁾ column by column, (H, H).
    columns: Registers<T>,
    /// What the parts of the sums b and α/κ start from: the bias, then zeros; (2, PARTS).
    starts: Registers<T>,
    kappa: T,
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
/// `noise` holds u and is left with ε; the rest is written as [`super::retrace::Trace`] has it.
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

/// The flow on one instruction set.
pub(super) struct Kernel<'a, S: Simd, T: Real, const H: usize, const FOLDED: bool> {
    pub(super) fold: Fold<S, FOLDED>,
    pub(super) flow: &'a Flow<'a, T, H, FOLDED>,
    pub(super) kappa: Lane<S, T>,
}

impl<'a, S: Simd, T: Real, const H: usize, const FOLDED: bool> Kernel<'a, S, T, H, FOLDED> {
    #[inline(always)]
    pub(super) fn new(simd: S, flow: &'a Flow<'a, T, H, FOLDED>) -> Self {
        Self { fold: Fold(simd), flow, kappa: Lane::splat(simd, flow.kappa) }
    }

    /// The width of the hidden state.
    #[inline(always)]
    pub(super) fn hidden(&self) -> usize {
        if H == ANY_WIDTH { self.flow.layout.hidden } else { H }
    }

    #[inline(always)]
    pub(super) fn zero(&self) -> Lane<S, T> {
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
}
