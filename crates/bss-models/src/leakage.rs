//! How far a recording leaves the demixing open: what of each source may still be left in the others.
//!
//! Let source j take in a share Δ_jk of source k. Around a fit of R samples the log-likelihood of a square mixture then
//! falls by
//!
//! ```text
//! R/2 Σ_{j≠k} (V_jk Δ_jk² + Δ_jk Δ_kj),   V_jk = -1/R ∂²/∂δ² log p(s_j + δ s_k)
//! ```
//!
//! where the second term is that of log|det(I + Δ)| and all others vanish in the mean, because the sources are
//! independent. Laplace's approximation therefore gives each pair (Δ_jk, Δ_kj) a Gaussian posterior of its own, of
//! precision `R [[V_jk, 1], [1, V_kj]]`. A prior N(0, 1) on each share keeps it proper where nothing tells two sources
//! apart, as two white Gaussian ones.
//!
//! Noise of the sensors moves that posterior off zero. The demixing turns it into noise of the sources, of covariance C,
//! and a fit that knows of no noise gives up some separation to have less of it. To first order the likelihood has the
//! slope `-R C_jk N_j` along Δ_jk, with N_j its curvature along white noise. It is held by the curvature along the source
//! without its noise, `W_jk = (V_jk - C_kk N_j) / (1 - C_kk)`, and so Δ is off zero by
//!
//! ```text
//! [[W_jk, 1], [1, W_kj]] (Δ_jk, Δ_kj) = -C_jk (N_j, N_k)
//! ```

use ndarray::Array2;

use crate::Curvature;

/// At least this much of V_jk is taken for W_jk, which is a difference of two estimates.
const LEAST_CLEAN: f64 = 0.1;

/// The posterior mean square of each share: entry (j, k) is that of what source j, of unit variance, has taken in of
/// source k, of unit variance. The diagonal is zero.
///
/// # Shapes
/// `noise` = C (sources, sources), of sources of unit variance -> (sources, sources).
#[must_use]
pub fn leakage(curvature: &Curvature, noise: &Array2<f64>) -> Array2<f64> {
    let samples = curvature.samples as f64;
    let held = |j: usize, k: usize| curvature.shares[(j, k)].max(0.0);
    let held_clean = |j: usize, k: usize| {
        let of_noise = noise[(k, k)].min(0.9);
        ((held(j, k) - of_noise * curvature.noise[j]) / (1.0 - of_noise)).max(LEAST_CLEAN * held(j, k))
    };
    let open = |j: usize, k: usize| {
        let variance = solve([held(j, k) + 1.0, samples, held(k, j) + 1.0], [1.0, 0.0]);
        let slopes = [curvature.noise[j], curvature.noise[k]].map(|n| noise[(j, k)] * n);
        let drawn = solve([held_clean(j, k) + 1.0, samples, held_clean(k, j) + 1.0], slopes);
        let square = variance + drawn * drawn;
        if square.is_finite() { square.min(1.0) } else { 1.0 }
    };
    Array2::from_shape_fn(curvature.shares.dim(), |(j, k)| if j == k { 0.0 } else { open(j, k) })
}

/// The first unknown of `[[a, b], [b, c]] (u, v) = right`. A pair that its curvature does not hold apart is as open as the
/// prior leaves it.
fn solve([a, b, c]: [f64; 3], right: [f64; 2]) -> f64 {
    (c * right[0] - b * right[1]) / (a * c - b * b).max(a.max(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn curvature(samples: usize, shares: Array2<f64>, noise: [f64; 2]) -> Curvature {
        let scale = samples as f64;
        Curvature { samples, shares: shares * scale, noise: noise.iter().map(|n| n * scale).collect() }
    }

    #[test]
    fn white_gaussian_sources_are_left_open() {
        let open = leakage(&curvature(400, array![[0.0, 1.0], [1.0, 0.0]], [1.0, 1.0]), &Array2::zeros((2, 2)));
        assert!(open[(0, 1)] > 0.4 && open[(0, 1)] <= 1.0, "{open}");
        assert_eq!((open[(0, 0)], open[(1, 1)]), (0.0, 0.0));
    }

    /// For `V = [[., 4], [1, .]]` and R large the inverse of `R [[4, 1], [1, 1]]` is `[[1, -1], [-1, 4]] / 3R`.
    #[test]
    fn the_variances_are_the_inverse_of_each_pair_s_curvature() {
        let shares = array![[0.0, 4.0], [1.0, 0.0]];
        let found = leakage(&curvature(1_000_000, shares, [1.0, 1.0]), &Array2::zeros((2, 2))) * 1e6;
        assert!((found[(0, 1)] - 1.0 / 3.0).abs() < 2e-3 && (found[(1, 0)] - 4.0 / 3.0).abs() < 6e-3, "{found}");
    }

    /// V = (3.2, 1.5), C = ((0.5, 0.01), (0.01, 0.4)) and N = (5, 2) make W = ((3.2 - 0.4 5) / 0.6, (1.5 - 0.5 2) / 0.5) =
    /// (2, 1), and Δ = -0.01 [[1, -1], [-1, 2]] (5, 2) = (-0.03, 0.01).
    #[test]
    fn correlated_noise_draws_sources_into_each_other() {
        let (shares, noise) = (array![[0.0, 3.2], [1.5, 0.0]], array![[0.5, 0.01], [0.01, 0.4]]);
        let found = leakage(&curvature(1_000_000_000, shares, [5.0, 2.0]), &noise).mapv(f64::sqrt);
        assert!((found[(0, 1)] - 0.03).abs() < 1e-5 && (found[(1, 0)] - 0.01).abs() < 1e-5, "{found}");
    }
}
