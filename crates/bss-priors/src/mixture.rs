//! Drawing from the mixture base: Gaussian noise carried to a mixture of Gaussians.

use candle_core::{DType, Device, Result, Tensor};

/// Maps `eps` ~ N(0, 1) to draws of each source's mixture; the first `keep` steps stay Gaussian.
///
/// # Shapes
/// eps (restarts, steps, sources); logits, means, `log_scales` (restarts, sources, components) -> as eps.
pub(crate) fn transport(
    eps: &Tensor,
    logits: &Tensor,
    means: &Tensor,
    log_scales: &Tensor,
    keep: usize,
) -> Result<Tensor> {
    let host = |t: &Tensor| t.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec3::<f64>();
    let (mut values, logits, means, log_scales) = (host(eps)?, host(logits)?, host(means)?, host(log_scales)?);
    for (k, rows) in values.iter_mut().enumerate() {
        for row in rows.iter_mut().skip(keep) {
            for (j, x) in row.iter_mut().enumerate() {
                let weights: Vec<f64> = logits[k][j].iter().map(|l| l.exp()).collect();
                let total: f64 = weights.iter().sum();
                let mixture: Vec<_> = weights
                    .iter()
                    .zip(&means[k][j])
                    .zip(&log_scales[k][j])
                    .map(|((w, &mean), scale)| (w / total, mean, scale.exp()))
                    .collect();
                *x = quantile(&mixture, *x);
            }
        }
    }
    let flat: Vec<f64> = values.into_iter().flatten().flatten().collect();
    Tensor::from_vec(flat, eps.dims(), &Device::Cpu)?.to_dtype(eps.dtype())?.to_device(eps.device())
}

/// The point below which the mixture holds as much as N(0, 1) below `z`, by bisection on the upper or lower tail.
fn quantile(mixture: &[(f64, f64, f64)], z: f64) -> f64 {
    // Work in the tail that is small, so that nothing is lost to rounding near one.
    let tail = |x: f64| mixture.iter().map(|(w, mean, scale)| w * upper(z.signum() * (x - mean) / scale)).sum::<f64>();
    let wanted = upper(z.abs());
    let (mut low, mut high) = mixture.iter().fold((f64::MAX, f64::MIN), |(low, high), (_, mean, scale)| {
        (low.min(mean - 40.0 * scale), high.max(mean + 40.0 * scale))
    });
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        let too_low = (tail(middle) > wanted) == (z >= 0.0);
        if too_low { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(Z > x) for Z ~ N(0, 1).
fn upper(x: f64) -> f64 {
    0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2)
}
