//! Structural similarity of images.

use ndarray::{Array2, ArrayView2, Axis, Zip};

use crate::error::{Error, Result};
use crate::image::check_images;

/// Height and width of the window, in pixels.
pub(crate) const WINDOW: usize = 7;

/// (K₁ L)² and (K₂ L)² for values whose peak L is 1, with K₁ = 0.01 and K₂ = 0.03.
const C1: f64 = 1e-4;
const C2: f64 = 9e-4;

/// Mean structural similarity of an image and its estimate, for values whose peak is 1: 1 for the same image, and
/// never beyond ±1.
///
/// ```text
/// SSIM = mean of (2 μ ν + C₁)(2 σ_μν + C₂) / ((μ² + ν² + C₁)(σ_μ² + σ_ν² + C₂)),   C₁ = 0.01², C₂ = 0.03²
/// ```
///
/// over all windows of 7 by 7 pixels that lie inside the image; means μ, ν, variances and covariance are those of the
/// window's pixels, all of one weight, with 48 in place of 49 as the divisor of the latter. So does scikit-image's
/// `structural_similarity` by default with `data_range=1`. Swapping the images changes nothing.
///
/// # Shapes
///
/// Both (height, width), each at least 7.
///
/// # Errors
///
/// Different shapes, a side below 7, values that are not finite or beyond ±1e6.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
///
/// let image = Array2::from_shape_fn((9, 8), |(i, j)| ((i * j) % 5) as f64 / 4.0);
/// assert!((bss_metrics::ssim(image.view(), image.view())? - 1.0).abs() < 1e-12);
/// assert!(bss_metrics::ssim((1.0 - &image).view(), image.view())? < 0.0);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
///
/// # References
///
/// Wang, Bovik, Sheikh and Simoncelli, Image quality assessment: from error visibility to structural similarity, IEEE
/// Trans. Image Process. 13(4), 2004, (13).
pub fn ssim(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<f64> {
    check_images(&estimate.view().into_dyn(), &reference.view().into_dyn())?;
    let [height, width] = reference.dim().into();
    if height.min(width) < WINDOW {
        return Err(Error::ImageTooSmall { height, width });
    }
    // Sums run in the order of memory, which must not show in the result.
    let [estimate, reference] = [estimate, reference].map(|image| image.as_standard_layout().into_owned());
    let [mu, nu] = [&estimate, &reference].map(window_means);
    let products = [&estimate * &estimate, &reference * &reference, &estimate * &reference];
    let [mean_ee, mean_rr, mean_er] = products.each_ref().map(window_means);
    let pixels = (WINDOW * WINDOW) as f64;
    let unbiased = pixels / (pixels - 1.0);
    let sum = Zip::from(&mu).and(&nu).and(&mean_ee).and(&mean_rr).and(&mean_er).fold(0.0, |sum, mu, nu, ee, rr, er| {
        // Rounding may leave a little below zero where a window is constant.
        let variances = unbiased * ((ee - mu * mu).max(0.0) + (rr - nu * nu).max(0.0));
        let covariance = unbiased * (er - mu * nu);
        let similarity = (2.0 * mu * nu + C1) * (2.0 * covariance + C2);
        sum + similarity / ((mu * mu + nu * nu + C1) * (variances + C2))
    });
    Ok((sum / mu.len() as f64).clamp(-1.0, 1.0))
}

/// The mean of every window inside the image: (height - 6, width - 6).
fn window_means(image: &Array2<f64>) -> Array2<f64> {
    let slide = |values: &Array2<f64>, axis| {
        let mut sums = Array2::zeros(match axis {
            Axis(0) => (values.nrows() + 1 - WINDOW, values.ncols()),
            _ => (values.nrows(), values.ncols() + 1 - WINDOW),
        });
        for offset in 0..WINDOW {
            let range = offset..offset + sums.len_of(axis);
            sums += &values.slice_axis(axis, range.into());
        }
        sums
    };
    slide(&slide(image, Axis(0)), Axis(1)) / (WINDOW * WINDOW) as f64
}
