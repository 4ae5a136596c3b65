//! The autoregression around the flow (AR-Flow VAE, equations 12-14) over a stretch of steps, and its adjoint.
//!
//! Rows of `s` start p steps before the stretch: row `i + p` is step `i` of it.

use bss_nn::{Lane, Real};
use pulp::Simd;

use super::layout::Layout;

/// The autoregression's parameters, each a register of chains.
pub(super) struct Residual<'a, S: Simd, T: Real> {
    simd: S,
    a: &'a [T::Vector<S>],
    /// 1/σ.
    precision: Lane<S, T>,
    /// 1/σ₀.
    precision0: Lane<S, T>,
}

impl<'a, S: Simd, T: Real> Residual<'a, S, T> {
    #[inline(always)]
    pub(super) fn new(simd: S, layout: Layout, theta: &'a [T::Vector<S>]) -> Self {
        let at = |i: usize| Lane::<S, T>::new(simd, theta[i]);
        Self {
            simd,
            a: &theta[layout.a()],
            precision: (-at(layout.log_sigma())).exp(),
            precision0: (-at(layout.log_sigma0())).exp(),
        }
    }

    #[inline(always)]
    fn lane(&self, register: T::Vector<S>) -> Lane<S, T> {
        Lane::new(self.simd, register)
    }

    /// `s_r / σ₀`, the noise of one of the first p entries (12); or the cotangent of such an entry from its noise's.
    #[inline(always)]
    pub(super) fn initial(&self, s: T::Vector<S>) -> Lane<S, T> {
        self.lane(s) * self.precision0
    }

    /// `s_r - Σ a_k s_{r-k}` for the step whose own row of `s` is the last of `rows`.
    #[inline(always)]
    fn innovation(&self, rows: &[T::Vector<S>]) -> Lane<S, T> {
        let order = self.a.len();
        let mut sum = self.lane(rows[order]);
        for k in 1..=order {
            sum = self.lane(self.a[k - 1]).neg_mul_add(self.lane(rows[order - k]), sum);
        }
        sum
    }

    /// Writes u_r (14) for all steps of a stretch.
    #[inline(always)]
    pub(super) fn sweep(&self, s: &[T::Vector<S>], u: &mut [T::Vector<S>]) {
        for (u, rows) in u.iter_mut().zip(s.windows(self.a.len() + 1)) {
            *u = (self.innovation(rows) * self.precision).vector;
        }
    }

    /// From the cotangents of u: adds to those of `s`, of a and of log σ.
    ///
    /// `weight` is the cotangent of each step's `-log σ`.
    #[inline(always)]
    pub(super) fn retrace(
        &self,
        layout: Layout,
        s: &[T::Vector<S>],
        u_bar: &[T::Vector<S>],
        weight: Lane<S, T>,
        s_bar: &mut [T::Vector<S>],
        grads: &mut [T::Vector<S>],
    ) {
        let order = self.a.len();
        let mut log_sigma = self.lane(grads[layout.log_sigma()]);
        for (i, &u_bar) in u_bar.iter().enumerate() {
            // ∂u/∂s_r = 1/σ, ∂u/∂s_{r-k} = -a_k/σ, ∂u/∂log σ = -u.
            let (s, s_bar) = (&s[i..=i + order], &mut s_bar[i..=i + order]);
            let bar = self.lane(u_bar) * self.precision;
            s_bar[order] = (self.lane(s_bar[order]) + bar).vector;
            for k in 1..=order {
                s_bar[order - k] = self.lane(self.a[k - 1]).neg_mul_add(bar, self.lane(s_bar[order - k])).vector;
                grads[k - 1] = bar.neg_mul_add(self.lane(s[order - k]), self.lane(grads[k - 1])).vector;
            }
            log_sigma = log_sigma - bar.mul_add(self.innovation(s), weight);
        }
        grads[layout.log_sigma()] = log_sigma.vector;
    }
}
