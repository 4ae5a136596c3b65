//! Scale-invariant signal-to-distortion ratio.

use ndarray::ArrayView1;

use crate::error::{Error, Result};
use crate::signal::{Role, check_finite, standardise};

/// Largest ratio given, in dB, and with a minus the smallest: what a perfect estimate scores
/// instead of infinity, and one orthogonal to the reference instead of minus infinity. Rounding
/// alone ends a float64 comparison at about 300 dB and a float32 one at about 150 dB.
pub const SI_SDR_CAP_DB: f64 = 200.0;

/// Scale-invariant signal-to-distortion ratio of an estimate, in dB.
///
/// ```text
/// SI-SDR = 10 log₁₀ ( ‖α s‖² / ‖α s − ŝ‖² ),   α = ⟨ŝ, s⟩ / ‖s‖²
/// ```
///
/// Both signals are centred first. The gain and sign of either do not matter. The result is kept
/// within ±[`SI_SDR_CAP_DB`].
///
/// # Shapes
///
/// Both (samples).
///
/// # Errors
///
/// Different lengths, fewer than 2 samples, non-finite values, a silent signal (its column is
/// given as 0).
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let reference = array![1.0, -1.0, 1.0, -1.0];
/// let distortion = array![0.1, 0.1, -0.1, -0.1]; // a tenth of the reference, orthogonal to it
/// let estimate = &reference * 3.0 + &distortion * 3.0;
/// let si_sdr = bss_metrics::si_sdr_db(estimate.view(), reference.view())?;
/// assert!((si_sdr - 20.0).abs() < 1e-9);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
///
/// # References
///
/// Le Roux, Wisdom, Erdogan and Hershey, SDR - half-baked or well done?, ICASSP 2019
/// (arXiv 1811.02508).
pub fn si_sdr_db(estimate: ArrayView1<f64>, reference: ArrayView1<f64>) -> Result<f64> {
    if estimate.len() != reference.len() {
        return Err(Error::Length { estimate: estimate.len(), reference: reference.len() });
    }
    if estimate.len() < 2 {
        return Err(Error::TooShort { samples: estimate.len(), sources: 1 });
    }
    let unit = |signal: ArrayView1<f64>, role| {
        check_finite(signal.insert_axis(ndarray::Axis(1)), role)?;
        standardise(signal).ok_or(Error::Silent { role, column: 0 })
    };
    let estimate = unit(estimate, Role::Estimate)?;
    let reference = unit(reference, Role::Reference)?;
    // With unit norms α is the correlation; subtracting keeps the digits that 1 − α² would lose.
    let alpha = estimate.dot(&reference);
    let distortion = &estimate - alpha * &reference;
    let ratio_db = 10.0 * (alpha * alpha / distortion.dot(&distortion)).log10();
    Ok(ratio_db.clamp(-SI_SDR_CAP_DB, SI_SDR_CAP_DB))
}
