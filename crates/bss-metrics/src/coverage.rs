//! How often the band around an estimate covers the truth.

use ndarray::ArrayView1;

use crate::error::{Error, Result};
use crate::signal::{Role, check_finite, standardise};

/// Half the width of the central 95 % of a Gaussian, in standard deviations.
const HALF_WIDTH: f64 = 1.96;

/// The share of samples in which the reference is at most 1.96 standard deviations from the estimate: 0.95 if the
/// standard deviations are right.
///
/// Both signals are first centred and scaled to unit variance, the standard deviations like the estimate, and the
/// estimate is given the reference's sign: what blind separation leaves open is not held against it.
///
/// # Shapes
///
/// All (samples).
///
/// # Errors
///
/// Different lengths, fewer than 2 samples, values that are not finite, a negative standard deviation, a silent signal
/// (its column is given as 0).
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let reference = array![1.0, -1.0, 1.0, -1.0];
/// let estimate = array![2.2, -2.2, 1.8, -1.8]; // a tenth too much, a tenth too little, at twice the scale
/// let std = array![0.2, 0.2, 0.0, 0.0];
/// assert_eq!(bss_metrics::coverage(estimate.view(), std.view(), reference.view())?, 0.5);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn coverage(estimate: ArrayView1<f64>, std: ArrayView1<f64>, reference: ArrayView1<f64>) -> Result<f64> {
    let samples = estimate.len();
    if let Some(other) = [std.len(), reference.len()].into_iter().find(|&length| length != samples) {
        return Err(Error::Length { estimate: samples, reference: other });
    }
    if samples < 2 {
        return Err(Error::TooShort { samples, sources: 1 });
    }
    let unit = |signal: ArrayView1<f64>, role| {
        check_finite(signal.insert_axis(ndarray::Axis(1)), role)?;
        standardise(signal).ok_or(Error::Silent { role, column: 0 })
    };
    check_finite(std.insert_axis(ndarray::Axis(1)), Role::Estimate)?;
    if let Some(sample) = std.iter().position(|&deviation| deviation < 0.0) {
        return Err(Error::NegativeStd { sample });
    }
    let (truth, found) = (unit(reference, Role::Reference)?, unit(estimate, Role::Estimate)?);
    let sign = if truth.dot(&found) < 0.0 { -1.0 } else { 1.0 };
    let scale = 1.0 / (samples as f64).sqrt() / estimate.std(0.0);
    let is_covered = |((s, s_hat), std): ((&f64, &f64), &f64)| (s - sign * s_hat).abs() <= HALF_WIDTH * std * scale;
    let covered = truth.iter().zip(&found).zip(std).filter(|&(pair, std)| is_covered((pair, std))).count();
    Ok(covered as f64 / samples as f64)
}
