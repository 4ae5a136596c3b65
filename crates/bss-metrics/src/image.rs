//! Checks shared by the scores of images.

use ndarray::{ArrayViewD, Dimension};

use crate::error::{Error, Result};
use crate::signal::Role;

/// Beyond this magnitude values cannot have a peak of 1, and rounding takes the digits of variances.
const LARGEST: f64 = 1e6;

/// Refuses a pair of arrays of different shapes, empty, or with values no score of images is defined for.
pub(crate) fn check_images(estimate: &ArrayViewD<f64>, reference: &ArrayViewD<f64>) -> Result<()> {
    if estimate.shape() != reference.shape() || reference.is_empty() {
        let [estimate, reference] = [estimate, reference].map(|array| array.shape().to_vec());
        return Err(Error::ImageShape { estimate, reference });
    }
    check_values(estimate, Role::Estimate)?;
    check_values(reference, Role::Reference)?;
    check_magnitude(estimate, Role::Estimate)?;
    check_magnitude(reference, Role::Reference)
}

/// Refuses NaN and infinite values.
pub(crate) fn check_values(values: &ArrayViewD<f64>, role: Role) -> Result<()> {
    let mut bad = values.indexed_iter().filter(|(_, value)| !value.is_finite());
    match bad.next() {
        None => Ok(()),
        Some((at, _)) => Err(Error::NonFiniteAt { role, at: at.slice().to_vec(), count: 1 + bad.count() }),
    }
}

/// Refuses values that are far from a peak of 1.
pub(crate) fn check_magnitude(values: &ArrayViewD<f64>, role: Role) -> Result<()> {
    let largest = values.fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest > LARGEST { Err(Error::Magnitude { role, largest }) } else { Ok(()) }
}
