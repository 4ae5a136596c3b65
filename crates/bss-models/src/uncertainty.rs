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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr1, array};

    /// Three sources that are held firmly by 10⁶ samples, so that noise is all there is, of which each has its own; they
    /// follow the convention's order.
    #[test]
    fn each_source_has_its_own_noise_in_the_order_of_the_convention() {
        let shares = Array2::from_elem((3, 3), 1e7) - Array2::from_diag(&arr1(&[1e7; 3]));
        let curvature = Curvature { samples: 1_000_000, shares, noise: arr1(&[1e6; 3]) };
        let noise = Array2::from_diag(&arr1(&[0.04, 0.09, 0.16]));
        let uncertainty = Uncertainty { share: Some(0.01), noise, curvature };
        let one = vec![1.0; 3];
        let convention = Convention { order: vec![2, 0, 1], offset: vec![0.0; 3], factor: one.clone(), explained: one };
        let std = uncertainty.std(&convention, &array![[1.0, -1.0, 0.5]]);
        assert!((std - array![[0.4, 0.2, 0.3]]).iter().all(|v| v.abs() < 1e-5));
        let known = uncertainty.with_noise_db(uncertainty.noise_db().unwrap() - 10.0 * 2f64.log10()).unwrap();
        assert!((known.share.unwrap() / 0.02 - 1.0).abs() < 0.02, "{known:?}");
        assert!((known.noise.diag().sum() / 0.58 - 1.0).abs() < 0.02, "{known:?}");
    }

    /// Source 0 takes in much of source 2, which is held loosely there, and nothing of source 1.
    #[test]
    fn what_may_be_left_of_another_source_grows_with_it() {
        let shares = array![[0.0, 1e8, 2e3], [1e8, 0.0, 1e8], [1e3, 1e8, 0.0]];
        let curvature = Curvature { samples: 1000, shares, noise: arr1(&[1e3; 3]) };
        let uncertainty = Uncertainty { share: Some(1e-6), noise: Array2::zeros((3, 3)), curvature };
        let one = vec![1.0; 3];
        let convention = Convention { order: vec![2, 1, 0], offset: vec![0.0; 3], factor: one.clone(), explained: one };
        // In this order: sources 2, 1 and 0. The pair's precision is [[2001, 1000], [1000, 1001]].
        let std = uncertainty.std(&convention, &array![[3.0, 5.0, 0.0], [0.0, 5.0, 2.0]]);
        let determinant: f64 = 2001.0 * 1001.0 - 1e6;
        let expected = [3.0 * (1001.0 / determinant).sqrt(), 2.0 * (2001.0 / determinant).sqrt()];
        assert!((std[(0, 2)] - expected[0]).abs() < 0.01 * expected[0], "{std}");
        assert!((std[(1, 0)] - expected[1]).abs() < 0.01 * expected[1], "{std}");
        assert!(std[(0, 1)] < 0.01 && std[(0, 0)] < 0.01, "{std}");
    }
}
