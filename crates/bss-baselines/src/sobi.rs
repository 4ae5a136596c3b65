//! SOBI: sources told apart by their spectra (Belouchrani, Abed-Meraim, Cardoso and Moulines 1997, IEEE Trans. Signal
//! Process. 45(2)).

use ndarray::{Array2, ArrayView2, s};

use crate::{Demix, Error, Result, Rotation, joint_diagonaliser};

/// Second-order blind identification: the covariances of the whitened signals at several lags,
///
/// ```text
/// R_τ = ½ (C_τ + C_τᵀ),   C_τ = 1/(R - τ) Σ_r z_{r+τ} z_rᵀ
/// ```
///
/// are diagonal in uncorrelated sources at once, so that the joint diagonaliser is
/// the rotation sought. It fails where two sources have the same autocorrelation at all lags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sobi {
    /// τ, each at least 1 and less than the number of samples.
    pub lags: Vec<usize>,
}

impl Default for Sobi {
    /// Lags 1 to 20.
    fn default() -> Self {
        Self { lags: (1..=20).collect() }
    }
}

impl Demix for Sobi {
    fn rotation(&self, z: ArrayView2<f64>) -> Result<Rotation> {
        let most = z.nrows().saturating_sub(1);
        let wrong = self.lags.iter().copied().find(|lag| !(1..=most).contains(lag));
        if self.lags.is_empty() || wrong.is_some() {
            return Err(Error::Lag { lag: wrong, most });
        }
        Ok(joint_diagonaliser(self.lags.iter().map(|&lag| lagged_covariance(z, lag)).collect()))
    }
}

/// R_τ, symmetric, (n, n).
fn lagged_covariance(z: ArrayView2<f64>, lag: usize) -> Array2<f64> {
    let (later, earlier) = (z.slice(s![lag.., ..]), z.slice(s![..z.nrows() - lag, ..]));
    let covariance = later.t().dot(&earlier);
    (&covariance + &covariance.t()) / (2.0 * later.nrows() as f64)
}
