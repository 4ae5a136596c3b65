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

use bss_priors::Prior;
use candle_core::{DType, Device, Tensor, Var};
use ndarray::{Array2, Axis};

use crate::Result;

/// The step of the difference of slopes, as a share of a source's standard deviation: small against the innovations of
/// smooth sources, and large against the rounding of single precision.
const STEP: f64 = 0.02;

/// The posterior variance of each share: entry (j, k) is that of what source j, of unit variance, has taken in of
/// source k, of unit variance. The diagonal is zero.
///
/// # Shapes
/// `sources` (samples, sources), in the model's own order and scale, of the first restart -> (sources, sources).
///
/// # Errors
/// As candle's.
pub fn leakage(prior: &dyn Prior, sources: &Array2<f64>, dtype: DType, device: &Device) -> Result<Array2<f64>> {
    let (samples, n) = sources.dim();
    let mean = sources.mean_axis(Axis(0)).unwrap_or_default();
    let deviation = sources.std_axis(Axis(0), 0.0).mapv(|v| if v > 0.0 { v } else { 1.0 });
    let unit = (sources - &mean) / &deviation;
    // The slope of log p of every source j along source j + turn, with `step` of that source added.
    let slopes = |turn: usize, step: f64| -> Result<Vec<f64>> {
        let other = |r: usize, j: usize| deviation[j] * unit[(r, (j + turn) % n)];
        let moved = (0..samples * n).map(|i| sources[(i / n, i % n)] + step * other(i / n, i % n));
        let moved = Tensor::from_vec(moved.collect::<Vec<f64>>(), (1, samples, n), &Device::Cpu)?;
        let moved = Var::from_tensor(&moved.to_dtype(dtype)?.to_device(device)?)?;
        let grads = prior.log_prob(moved.as_tensor())?.sum_all()?.backward()?;
        let Some(grad) = grads.get(&moved) else { return Ok(vec![0.0; n]) };
        let grad: Vec<f64> = grad.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        Ok((0..n).map(|j| (0..samples).map(|r| grad[r * n + j] * other(r, j)).sum()).collect())
    };
    let mut curvature = Array2::<f64>::zeros((n, n));
    for turn in 1..n {
        let (up, down) = (slopes(turn, STEP)?, slopes(turn, -STEP)?);
        for j in 0..n {
            curvature[(j, (j + turn) % n)] = (down[j] - up[j]) / (2.0 * STEP);
        }
    }
    Ok(variances(&curvature, samples as f64))
}

/// The variance of each share from the curvatures R V: the inverse, pair by pair, of `[[R V_jk, R], [R, R V_kj]] + I`.
fn variances(curvature: &Array2<f64>, samples: f64) -> Array2<f64> {
    Array2::from_shape_fn(curvature.dim(), |(j, k)| {
        if j == k {
            return 0.0;
        }
        let (here, there) = (curvature[(j, k)].max(0.0) + 1.0, curvature[(k, j)].max(0.0) + 1.0);
        // A pair that the curvature does not hold apart is as open as the prior leaves it.
        let determinant = (here * there - samples * samples).max(here.max(there));
        let variance = there / determinant;
        if variance.is_finite() { variance.min(1.0) } else { 1.0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bss_priors::StandardGaussian;
    use ndarray::array;

    #[test]
    fn white_gaussian_sources_are_open_and_others_are_held_by_their_curvature() -> Result<()> {
        let sources = Array2::from_shape_fn((400, 2), |(r, j)| (0.7 * (r * (j + 1)) as f64 + (r * r) as f64).sin());
        let open = leakage(&StandardGaussian, &sources, DType::F64, &Device::Cpu)?;
        assert!(open[(0, 1)] > 0.4 && open[(0, 1)] <= 1.0, "{open}");
        assert_eq!((open[(0, 0)], open[(1, 1)]), (0.0, 0.0));
        Ok(())
    }

    /// For `V = [[., 4], [1, .]]` and R large the inverse of `R [[4, 1], [1, 1]]` is `[[1, -1], [-1, 4]] / 3R`.
    #[test]
    fn the_variances_are_the_inverse_of_each_pair_s_curvature() {
        let samples = 1e6;
        let found = variances(&(array![[0.0, 4.0], [1.0, 0.0]] * samples), samples) * samples;
        assert!((found[(0, 1)] - 1.0 / 3.0).abs() < 2e-3 && (found[(1, 0)] - 4.0 / 3.0).abs() < 6e-3, "{found}");
    }
}
