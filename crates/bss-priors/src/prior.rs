//! The two ideas of this crate: a density over trajectories, and an invertible map between noise and trajectories.

use candle_core::{Result, Tensor};

/// A prior over source trajectories that factorises over sources (AR-Flow VAE, equation 11).
///
/// Law: it integrates to one, its gradient is finite, and a batch gives what its members give alone.
pub trait Prior {
    /// The log-density of each source's trajectory, summed over its steps only (equation 28).
    ///
    /// # Shapes
    /// (restarts, steps, sources) -> (restarts, sources).
    ///
    /// # Errors
    /// If the shape does not fit the prior's parameters.
    fn log_prob(&self, s: &Tensor) -> Result<Tensor>;

    /// A draw, as a function of noise `eps` ~ N(0, 1). Not differentiable.
    ///
    /// # Shapes
    /// (restarts, steps, sources) -> the same.
    ///
    /// # Errors
    /// As [`log_prob`](Self::log_prob).
    fn sample(&self, eps: &Tensor) -> Result<Tensor>;
}

/// An invertible map between base noise and data; forward is noise -> data.
///
/// Law: `inverse(forward(ε)) = ε`; the log-determinants are those of the Jacobians; an entry depends on the past only.
pub trait Bijector {
    /// Data and `log|det ∂s/∂ε|`. Not differentiable.
    ///
    /// # Shapes
    /// (restarts, steps, sources) -> the same, (restarts, sources).
    ///
    /// # Errors
    /// If the shape does not fit the map's parameters.
    fn forward(&self, eps: &Tensor) -> Result<(Tensor, Tensor)>;

    /// Noise and `log|det ∂ε/∂s|`, differentiable in the data and in every parameter.
    ///
    /// # Shapes
    /// As [`forward`](Self::forward).
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn inverse(&self, s: &Tensor) -> Result<(Tensor, Tensor)>;
}
