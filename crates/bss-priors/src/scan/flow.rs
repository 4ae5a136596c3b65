//! The flow's recurrence (AR-Flow VAE, equations 15-20) over a stretch of steps, and its adjoint.
//!
//! One step waits for the one before: `h → α → tanh → exp → ε → tanh → h`. Everything else - the products with the
//! hidden state, the gradients of the parameters - is laid beside that path, not on it.
//!
//! Arithmetic stands in plain loops: a closure that is not inlined is compiled without the processor's features.

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::layout::Layout;

/// So many steps' cotangents wait in the first-level cache before they are added to the parameters' gradients.
pub(super) const BLOCK: usize = 16;

/// Stands for a width that is known at run time only.
pub(super) const ANY_WIDTH: usize = usize::MAX;

/// The flow's parameters, each a register of chains.
///
/// `H` is the width of the hidden state, spelt out so that the compiler unrolls the loops over it, or [`ANY_WIDTH`].
pub(super) struct Flow<'a, S: Simd, T: Real, const H: usize> {
    simd: S,
    layout: Layout,
    /// (H + 2, H).
    weights: &'a [T::Vector<S>],
    w_eps: &'a [T::Vector<S>],
    /// (H + 2).
    biases: &'a [T::Vector<S>],
    kappa: Lane<S, T>,
}

/// What a stretch of steps left for its retracing.
pub(super) struct Trace<'a, S: Simd, T: Real> {
    /// h before each step and after the last, (steps + 1, H).
    pub(super) h: &'a [T::Vector<S>],
    /// ε, (steps).
    pub(super) noise: &'a [T::Vector<S>],
    /// exp(-α), (steps).
    pub(super) scale: &'a [T::Vector<S>],
    /// tanh of equation 17, (steps).
    pub(super) gate: &'a [T::Vector<S>],
}

impl<'a, S: Simd, T: Real, const H: usize> Flow<'a, S, T, H> {
    #[inline(always)]
    pub(super) fn new(simd: S, layout: Layout, theta: &'a [T::Vector<S>]) -> Self {
        Self {
            simd,
            layout,
            weights: &theta[layout.weights()],
            w_eps: &theta[layout.w_eps()],
            biases: &theta[layout.biases()],
            kappa: Lane::splat(simd, T::from_f64(layout.kappa)),
        }
    }

    /// The width of the hidden state.
    #[inline(always)]
    fn hidden(&self) -> usize {
        if H == ANY_WIDTH { self.layout.hidden } else { H }
    }

    #[inline(always)]
    fn lane(&self, register: T::Vector<S>) -> Lane<S, T> {
        Lane::new(self.simd, register)
    }

    /// Rows `row .. row + N` of the matrix times `h`, added to `y`; the columns `from .. to` of it.
    #[inline(always)]
    fn product<const N: usize>(
        &self,
        row: usize,
        (from, to): (usize, usize),
        h: &[T::Vector<S>],
        mut y: [Lane<S, T>; N],
    ) -> [Lane<S, T>; N] {
        let weights = &self.weights[row * self.hidden()..(row + N) * self.hidden()];
        for k in from..to {
            let h = self.lane(h[k]);
            for n in 0..N {
                y[n] = self.lane(weights[n * self.hidden() + k]).mul_add(h, y[n]);
            }
        }
        y
    }

    /// `c + W h` for rows `row .. row + N`.
    #[inline(always)]
    fn affine<const N: usize>(&self, row: usize, h: &[T::Vector<S>]) -> [Lane<S, T>; N] {
        let mut y = [Lane::zero(self.simd); N];
        for n in 0..N {
            y[n] = self.lane(self.biases[row + n]);
        }
        self.product(row, (0, self.hidden()), h, y)
    }

    /// Runs steps forwards from the state in the first row of `h`.
    ///
    /// `noise` holds u and is left with ε; the rest is written as [`Trace`] has it.
    #[inline(always)]
    pub(super) fn sweep(
        &self,
        noise: &mut [T::Vector<S>],
        h: &mut [T::Vector<S>],
        scales: &mut [T::Vector<S>],
        gates: &mut [T::Vector<S>],
    ) {
        let hidden = self.hidden();
        for i in 0..noise.len() {
            let (before, after) = h[i * hidden..(i + 2) * hidden].split_at_mut(hidden);
            // b and α (16, 17) in two halves, because the step waits for them.
            let zero = Lane::zero(self.simd);
            let biases = [self.lane(self.biases[hidden]), self.lane(self.biases[hidden + 1])];
            let low = self.product::<2>(hidden, (0, hidden / 2), before, biases);
            let high = self.product::<2>(hidden, (hidden / 2, hidden), before, [zero; 2]);
            let (b, alpha) = (low[0] + high[0], low[1] + high[1]);
            let mut j = 0;
            while j + 4 <= hidden {
                let z = self.affine::<4>(j, before);
                for n in 0..4 {
                    after[j + n] = z[n].vector;
                }
                j += 4;
            }
            for j in j..hidden {
                after[j] = self.affine::<1>(j, before)[0].vector;
            }
            let gate = alpha.tanh(); // α = κ · gate (17)
            let scale = (-(self.kappa * gate)).exp_within_limit();
            let eps = (self.lane(noise[i]) - b) * scale; // (20)
            for j in 0..hidden {
                after[j] = self.lane(self.w_eps[j]).mul_add(eps, self.lane(after[j])).tanh().vector; // (18)
            }
            noise[i] = eps.vector;
            scales[i] = scale.vector;
            gates[i] = gate.vector;
        }
    }

    /// `Σ α` (17) of the steps with these gates.
    #[inline(always)]
    pub(super) fn log_scale(&self, gates: &[T::Vector<S>]) -> Lane<S, T> {
        let mut sum = Lane::zero(self.simd);
        for &gate in gates {
            sum += self.lane(gate);
        }
        self.kappa * sum
    }

    /// Runs the steps of a trace backwards.
    ///
    /// `adjoint` holds the cotangents of ε and is left with those of u; `h_bar` holds that of the state after the last
    /// step and is left with that of the state before the first; `weight` is the cotangent of `-Σ α`; `cotangents` is
    /// room for [`BLOCK`] rows of H + 2. Adds to `grads`, which is laid out like the parameters.
    #[inline(always)]
    pub(super) fn retrace(
        &self,
        trace: Trace<S, T>,
        weight: Lane<S, T>,
        adjoint: &mut [T::Vector<S>],
        h_bar: &mut [T::Vector<S>],
        cotangents: &mut [T::Vector<S>],
        grads: &mut [T::Vector<S>],
    ) {
        let (layout, hidden, rows) = (self.layout, self.hidden(), self.hidden() + 2);
        let h_bar = &mut h_bar[..hidden];
        let one = Lane::splat(self.simd, T::one());
        let steps = adjoint.len();
        for block in (0..steps.div_ceil(BLOCK)).rev() {
            let (first, last) = (block * BLOCK, ((block + 1) * BLOCK).min(steps));
            for i in (first..last).rev() {
                let after = &trace.h[(i + 1) * hidden..(i + 2) * hidden];
                let row = &mut cotangents[(i - first) * rows..(i - first + 1) * rows];
                let (eps, scale, gate) =
                    (self.lane(trace.noise[i]), self.lane(trace.scale[i]), self.lane(trace.gate[i]));
                // In two sums, because the step waits for them.
                let mut eps_bar = [self.lane(adjoint[i]), Lane::zero(self.simd)];
                for j in 0..hidden {
                    let h = self.lane(after[j]);
                    let z_bar = self.lane(h_bar[j]) * h.neg_mul_add(h, one);
                    row[j] = z_bar.vector;
                    eps_bar[j % 2] = self.lane(self.w_eps[j]).mul_add(z_bar, eps_bar[j % 2]);
                }
                let eps_bar = eps_bar[0] + eps_bar[1];
                let slope = self.kappa * (gate * gate - one);
                let u_bar = eps_bar * scale;
                adjoint[i] = u_bar.vector;
                row[hidden] = (-u_bar).vector;
                row[hidden + 1] = eps_bar.mul_add(slope * eps, slope * weight).vector;
                let mut k = 0;
                while k + 4 <= hidden {
                    self.transposed::<4>(k, row, h_bar);
                    k += 4;
                }
                for k in k..hidden {
                    self.transposed::<1>(k, row, h_bar);
                }
            }
            let cotangents = &cotangents[..(last - first) * rows];
            self.add_products(cotangents, &trace.h[first * hidden..last * hidden], &mut grads[layout.weights()]);
            let noise = &trace.noise[first..last];
            for j in 0..rows {
                let mut sums = [self.lane(grads[layout.biases().start + j]), Lane::zero(self.simd)];
                for (row, &eps) in cotangents.chunks_exact(rows).zip(noise) {
                    sums[0] += self.lane(row[j]);
                    sums[1] = self.lane(row[j]).mul_add(self.lane(eps), sums[1]);
                }
                grads[layout.biases().start + j] = sums[0].vector;
                if j < hidden {
                    let total = &mut grads[layout.w_eps().start + j];
                    *total = (self.lane(*total) + sums[1]).vector;
                }
            }
        }
    }

    /// Columns `k .. k + N` of the matrix times a row of cotangents.
    #[inline(always)]
    fn transposed<const N: usize>(&self, k: usize, row: &[T::Vector<S>], h_bar: &mut [T::Vector<S>]) {
        let mut sums = [Lane::zero(self.simd); N];
        for (weights, &row) in self.weights.chunks_exact(self.hidden()).zip(row) {
            let weights = &weights[k..k + N];
            for n in 0..N {
                sums[n] = self.lane(weights[n]).mul_add(self.lane(row), sums[n]);
            }
        }
        for n in 0..N {
            h_bar[k + n] = sums[n].vector;
        }
    }

    /// Adds the outer products of cotangents (steps, H + 2) and states (steps, H) to the matrix's gradient.
    #[inline(always)]
    fn add_products(&self, cotangents: &[T::Vector<S>], h: &[T::Vector<S>], grads: &mut [T::Vector<S>]) {
        let mut j = 0;
        while j + 2 <= self.hidden() + 2 {
            self.add_rows::<2>(j, cotangents, h, grads);
            j += 2;
        }
        if j < self.hidden() + 2 {
            self.add_rows::<1>(j, cotangents, h, grads);
        }
    }

    #[inline(always)]
    fn add_rows<const R: usize>(
        &self,
        j: usize,
        cotangents: &[T::Vector<S>],
        h: &[T::Vector<S>],
        grads: &mut [T::Vector<S>],
    ) {
        let mut k = 0;
        while k + 4 <= self.hidden() {
            self.add_tile::<R, 4>(j, k, cotangents, h, grads);
            k += 4;
        }
        for k in k..self.hidden() {
            self.add_tile::<R, 1>(j, k, cotangents, h, grads);
        }
    }

    /// One tile of the gradient, which stays in registers over all steps.
    #[inline(always)]
    fn add_tile<const R: usize, const C: usize>(
        &self,
        j: usize,
        k: usize,
        cotangents: &[T::Vector<S>],
        h: &[T::Vector<S>],
        grads: &mut [T::Vector<S>],
    ) {
        let (hidden, rows) = (self.hidden(), self.hidden() + 2);
        let mut tile = [[Lane::zero(self.simd); C]; R];
        for r in 0..R {
            for c in 0..C {
                tile[r][c] = self.lane(grads[(j + r) * hidden + k + c]);
            }
        }
        for (row, h) in cotangents.chunks_exact(rows).zip(h.chunks_exact(hidden)) {
            let (row, h) = (&row[j..j + R], &h[k..k + C]);
            for r in 0..R {
                for c in 0..C {
                    tile[r][c] = self.lane(row[r]).mul_add(self.lane(h[c]), tile[r][c]);
                }
            }
        }
        for r in 0..R {
            for c in 0..C {
                grads[(j + r) * hidden + k + c] = tile[r][c].vector;
            }
        }
    }
}
