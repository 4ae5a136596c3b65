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
    let mixture_of = |k: usize, j: usize| -> Vec<(f64, f64, f64)> {
        let largest = logits[k][j].iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = logits[k][j].iter().map(|l| (l - largest).exp()).collect();
        let total: f64 = weights.iter().sum();
        let components = weights.iter().zip(&means[k][j]).zip(&log_scales[k][j]);
        components.map(|((w, &mean), scale)| (w / total, mean, scale.exp())).collect()
    };
    for (k, rows) in values.iter_mut().enumerate() {
        let mixtures: Vec<_> = (0..logits[k].len()).map(|j| mixture_of(k, j)).collect();
        for row in rows.iter_mut().skip(keep) {
            row.iter_mut().zip(&mixtures).for_each(|(x, mixture)| *x = quantile(mixture, *x));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_one_component_are_those_of_a_gaussian() {
        for z in [-6.0, -1.0, 0.0, 0.5, 6.0] {
            assert!((quantile(&[(1.0, 2.0, 3.0)], z) - (2.0 + 3.0 * z)).abs() < 1e-6, "{z}");
        }
    }

    #[test]
    fn a_mixture_holds_as_much_above_its_quantile_as_the_gaussian_above_z() {
        let mixture = [(0.3, -2.0, 0.5), (0.7, 1.0, 1.5)];
        for z in [-3.0, -0.7, 0.0, 0.4, 3.0] {
            let x = quantile(&mixture, z);
            let above: f64 = mixture.iter().map(|(w, mean, scale)| w * upper((x - mean) / scale)).sum();
            assert!((above - upper(z)).abs() < 1e-9, "{z}: {above}");
        }
    }

    #[test]
    fn large_logits_are_weights_like_others() -> Result<()> {
        let tensor = |values: [f64; 2]| Tensor::new(&[[values]], &Device::Cpu);
        let eps = Tensor::new(&[[[0.3f64]]], &Device::Cpu)?;
        let x = transport(&eps, &tensor([900.0, -900.0])?, &tensor([2.0, 0.0])?, &tensor([0.0, 0.0])?, 0)?;
        assert!((x.flatten_all()?.to_vec1::<f64>()?[0] - 2.3).abs() < 1e-9);
        Ok(())
    }
}
