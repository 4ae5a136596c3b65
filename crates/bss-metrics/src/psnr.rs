//! Peak signal-to-noise ratio.

use ndarray::{ArrayView, Dimension};

use crate::error::Result;
use crate::image::check_images;

/// Largest ratio given, in dB, and with a minus the smallest: what a perfect estimate scores instead of infinity.
pub const PSNR_CAP_DB: f64 = 200.0;

/// Peak signal-to-noise ratio of an estimate, in dB, for values whose peak is 1.
///
/// ```text
/// PSNR = -10 log₁₀ (1/N Σᵢ (ŝᵢ - sᵢ)²)
/// ```
///
/// Gain and sign matter. The result is kept within ±[`PSNR_CAP_DB`].
///
/// # Shapes
///
/// Both the same: an image (height, width), a spectrogram, or any other.
///
/// # Errors
///
/// Different shapes, no values, values that are not finite or beyond ±1e6.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let reference = array![[0.0, 1.0], [0.5, 0.5]];
/// let estimate = &reference + 0.1;
/// let psnr = bss_metrics::psnr_db(estimate.view(), reference.view())?;
/// assert!((psnr - 20.0).abs() < 1e-9);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn psnr_db<D: Dimension>(estimate: ArrayView<f64, D>, reference: ArrayView<f64, D>) -> Result<f64> {
    check_images(&estimate.view().into_dyn(), &reference.view().into_dyn())?;
    let squares: f64 = estimate.iter().zip(&reference).map(|(a, b)| (a - b).powi(2)).sum();
    let ratio_db = -10.0 * (squares / reference.len() as f64).log10();
    Ok(ratio_db.clamp(-PSNR_CAP_DB, PSNR_CAP_DB))
}
