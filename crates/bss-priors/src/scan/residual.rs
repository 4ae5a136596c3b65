//! The autoregression around the flow (AR-Flow VAE, equations 12-14) over a stretch of steps, and its adjoint.
//!
//! Rows of `s` start p steps before the stretch: row `i + p` is step `i` of it.

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::fold::Fold;
use super::layout::Layout;

/// The autoregression's parameters for one group of chains.
pub(super) struct Residual<'a, S: Simd, T: Real, const FOLDED: bool> {
    fold: Fold<S, FOLDED>,
    order: usize,
    /// Rows (order).
    a: &'a [T],
    /// 1/σ.
    precision: Lane<S, T>,
    /// 1/σ₀.
    precision0: Lane<S, T>,
}

impl<'a, S: Simd, T: Real, const FOLDED: bool> Residual<'a, S, T, FOLDED> {
    #[inline(always)]
    pub(super) fn new(fold: Fold<S, FOLDED>, layout: Layout, theta: &'a [T]) -> Self {
        let chains = fold.chains::<T>();
        Self {
            fold,
            order: layout.order,
            a: &theta[layout.a().start * chains..layout.a().end * chains],
            precision: (-fold.row(theta, layout.log_sigma())).exp(),
            precision0: (-fold.row(theta, layout.log_sigma0())).exp(),
        }
    }

    /// `s_r / σ₀`, the noise of one of the first p entries (12); or the cotangent of such an entry from its noise's.
    #[inline(always)]
    pub(super) fn initial(&self, s: Lane<S, T>) -> Lane<S, T> {
        s * self.precision0
    }

    /// `s_r - Σ a_k s_{r-k}` for the step whose own row of `s` is row `i + p`.
    #[inline(always)]
    fn innovation(&self, s: &[T], i: usize) -> Lane<S, T> {
        let mut sum = self.fold.row(s, i + self.order);
        for k in 1..=self.order {
            sum = self.fold.row(self.a, k - 1).neg_mul_add(self.fold.row(s, i + self.order - k), sum);
        }
        sum
    }

    /// Writes u_r (14) for all steps of a stretch.
    #[inline(always)]
    pub(super) fn sweep(&self, s: &[T], u: &mut [T]) {
        for i in 0..u.len() / self.fold.chains::<T>() {
            self.fold.set_row(u, i, self.innovation(s, i) * self.precision);
        }
    }

    /// From the cotangents of u: adds to those of `s`, of a and of log σ.
    ///
    /// `weight` is the cotangent of each step's `-log σ`.
    #[inline(always)]
    pub(super) fn retrace(
        &self,
        layout: Layout,
        s: &[T],
        u_bar: &[T],
        weight: Lane<S, T>,
        s_bar: &mut [T],
        grads: &mut [T],
    ) {
        let (fold, order, a) = (self.fold, self.order, layout.a().start);
        let mut log_sigma = fold.row(grads, layout.log_sigma());
        for i in 0..u_bar.len() / fold.chains::<T>() {
            // ∂u/∂s_r = 1/σ, ∂u/∂s_{r-k} = -a_k/σ, ∂u/∂log σ = -u.
            let bar = fold.row(u_bar, i) * self.precision;
            fold.set_row(s_bar, i + order, fold.row(s_bar, i + order) + bar);
            for k in 1..=order {
                let past = i + order - k;
                fold.set_row(s_bar, past, fold.row(self.a, k - 1).neg_mul_add(bar, fold.row(s_bar, past)));
                fold.set_row(grads, a + k - 1, bar.neg_mul_add(fold.row(s, past), fold.row(grads, a + k - 1)));
            }
            log_sigma = log_sigma - bar.mul_add(self.innovation(s, i), weight);
        }
        fold.set_row(grads, layout.log_sigma(), log_sigma);
    }
}
