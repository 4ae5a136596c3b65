//! How sharply a fitted prior tells a source from the same source with something added.

use bss_nn::{Noise, Purpose};
use bss_priors::Prior;
use candle_core::{DType, Device, Tensor, Var};
use ndarray::{Array1, Array2, Axis};

use crate::Result;

/// The step of the difference of slopes, as a share of a source's standard deviation: large against the rounding of single
/// precision. Added noise of that size exceeds the innovations of very smooth sources, whose curvature along it is then
/// that of the base's flanks.
const STEP: f64 = 0.02;

/// `-∂²/∂δ² log p(s_j + δ u)` at δ = 0 of each source j, summed over samples, for signals u of unit variance.
#[derive(Clone, Debug, PartialEq)]
pub struct Curvature {
    /// R, the number of samples.
    pub samples: usize,
    /// For u = s_k, (sources, sources); the diagonal is zero.
    pub shares: Array2<f64>,
    /// For u white noise, (sources).
    pub noise: Array1<f64>,
}

impl Curvature {
    /// Of sources (samples, sources) of any scale, in the model's own order, under the prior's first restart. Derivatives
    /// are taken for sources of unit variance.
    ///
    /// # Errors
    /// As candle's.
    pub fn new(prior: &dyn Prior, sources: &Array2<f64>, dtype: DType, device: &Device) -> Result<Self> {
        let (samples, n) = sources.dim();
        let mean = sources.mean_axis(Axis(0)).unwrap_or_default();
        let unit = |v: f64| if v > 0.0 { v } else { 1.0 };
        let deviation = sources.std_axis(Axis(0), 0.0).mapv(unit);
        let standard = (sources - &mean) / &deviation;
        // The slope of log p of every source j along column j of `u`, with `step` of that column added.
        let slopes = |u: &Array2<f64>, step: f64| -> Result<Array1<f64>> {
            let moved = (sources + u * step).into_iter().collect::<Vec<f64>>();
            let moved = Tensor::from_vec(moved, (1, samples, n), &Device::Cpu)?;
            let moved = Var::from_tensor(&moved.to_dtype(dtype)?.to_device(device)?)?;
            let grads = prior.log_prob(moved.as_tensor())?.sum_all()?.backward()?;
            let Some(grad) = grads.get(&moved) else { return Ok(Array1::zeros(n)) };
            let grad: Vec<f64> = grad.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
            Ok((0..n).map(|j| (0..samples).map(|r| grad[r * n + j] * u[(r, j)]).sum()).collect())
        };
        let along = |u: &Array2<f64>| -> Result<Array1<f64>> {
            let u = u * &deviation;
            Ok((slopes(&u, -STEP)? - slopes(&u, STEP)?) / (2.0 * STEP))
        };
        let mut shares = Array2::zeros((n, n));
        for turn in 1..n {
            let others: Vec<usize> = (0..n).map(|j| (j + turn) % n).collect();
            let curvature = along(&standard.select(Axis(1), &others))?;
            (0..n).for_each(|j| shares[(j, others[j])] = curvature[j]);
        }
        // Any draw serves; over some hundred samples they hardly differ.
        let white: Vec<f64> = Noise::new(0).normal(Purpose::Sample, 0, 0, samples * n);
        let white = Array2::from_shape_fn((samples, n), |(r, j)| white[r * n + j]);
        let level = white.mapv(|v| v * v).mean_axis(Axis(0)).unwrap_or_default().mapv(|v| unit(v.sqrt()));
        let noise = along(&(white / &level))?;
        Ok(Self { samples, shares, noise })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bss_priors::StandardGaussian;

    /// `-∂²/∂δ² Σ (s + δ u)²/2 = Σ u²`, for sources of any scale after scaling by their own.
    #[test]
    fn a_white_gaussian_prior_curves_by_the_variance_times_the_samples() -> Result<()> {
        let sources =
            Array2::from_shape_fn((400, 2), |(r, j)| 2.0 * (0.7 * (r * (j + 1)) as f64 + (r * r) as f64).sin());
        let found = Curvature::new(&StandardGaussian, &sources, DType::F64, &Device::Cpu)?;
        let variance = sources.var_axis(Axis(0), 0.0);
        for j in 0..2 {
            assert!((found.shares[(j, 1 - j)] / (400.0 * variance[j]) - 1.0).abs() < 1e-9, "{found:?}");
            assert!((found.noise[j] / (400.0 * variance[j]) - 1.0).abs() < 1e-9, "{found:?}");
            assert_eq!(found.shares[(j, j)], 0.0);
        }
        Ok(())
    }
}
