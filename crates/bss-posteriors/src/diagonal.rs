//! The factorised Gaussian posterior with one variance a source (AR-Flow VAE, equations 7-10).

use bss_nn::{reparameterise, sum_of_squares};
use candle_core::{Result, Tensor};

use crate::Posterior;

/// `q(s | x) = Π_j Π_r N(s_{r,j}; μ_{r,j}, q_j)`.
#[derive(Clone, Debug)]
pub struct DiagonalGaussian {
    mean: Tensor,
    log_variance: Tensor,
}

impl DiagonalGaussian {
    /// From μ, (restarts, steps, sources), and log q, (restarts, sources).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn new(mean: Tensor, log_variance: Tensor) -> Result<Self> {
        let (restarts, _, sources) = mean.dims3()?;
        if log_variance.dims() != [restarts, sources] {
            candle_core::bail!(
                "log-variances of shape {:?} do not fit means of {:?}",
                log_variance.dims(),
                mean.dims()
            );
        }
        Ok(Self { mean, log_variance })
    }

    /// `-½ (squares + R log 2π + R log q)` for the sum over steps of squared standardised deviations.
    fn log_prob_of_squares(&self, squares: &Tensor) -> Result<Tensor> {
        let steps = self.mean.dim(1)? as f64;
        let constant = self.log_variance.affine(steps, steps * std::f64::consts::TAU.ln())?;
        (squares + constant)? * -0.5
    }
}

impl Posterior for DiagonalGaussian {
    fn mean(&self) -> &Tensor {
        &self.mean
    }

    fn std(&self) -> Result<Tensor> {
        (&self.log_variance * 0.5)?.exp()?.unsqueeze(1)
    }

    fn rsample(&self, eps: &Tensor) -> Result<Tensor> {
        reparameterise(&self.mean, &(&self.log_variance * 0.5)?.exp()?, eps)
    }

    fn log_prob(&self, s: &Tensor) -> Result<Tensor> {
        let deviations = (s - &self.mean)?.broadcast_div(&self.std()?)?;
        self.log_prob_of_squares(&deviations.sqr()?.sum(1)?)
    }

    fn log_prob_of_noise(&self, eps: &Tensor) -> Result<Tensor> {
        self.log_prob_of_squares(&sum_of_squares(eps)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bss_nn::{Noise, Purpose};
    use candle_core::{DType, Device, Var};

    fn random(stream: u64, dims: &[usize]) -> Result<Tensor> {
        let values: Vec<f64> = Noise::new(4).normal(Purpose::Sample, 0, stream, dims.iter().product());
        Tensor::from_vec(values, dims, &Device::Cpu)
    }

    fn gap(a: &Tensor, b: &Tensor) -> Result<f64> {
        (a - b)?.abs()?.max_all()?.to_scalar()
    }

    #[test]
    fn no_noise_gives_the_mean() -> Result<()> {
        let posterior = DiagonalGaussian::new(random(0, &[2, 9, 3])?, random(1, &[2, 3])?)?;
        let zero = Tensor::zeros((2, 9, 3), DType::F64, &Device::Cpu)?;
        assert_eq!(gap(&posterior.rsample(&zero)?, posterior.mean())?, 0.0);
        Ok(())
    }

    #[test]
    fn scoring_the_noise_is_scoring_the_sample() -> Result<()> {
        let posterior = DiagonalGaussian::new(random(0, &[2, 9, 3])?, random(1, &[2, 3])?)?;
        let eps = random(2, &[2, 9, 3])?;
        let sampled = posterior.log_prob(&posterior.rsample(&eps)?)?;
        assert!(gap(&sampled, &posterior.log_prob_of_noise(&eps)?)? < 1e-12);
        Ok(())
    }

    /// KL(N(μ, q) ‖ N(0, 1)) = ½ (μ² + q - 1 - log q), against the mean of log q(s) - log p(s) over draws.
    #[test]
    fn the_sampled_divergence_agrees_with_the_analytic_one() -> Result<()> {
        const DRAWS: usize = 200_000;
        let (mean, log_variance) = (0.7f64, -0.4f64);
        let means = Tensor::full(mean, (1, DRAWS, 1), &Device::Cpu)?;
        let posterior = DiagonalGaussian::new(means, Tensor::full(log_variance, (1, 1), &Device::Cpu)?)?;
        let eps = random(3, &[1, DRAWS, 1])?;
        let s = posterior.rsample(&eps)?;
        let prior = ((s.sqr()?.sum_all()? + DRAWS as f64 * std::f64::consts::TAU.ln())? * -0.5)?;
        let sampled = (posterior.log_prob_of_noise(&eps)?.sum_all()? - prior)?.to_scalar::<f64>()? / DRAWS as f64;
        let analytic = 0.5 * (mean * mean + log_variance.exp() - 1.0 - log_variance);
        assert!((sampled - analytic).abs() < 0.01, "{sampled} against {analytic}");
        Ok(())
    }

    #[test]
    fn gradients_reach_mean_and_variance() -> Result<()> {
        let (mean, log_variance) =
            (Var::from_tensor(&random(0, &[1, 9, 3])?)?, Var::from_tensor(&random(1, &[1, 3])?)?);
        let posterior = DiagonalGaussian::new(mean.as_tensor().clone(), log_variance.as_tensor().clone())?;
        let grads = posterior.rsample(&random(2, &[1, 9, 3])?)?.sqr()?.sum_all()?.backward()?;
        for var in [&mean, &log_variance] {
            assert!(grads.get(var).unwrap().sqr()?.sum_all()?.to_scalar::<f64>()? > 0.0);
        }
        Ok(())
    }
}
