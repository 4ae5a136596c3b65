//! What the encoder's output means: a posterior over the latent sources, drawn from and differentiated in place.

use bss_nn::Real;
use bss_nn::dense::exponential;

/// The approximate posterior over the latent sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latent {
    /// `N(μ, σ²)` (equation 6): the encoder gives μ, and behind it ln σ².
    Gaussian,
    /// A point, without a divergence: the plain autoencoder of section V-C.
    Delta,
}

impl Latent {
    /// How many numbers the encoder gives for each latent dimension.
    pub(super) fn outputs(self) -> usize {
        match self {
            Self::Gaussian => 2,
            Self::Delta => 1,
        }
    }

    /// `Z = μ + σ ε` (equation 9) from the encoder's output (examples, outputs · codes) and ε (examples, codes); gives
    /// `Σ KL(q ‖ p)` over the examples, with `KL = ½ Σ (μ² + σ² - 1 - ln σ²)`.
    pub(super) fn sample<T: Real>(self, posterior: &[T], codes: usize, noise: &[T], z: &mut Vec<T>) -> f64 {
        z.clear();
        if self == Self::Delta {
            z.extend_from_slice(posterior);
            return 0.0;
        }
        let mut divergence = 0.0;
        let mut std = vec![T::zero(); codes];
        for (row, noise) in posterior.chunks_exact(2 * codes).zip(noise.chunks_exact(codes)) {
            let (mean, log_variance) = row.split_at(codes);
            halves(log_variance, &mut std);
            exponential(&mut std);
            z.extend(mean.iter().zip(&std).zip(noise).map(|((&mean, &std), &noise)| mean + std * noise));
            divergence += mean.iter().zip(&std).zip(log_variance).map(|((m, s), l)| kl(*m, *s, *l)).sum::<f64>();
        }
        divergence
    }

    /// From ∂J/∂Z to the gradient of the encoder's output, which replaces it, where each example's divergence weighs
    /// `weight`.
    pub(super) fn backward<T: Real>(self, posterior: &mut [T], codes: usize, noise: &[T], d_z: &[T], weight: f64) {
        if self == Self::Delta {
            posterior.copy_from_slice(d_z);
            return;
        }
        let (weight, half) = (T::from_f64(weight), T::from_f64(0.5));
        let mut std = vec![T::zero(); codes];
        let draws = noise.chunks_exact(codes).zip(d_z.chunks_exact(codes));
        for (row, (noise, d_z)) in posterior.chunks_exact_mut(2 * codes).zip(draws) {
            let (mean, log_variance) = row.split_at_mut(codes);
            halves(log_variance, &mut std);
            exponential(&mut std);
            let of_mean = mean.iter_mut().zip(log_variance).zip(&std);
            for (((mean, log_variance), &std), (&noise, &d_z)) in of_mean.zip(noise.iter().zip(d_z)) {
                *mean = d_z + weight * *mean;
                *log_variance = half * (d_z * noise * std + weight * (std * std - T::one()));
            }
        }
    }

    /// The divergence of each latent source of `latent` dimensions, (examples, K).
    pub(super) fn divergences<T: Real>(self, posterior: &[T], codes: usize, latent: usize) -> Vec<f64> {
        if self == Self::Delta {
            return vec![0.0; posterior.len() / latent];
        }
        let row = |row: &[T]| {
            let (mean, log_variance) = row.split_at(codes);
            let pairs = mean.chunks_exact(latent).zip(log_variance.chunks_exact(latent));
            let source = |(mean, log_variance): (&[T], &[T])| {
                let entries = mean.iter().zip(log_variance);
                entries.map(|(&m, &l)| kl(m, T::from_f64((0.5 * l.to_f64()).exp()), l)).sum::<f64>()
            };
            pairs.map(source).collect::<Vec<f64>>()
        };
        posterior.chunks_exact(2 * codes).flat_map(row).collect()
    }
}

/// Half the values.
fn halves<T: Real>(values: &[T], to: &mut [T]) {
    let half = T::from_f64(0.5);
    to.iter_mut().zip(values).for_each(|(to, &value)| *to = half * value);
}

/// KL(N(mean, std²) ‖ N(0, 1)).
fn kl<T: Real>(mean: T, std: T, log_variance: T) -> f64 {
    0.5 * (mean * mean + std * std - T::one() - log_variance).to_f64()
}
