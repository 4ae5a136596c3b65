//! How sure a fitted model is of each sample of each source.
//!
//! ```text
//! var(s_{r,j}) = noise_j + Σ_k leakage_jk s_{r,k}²
//! ```
//!
//! for sources of unit variance: noise of the sensors that comes through the demixing ([`noise_floor()`]), and what of the
//! other sources may be left because the recording does not pin the demixing down ([`leakage()`]). The posterior's
//! variances q_j are in it only where the encoder is not linear: with a tied decoder they follow β, a setting of the
//! training, whatever the recording.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::{ArFlowVae, Convention, Result, Whitening, leakage, noise_floor};

/// Variances of sources of unit variance, in the model's own order.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty {
    /// Of the noise, (sources).
    pub noise: Array1<f64>,
    /// Of the shares of others, (sources, sources): see [`leakage`].
    pub leakage: Array2<f64>,
}

impl Uncertainty {
    /// From the recording that the model was fitted to, and the model's means and standard deviations of it.
    ///
    /// # Errors
    /// As candle's.
    pub fn new(
        model: &ArFlowVae,
        whitening: &Whitening,
        x: ArrayView2<f64>,
        (sources, std): (&Array2<f64>, &Array2<f64>),
    ) -> Result<Self> {
        let parameters = model.parameters();
        let leakage = leakage(model.prior(), sources, parameters.dtype(), parameters.device())?;
        let mean = sources.mean_axis(Axis(0)).unwrap_or_default();
        let variance = sources.var_axis(Axis(0), 0.0).mapv(|v| if v > 0.0 { v } else { 1.0 });
        let noise = match model.demixing(whitening)? {
            Some(demixing) => {
                let gain = x.var_axis(Axis(0), 0.0).dot(&demixing.mapv(|b| b * b)) / &variance;
                let unit = (sources - &mean) / &variance.mapv(f64::sqrt);
                let share = noise_floor(&unit, gain.as_slice().unwrap_or_default());
                gain * share
            }
            None => std.row(0).mapv(|q| q * q) / &variance,
        };
        Ok(Self { noise, leakage })
    }

    /// The standard deviations of sources (samples, sources) that follow the convention.
    #[must_use]
    pub fn std(&self, convention: &Convention, sources: &Array2<f64>) -> Array2<f64> {
        let order = &convention.order;
        let leakage = self.leakage.select(Axis(0), order).select(Axis(1), order);
        let noise = self.noise.select(Axis(0), order);
        (sources.mapv(|s| s * s).dot(&leakage.t()) + &noise).mapv(f64::sqrt)
    }
}
