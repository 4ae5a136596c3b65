//! Pearson correlation between every reference and every estimate, and their mean after matching.

use ndarray::{Array2, ArrayView2};

use crate::align::align;
use crate::error::{Error, Result};
use crate::signal::{Role, check_pair, standardise_columns};

/// Pearson correlation of every reference with every estimate.
///
/// ```text
/// ρⱼₖ = Σₜ (sⱼₜ − s̄ⱼ)(ŝₖₜ − ŝ̄ₖ) / (‖sⱼ − s̄ⱼ‖ ‖ŝₖ − ŝ̄ₖ‖)
/// ```
///
/// A silent estimate has no correlation and gets 0.
///
/// # Shapes
///
/// `estimate` (samples, estimates), `reference` (samples, references); result
/// (references, estimates).
///
/// # Errors
///
/// Different numbers of samples, too few samples or estimates, non-finite values, a silent
/// reference.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let reference = array![[0.0], [1.0], [2.0]];
/// let estimate = array![[5.0, 1.0], [4.0, -2.0], [3.0, 1.0]];
/// let correlation = bss_metrics::correlation_matrix(estimate.view(), reference.view())?;
/// assert!((correlation[[0, 0]] + 1.0).abs() < 1e-12); // falls as the reference rises
/// assert!(correlation[[0, 1]].abs() < 1e-12);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn correlation_matrix(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<Array2<f64>> {
    Ok(correlation_and_silence(estimate, reference)?.0)
}

/// [`correlation_matrix`], and the columns of the estimate that are silent.
pub(crate) fn correlation_and_silence(
    estimate: ArrayView2<f64>,
    reference: ArrayView2<f64>,
) -> Result<(Array2<f64>, Vec<usize>)> {
    check_pair(estimate, reference)?;
    let (reference, silent_references) = standardise_columns(reference);
    if let Some(&column) = silent_references.first() {
        return Err(Error::Silent { role: Role::Reference, column });
    }
    let (estimate, silent_estimates) = standardise_columns(estimate);
    let correlation = reference.t().dot(&estimate); // (references, estimates)
    Ok((correlation.mapv_into(|rho| rho.clamp(-1.0, 1.0)), silent_estimates))
}

/// Mean correlation coefficient: the mean over references of |ρ| after matching.
///
/// # Shapes
///
/// As [`align`](crate::align())'s.
///
/// # Errors
///
/// As [`align`](crate::align())'s.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let sources = array![[0.0, 1.0], [1.0, -1.0], [2.0, 0.5]];
/// let mcc = bss_metrics::mcc(sources.view(), sources.view())?;
/// assert!((mcc - 1.0).abs() < 1e-12);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
///
/// # References
///
/// Hyvärinen and Morioka, Unsupervised feature extraction by time-contrastive learning and
/// nonlinear ICA, NeurIPS 2016 (arXiv 1605.06336).
pub fn mcc(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<f64> {
    let correlation = align(estimate, reference)?.correlation;
    Ok(mean(&correlation))
}

/// The mean of a non-empty slice.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
