//! One group of chains, a chain in each vector lane, and what can be asked of it.
//!
//! Lanes never mix: the result of a chain depends neither on its neighbours nor on the number of threads.

use std::ops::Range;

use bss_nn::Real;
use pulp::{Simd, WithSimd};

use super::chains::Chains;
use super::flow::ANY_WIDTH;
use super::fold::Fold;
use super::layout::Layout;
use super::pass::Pass;
use super::registers::registers;

/// One group of chains to be scored.
pub(crate) struct Group<'a, T: Real> {
    pub(crate) layout: Layout,
    pub(crate) chains: Chains,
    /// The chains of this group, at most as many as there are lanes.
    pub(crate) which: Range<usize>,
    /// All parameters, (restarts, sources, layout.len()).
    pub(crate) theta: &'a [T],
    /// All trajectories, (restarts, steps, sources).
    pub(crate) s: &'a [T],
    pub(crate) task: Task<'a, T>,
    /// Whether registers are shared out between few chains and several hidden units.
    pub(crate) folded: bool,
}

/// What to compute.
#[derive(Clone, Copy)]
pub(crate) enum Task<'a, T: Real> {
    /// The log-density, perhaps with its gradients.
    Density { gradient: bool },
    /// The noise ε and the log-determinant of its Jacobian.
    Noise,
    /// The gradients of `Σ_r noise_r ε_r + log_det · log|det ∂ε/∂s|` for the cotangents (restarts, steps + 1, sources):
    /// those of the noise, then that of the log-determinant.
    NoiseGradient(&'a [T]),
}

/// What a group gives; what was not asked for stays empty.
pub(crate) struct Scored<T> {
    pub(crate) which: Range<usize>,
    /// The log-density, or the log-determinant for [`Task::Noise`], (chains).
    pub(crate) value: Vec<f64>,
    /// ε, (steps, chains).
    pub(crate) noise: Vec<T>,
    /// The gradient with respect to `s`, (steps, chains).
    pub(crate) s: Vec<T>,
    /// The gradient with respect to `theta`, (layout.len(), chains).
    pub(crate) theta: Vec<f64>,
}

impl<T: Real> Group<'_, T> {
    pub(super) fn wants_gradient(&self) -> bool {
        matches!(self.task, Task::Density { gradient: true } | Task::NoiseGradient(_))
    }

    pub(super) fn scores_density(&self) -> bool {
        matches!(self.task, Task::Density { .. })
    }

    /// The trajectories of the group's cotangents, packed with that of the log-determinant as a last step.
    pub(super) fn packed(&self) -> Chains {
        Chains { steps: self.chains.steps + 1, ..self.chains }
    }

    #[inline(always)]
    fn score<S: Simd, const H: usize, const FOLDED: bool>(&self, simd: S) -> Scored<T> {
        let fold = Fold::<S, FOLDED>(simd);
        let (chains, len) = (fold.chains::<T>(), self.layout.len());
        let mut theta = registers(len * chains);
        let rows = Chains { restarts: self.chains.count(), steps: len, sources: 1 };
        rows.gather(self.theta, self.which.clone(), 0..len, chains, &mut theta);
        let mut pass = Pass::<S, T, H, FOLDED>::new(fold, self, &theta);
        let segments = pass.segments();
        if self.wants_gradient() {
            pass.gradient(&segments);
        } else {
            pass.value(&segments);
        }
        pass.finish()
    }
}

impl<T: Real> WithSimd for Group<'_, T> {
    type Output = Scored<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Scored<T> {
        // Widths are spelt out for what fits use: single precision on processors with vectors.
        if const { size_of::<T>() == 4 && S::F32_LANES > 4 } {
            match (self.layout.hidden, self.folded) {
                (2, _) => return self.score::<S, 2, false>(simd),
                (8, false) => return self.score::<S, 8, false>(simd),
                (8, true) => return self.score::<S, 8, true>(simd),
                (16, false) => return self.score::<S, 16, false>(simd),
                (16, true) => return self.score::<S, 16, true>(simd),
                _ => {}
            }
        }
        if const { S::F32_LANES > 4 } && self.folded {
            return self.score::<S, ANY_WIDTH, true>(simd);
        }
        match self.layout.hidden {
            0 => self.score::<S, 0, false>(simd),
            _ => self.score::<S, ANY_WIDTH, false>(simd),
        }
    }
}
