//! Checks and standardisation shared by all scores.

use std::fmt;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::error::{Error, Result};

/// Which of the two sides of a comparison is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the separation gave.
    Estimate,
    /// The truth.
    Reference,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Estimate => "estimate",
            Role::Reference => "reference",
        })
    }
}

/// A signal is silent if its standard deviation is below this fraction of its largest magnitude:
/// what is left of a constant after rounding.
const SILENCE: f64 = 4.0 * f64::EPSILON;

/// Refuses a pair of recordings, (samples, sources) each, that no score is defined for.
pub(crate) fn check_pair(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<()> {
    let [samples, n_estimates] = estimate.dim().into();
    let [reference_samples, n_references] = reference.dim().into();
    if samples != reference_samples {
        return Err(Error::Shape { estimate: estimate.dim().into(), reference: reference.dim().into() });
    }
    if n_references == 0 {
        return Err(Error::Empty { role: Role::Reference });
    }
    let sources = n_estimates.max(n_references);
    if samples < 2 || samples <= sources {
        return Err(Error::TooShort { samples, sources });
    }
    if n_estimates < n_references {
        return Err(Error::TooFewEstimates { estimates: n_estimates, references: n_references });
    }
    check_finite(estimate, Role::Estimate)?;
    check_finite(reference, Role::Reference)
}

/// Refuses NaN and infinite values.
pub(crate) fn check_finite(values: ArrayView2<f64>, role: Role) -> Result<()> {
    let mut bad = values.indexed_iter().filter(|(_, value)| !value.is_finite());
    match bad.next() {
        None => Ok(()),
        Some(((sample, column), _)) => Err(Error::NonFinite { role, count: 1 + bad.count(), sample, column }),
    }
}

/// The signal centred and scaled to unit Euclidean norm, or `None` if it is silent.
///
/// The scalar product of two such signals is their Pearson correlation. Scaling by the largest
/// magnitude first keeps the squares of very large and very small signals in range.
pub(crate) fn standardise(signal: ArrayView1<f64>) -> Option<Array1<f64>> {
    let peak = signal.fold(0.0_f64, |peak, value| peak.max(value.abs()));
    if peak == 0.0 {
        return None;
    }
    let scaled = signal.mapv(|value| value / peak);
    let mean = scaled.sum() / scaled.len() as f64;
    let centred = scaled - mean;
    let norm = centred.dot(&centred).sqrt();
    let is_silent = norm <= SILENCE * (centred.len() as f64).sqrt();
    (!is_silent).then(|| centred / norm)
}

/// [`standardise`] of every column; a silent one becomes zeros, and its index is given back.
pub(crate) fn standardise_columns(signals: ArrayView2<f64>) -> (Array2<f64>, Vec<usize>) {
    let mut standardised = Array2::zeros(signals.dim());
    let mut silent = Vec::new();
    for (column, signal) in signals.columns().into_iter().enumerate() {
        match standardise(signal) {
            Some(signal) => standardised.column_mut(column).assign(&signal),
            None => silent.push(column),
        }
    }
    (standardised, silent)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn standardised_signals_are_centred_with_unit_norm_at_any_scale() {
        for scale in [1e-310, 1e-200, 1.0, 1e200, 1.7e308] {
            let unit = standardise(array![0.1, -0.5, 1.0, 0.3].mapv(|v| v * scale).view()).unwrap();
            assert!(unit.sum().abs() < 1e-12, "scale {scale}");
            assert!((unit.dot(&unit) - 1.0).abs() < 1e-12, "scale {scale}");
        }
    }

    #[test]
    fn constants_are_silent_whatever_their_value() {
        for value in [0.0, 0.1, -7.3, 1e300] {
            assert!(standardise(array![value, value, value].view()).is_none(), "{value}");
        }
        let rounding = array![0.3, 0.1 + 0.2, 0.3, 0.3];
        assert!(standardise(rounding.view()).is_none());
    }

    #[test]
    fn non_finite_values_are_counted_and_located() {
        let mut values = Array2::<f64>::zeros((4, 2));
        values[[2, 1]] = f64::NAN;
        values[[3, 0]] = f64::INFINITY;
        assert_eq!(
            check_finite(values.view(), Role::Estimate),
            Err(Error::NonFinite { role: Role::Estimate, count: 2, sample: 2, column: 1 })
        );
    }
}
