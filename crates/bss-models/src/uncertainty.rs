//! How sure a fitted model is of each sample of each source.
//!
//! ```text
//! var(s_{r,j}) = C_jj + Σ_k leakage_jk s_{r,k}²
//! ```
//!
//! for sources of unit variance: noise of the sensors that comes through the demixing, of covariance C, and what of the
//! other sources may be left in j ([`leakage()`]). The posterior's variances q_j are in it only where the encoder is not
//! linear: with a tied decoder they follow β, a setting of the training, whatever the recording.

use ndarray::{Array2, ArrayView2, Axis};

use crate::noise_share::{from_spectra, from_what_is_left};
use crate::{ArFlowVae, Convention, Curvature, Result, Whitening, leakage, least_squares_mixing};

/// What the standard deviations of sources of unit variance follow from, in the model's own order.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertainty {
    /// v, the share of each channel's variance that is noise of its sensor; `None` where the encoder is not linear, so that
    /// noise of the channels does not become noise of the sources by a matrix.
    pub share: Option<f64>,
    /// C, (sources, sources): the covariance of the noise in the sources; without a share, the variances q on its diagonal.
    pub noise: Array2<f64>,
    /// How well the prior tells the sources apart.
    pub curvature: Curvature,
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
        let curvature = Curvature::new(model.prior(), sources, parameters.dtype(), parameters.device())?;
        let mean = sources.mean_axis(Axis(0)).unwrap_or_default();
        let deviation = sources.std_axis(Axis(0), 0.0).mapv(|v| if v > 0.0 { v } else { 1.0 });
        let Some(demixing) = model.demixing(whitening)? else {
            let q = std.row(0).mapv(|q| q * q) / deviation.mapv(|v| v * v);
            return Ok(Self { share: None, noise: Array2::from_diag(&q), curvature });
        };
        let (unit, demixing) = ((sources - &mean) / &deviation, demixing / &deviation);
        // (B' diag(var x) B)_jk, the covariance in the sources of noise as strong as the channels themselves.
        let variance = x.var_axis(Axis(0), 0.0);
        let gain = demixing.t().dot(&(&demixing * &variance.insert_axis(Axis(1))));
        let spanned = Whitening::of_span(x)?;
        let share = if spanned.inverse.nrows() > demixing.ncols() {
            from_what_is_left(x, &spanned.span(), &demixing, &least_squares_mixing(x, unit.view()))
        } else {
            from_spectra(&unit, gain.diag())
        };
        Ok(Self { share: Some(share), noise: gain * share, curvature })
    }

    /// The ratio of signal to noise in each channel, in dB: `10 log₁₀((1 - v)/v)`.
    #[must_use]
    pub fn noise_db(&self) -> Option<f64> {
        self.share.map(|share| 10.0 * ((1.0 - share) / share).log10())
    }

    /// The same for sensors whose ratio of signal to noise is known; `None` where the encoder is not linear.
    #[must_use]
    pub fn with_noise_db(&self, noise_db: f64) -> Option<Self> {
        let share = 1.0 / (1.0 + 10f64.powf(0.1 * noise_db));
        let noise = &self.noise * (share / self.share?);
        Some(Self { share: Some(share), noise, curvature: self.curvature.clone() })
    }

    /// The standard deviations of sources (samples, sources) that follow the convention.
    #[must_use]
    pub fn std(&self, convention: &Convention, sources: &Array2<f64>) -> Array2<f64> {
        let order = &convention.order;
        let leakage = leakage(&self.curvature, &self.noise).select(Axis(0), order).select(Axis(1), order);
        let noise = self.noise.diag().select(Axis(0), order);
        (sources.mapv(|s| s * s).dot(&leakage.t()) + &noise).mapv(f64::sqrt)
    }
}
