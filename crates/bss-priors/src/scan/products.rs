//! The gradient of the flow's parameters: sums over steps of products of cotangents, states and noise.

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::flow::ANY_WIDTH;
use super::fold::Fold;
use super::layout::Layout;
use super::retrace::cotangent_rows;

/// Adds what the steps of a block give to the gradients `grads`, which are laid out like the parameters.
///
/// `cotangents` are those of the sums in equations 16-18, (steps, `cotangent_rows`); `h` the states before the steps,
/// (steps, H); `noise` is ε, (steps).
#[inline(always)]
pub(super) fn add_products<S: Simd, T: Real, const H: usize, const FOLDED: bool>(
    fold: Fold<S, FOLDED>,
    layout: Layout,
    cotangents: &[T],
    h: &[T],
    noise: &[T],
    grads: &mut [T],
) {
    let block = Block { fold, hidden: if H == ANY_WIDTH { layout.hidden } else { H }, layout, cotangents, h, noise };
    let slots = fold.slots::<T>();
    if block.hidden == 2 * slots {
        block.add_rows::<5, 2>(grads);
    } else {
        block.add_rows::<2, 4>(grads);
    }
    let mut j = 0;
    while j < block.hidden {
        block.add_biases(j, grads);
        j += slots;
    }
    for j in block.hidden..block.hidden + 2 {
        block.add_bias(j, grads);
    }
}

/// A block of steps.
struct Block<'a, S: Simd, T, const FOLDED: bool> {
    fold: Fold<S, FOLDED>,
    hidden: usize,
    layout: Layout,
    cotangents: &'a [T],
    h: &'a [T],
    noise: &'a [T],
}

impl<S: Simd, T: Real, const FOLDED: bool> Block<'_, S, T, FOLDED> {
    #[inline(always)]
    fn steps(&self) -> usize {
        self.noise.len() / self.fold.chains::<T>()
    }

    /// The matrix's gradient, in tiles of `R` rows and `C` registers of columns.
    #[inline(always)]
    fn add_rows<const R: usize, const C: usize>(&self, grads: &mut [T]) {
        let rows = self.hidden + 2;
        let mut j = 0;
        while j + R <= rows {
            self.add_columns::<R, C>(j, grads);
            j += R;
        }
        while j < rows {
            self.add_columns::<1, C>(j, grads);
            j += 1;
        }
    }

    #[inline(always)]
    fn add_columns<const R: usize, const C: usize>(&self, j: usize, grads: &mut [T]) {
        let slots = self.fold.slots::<T>();
        let mut k = 0;
        while k + C * slots <= self.hidden {
            self.add_tile::<R, C>(j, k, grads);
            k += C * slots;
        }
        while k < self.hidden {
            self.add_tile::<R, 1>(j, k, grads);
            k += slots;
        }
    }

    /// One tile, which stays in registers over all steps.
    #[inline(always)]
    fn add_tile<const R: usize, const C: usize>(&self, j: usize, k: usize, grads: &mut [T]) {
        let (fold, slots, chains) = (self.fold, self.fold.slots::<T>(), self.fold.chains::<T>());
        let (width, stride) = (self.hidden * chains, cotangent_rows(self.layout) * chains);
        let mut tile = [[Lane::zero(fold.0); C]; R];
        for r in 0..R {
            for c in 0..C {
                tile[r][c] = fold.rows(grads, (j + r) * self.hidden + k + c * slots);
            }
        }
        for i in 0..self.steps() {
            let row = &self.cotangents[i * stride + j * chains..][..R * chains];
            let h = &self.h[i * width + k * chains..][..C * slots * chains];
            for r in 0..R {
                let bar = fold.row(row, r);
                for c in 0..C {
                    tile[r][c] = bar.mul_add(fold.rows(h, c * slots), tile[r][c]);
                }
            }
        }
        for r in 0..R {
            for c in 0..C {
                fold.set_rows(grads, (j + r) * self.hidden + k + c * slots, tile[r][c]);
            }
        }
    }

    /// The gradients of c⁽ᵋ⁾ and W⁽ᵋ⁾ of a register of units from `j` on.
    #[inline(always)]
    fn add_biases(&self, j: usize, grads: &mut [T]) {
        let (fold, stride) = (self.fold, cotangent_rows(self.layout));
        let (bias, w_eps) = (self.layout.biases().start + j, self.layout.w_eps().start + j);
        let mut sums = [fold.rows(grads, bias), fold.rows(grads, w_eps)];
        for i in 0..self.steps() {
            let bar = fold.rows(self.cotangents, i * stride + j);
            sums[0] += bar;
            sums[1] = bar.mul_add(fold.row(self.noise, i), sums[1]);
        }
        fold.set_rows(grads, bias, sums[0]);
        fold.set_rows(grads, w_eps, sums[1]);
    }

    /// The gradient of c⁽ᵇ⁾ or c⁽ᵅ⁾, the bias of row `j`.
    #[inline(always)]
    fn add_bias(&self, j: usize, grads: &mut [T]) {
        let (fold, stride) = (self.fold, cotangent_rows(self.layout));
        let bias = self.layout.biases().start + j;
        let mut sum = fold.row(grads, bias);
        for i in 0..self.steps() {
            sum += fold.row(self.cotangents, i * stride + j);
        }
        fold.set_row(grads, bias, sum);
    }
}
