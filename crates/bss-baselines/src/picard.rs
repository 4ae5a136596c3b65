//! Picard-O: independent components by maximum likelihood, with preconditioned L-BFGS over rotations (Ablin, Cardoso
//! and Gramfort 2018, ICASSP, arXiv:1711.10873).

mod memory;
mod state;

use ndarray::{Array2, ArrayView2};

use crate::decorrelation::{decorrelated, random_rotation};
use crate::{Course, Demix, Result, Rotation};
use memory::Memory;
use state::{Likelihood, State};

/// The least curvature that a direction is given.
const LEAST_CURVATURE: f64 = 0.01;

/// A step that does not help is halved so many times.
const HALVINGS: usize = 10;

/// Picard with orthogonal constraint and both kinds of sources. It minimises, over rotations W with y = W z,
///
/// ```text
/// L(W) = Σ_i σ_i E[log cosh y_i],   σ_i = sign(E[tanh′ y_i] E[y_i²] - E[y_i tanh y_i])
/// ```
///
/// where σ_i is 1 for sources with heavier tails than Gaussian and -1 for those with lighter ones. Steps are
/// W ← exp(α D) W with D skew-symmetric: L-BFGS's direction from the relative gradient and an approximate Hessian that
/// is diagonal over the planes of rotation,
///
/// ```text
/// G = ½ (Ψ - Ψᵀ),  Ψ_ij = σ_i E[tanh(y_i) y_j],   H_ij = ½ (κ_i + κ_j),  κ_i = σ_i E[tanh′ y_i] - Ψ_ii
/// ```
///
/// It stops when `max_ij |G_ij|` is at most the tolerance. Its fixed points are those of FastICA with log cosh; it gets
/// there in fewer iterations, on real data too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picard {
    /// On the largest entry of the relative gradient.
    pub tolerance: f64,
    /// The most iterations.
    pub iterations: usize,
    /// Pairs of steps and gradients that L-BFGS remembers.
    pub memory: usize,
    /// Of the start, a random rotation.
    pub seed: u64,
}

impl Default for Picard {
    fn default() -> Self {
        Self { tolerance: 1e-7, iterations: 500, memory: 7, seed: 0 }
    }
}

impl Demix for Picard {
    fn rotation(&self, z: ArrayView2<f64>) -> Result<Rotation> {
        let mut state = State::new(z, random_rotation(self.seed, z.ncols()));
        let mut memory = Memory::new(self.memory);
        let mut before: Option<(Array2<f64>, Likelihood)> = None; // the last step, and the likelihood it began at
        let course = Course::run(self.iterations, self.tolerance, |_| {
            let now = state.likelihood();
            if let Some((step, before)) = before.take() {
                if before.signs == now.signs {
                    memory.push(step, &now.gradient - &before.gradient);
                } else {
                    memory.clear(); // it is another function now
                }
            }
            let change = now.gradient.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
            if change > self.tolerance {
                let direction = memory.direction(&now.gradient, &now.curvature);
                let step = state.search(&now, &direction, HALVINGS).unwrap_or_else(|| {
                    memory.clear();
                    // Downhill for certain; where rounding hides even that, the shortest step does no harm.
                    let downhill = -&now.gradient;
                    state.search(&now, &downhill, HALVINGS).unwrap_or_else(|| state.turn(&downhill, HALVINGS))
                });
                before = Some((step, now));
            }
            change
        });
        Ok(Rotation { matrix: decorrelated(&state.rotation).reversed_axes(), course })
    }
}
