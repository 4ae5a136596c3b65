//! The Gaussian observation model (AR-Flow VAE, equations 4-6).

use bss_nn::squared_error;
use candle_core::{Result, Tensor};

/// `p(x_r | s_r) = N(x_r; g(s_r), v_y I)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianLikelihood {
    /// v_y, the variance of the observation noise.
    pub variance: f64,
}

impl GaussianLikelihood {
    /// `log p(X | S)` (equation 6) of each restart.
    ///
    /// # Shapes
    /// both (restarts, samples, channels) -> (restarts).
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn log_prob(self, x_hat: &Tensor, x: &Tensor) -> Result<Tensor> {
        self.log_prob_of_error(&squared_error(x_hat, x)?, x.dim(1)? * x.dim(2)?)
    }

    /// The same from the mean squared error over `entries` = samples · channels.
    ///
    /// # Errors
    /// As candle's.
    pub fn log_prob_of_error(self, mean_squared_error: &Tensor, entries: usize) -> Result<Tensor> {
        let entries = entries as f64;
        let constant = -0.5 * entries * (std::f64::consts::TAU * self.variance).ln();
        mean_squared_error.affine(-0.5 * entries / self.variance, constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn agrees_with_the_density_written_out() -> Result<()> {
        let x = Tensor::new(&[[[1.0, 2.0], [0.5, -1.0]]], &Device::Cpu)?;
        let x_hat = Tensor::new(&[[[0.8, 2.5], [0.0, -1.0]]], &Device::Cpu)?;
        let variance = 0.3;
        let found = GaussianLikelihood { variance }.log_prob(&x_hat, &x)?.to_vec1::<f64>()?[0];
        let normal = |d: f64| -0.5 * d * d / variance - 0.5 * (std::f64::consts::TAU * variance).ln();
        let expected: f64 = [0.2, -0.5, 0.5, 0.0].into_iter().map(normal).sum();
        assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
        Ok(())
    }
}
