//! What is minimised: the terms of the evidence lower bound, and how they are weighed.

use bss_nn::Parameters;
use candle_core::{Result, Tensor};

use crate::GaussianLikelihood;

/// One stochastic evaluation of a model on its data, each term (restarts).
#[derive(Clone, Debug)]
pub struct Terms {
    /// Rec of equation 32: the mean of `(x - x̂)²` over samples and channels.
    pub reconstruction: Tensor,
    /// `log p(S)` (equation 29); where the encoder [straightens](crate::Straightening) the mixtures, with the logarithm of
    /// how that changes volumes.
    pub log_prior: Tensor,
    /// `log q(S | X)` (equation 10).
    pub log_posterior: Tensor,
    /// m R, the number of entries of the data that the encoder sees: after whitening, m is the number of components.
    pub entries: usize,
}

impl Terms {
    /// The objective of Algorithm 1, line 16: `J = Rec + β/(mR) (log q(S|X) - log p(S))`, to be minimised.
    ///
    /// The paper's equation 32 has no 1/(mR). With it, β ≈ 2 v_y makes J the negative ELBO up to scale and constants,
    /// whatever the length.
    ///
    /// # Errors
    /// As candle's.
    pub fn loss(&self, beta: f64) -> Result<Tensor> {
        &self.reconstruction + (self.divergence()? * beta)?
    }

    /// `(log q(S|X) - log p(S)) / (mR)`: the sampled divergence for each entry of the data.
    ///
    /// # Errors
    /// As candle's.
    pub fn divergence(&self) -> Result<Tensor> {
        (&self.log_posterior - &self.log_prior)? / self.entries as f64
    }

    /// The one-sample evidence lower bound (equation 31) under an observation noise of the given variance.
    ///
    /// # Errors
    /// As candle's.
    pub fn elbo(&self, likelihood: GaussianLikelihood) -> Result<Tensor> {
        let log_likelihood = likelihood.log_prob_of_error(&self.reconstruction, self.entries)?;
        (log_likelihood + &self.log_prior)? - &self.log_posterior
    }
}

/// A model on its data, as a trainer sees it.
pub trait Objective {
    /// What is trained.
    fn parameters(&self) -> &Parameters;

    /// The terms at the given iteration, which alone decides the noise.
    ///
    /// # Errors
    /// As candle's.
    fn terms(&self, iteration: u64) -> Result<Terms>;

    /// Quantities worth a curve, by name, each with the restarts first; small, for they are logged again and again.
    ///
    /// # Errors
    /// As candle's.
    fn traces(&self) -> Result<Vec<(&'static str, Tensor)>>;
}
