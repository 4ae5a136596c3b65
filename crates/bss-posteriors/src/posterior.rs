//! The idea of this crate: what an encoder returns.

use candle_core::{Result, Tensor};

/// A distribution q(s | x) over the sources, from which samples are drawn by reparameterisation.
///
/// Law: `rsample(0)` is the mean; the sampled divergence from a Gaussian agrees with the analytic one.
pub trait Posterior {
    /// The mean, (restarts, steps, sources).
    fn mean(&self) -> &Tensor;

    /// The standard deviation, broadcastable to the mean.
    ///
    /// # Errors
    /// As candle's.
    fn std(&self) -> Result<Tensor>;

    /// A sample as a differentiable function of `eps` ~ N(0, 1), shaped like the mean.
    ///
    /// # Errors
    /// If the shapes differ.
    fn rsample(&self, eps: &Tensor) -> Result<Tensor>;

    /// The log-density of `s`, summed over steps only: (restarts, sources).
    ///
    /// # Errors
    /// If the shapes differ.
    fn log_prob(&self, s: &Tensor) -> Result<Tensor>;

    /// The log-density of `rsample(eps)`, cheaper and more exact than scoring the sample.
    ///
    /// # Errors
    /// If the shapes differ.
    fn log_prob_of_noise(&self, eps: &Tensor) -> Result<Tensor>;
}
