//! Amari distance: how far the global system is from a scaled permutation.

use nalgebra::DMatrix;
use ndarray::ArrayView2;

use crate::align::{align, apply};
use crate::error::{Error, Result};
use crate::signal::{Role, check_finite, standardise_columns};

/// Amari distance between an estimated and the true mixing matrix, in 0 … 1.
///
/// With the global matrix P = Â⁺ A (Â⁺ the pseudo-inverse),
///
/// ```text
/// d = 1/(2n(n−1)) [ Σᵢ (Σⱼ |pᵢⱼ| / maxₖ |pᵢₖ| − 1) + Σⱼ (Σᵢ |pᵢⱼ| / maxₖ |pₖⱼ| − 1) ]
/// ```
///
/// It is 0 where each estimated column is a multiple of a true one of its own, and 1 where all
/// |pᵢⱼ| are equal. The order and signs of the columns never matter; their gains do not matter at
/// d = 0, but weigh the rows of P against each other elsewhere, so give both matrices for sources
/// of unit variance. One source has distance 0. A row or column of zeros in P, for which the
/// ratios are undefined, counts as the worst.
///
/// # Shapes
///
/// Both (channels, sources), channels ≥ sources.
///
/// # Errors
///
/// Other or different shapes, non-finite entries (sample means row here), an estimated mixing
/// matrix without full column rank.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let truth = array![[1.0, 2.0], [3.0, -1.0]];
/// let estimated = array![[-4.0, 0.5], [2.0, 1.5]]; // columns swapped, scaled by -2 and 0.5
/// assert!(bss_metrics::amari(estimated.view(), truth.view())? < 1e-12);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
///
/// # References
///
/// Amari, Cichocki and Yang, A new learning algorithm for blind signal separation, NeurIPS 1995
/// (proceedings of 1996); here divided by its largest value.
pub fn amari(estimated_mixing: ArrayView2<f64>, true_mixing: ArrayView2<f64>) -> Result<f64> {
    let [channels, sources] = estimated_mixing.dim().into();
    if estimated_mixing.dim() != true_mixing.dim() || channels < sources || sources == 0 {
        return Err(Error::MixingShape { estimated: estimated_mixing.dim().into(), truth: true_mixing.dim().into() });
    }
    check_finite(estimated_mixing, Role::Estimate)?;
    check_finite(true_mixing, Role::Reference)?;
    // Columns with a peak of 1 keep the digits of Â⁺ whatever the columns' gains: Â⁺ = D⁻¹ (Â D⁻¹)⁺.
    let mut estimated = to_matrix(estimated_mixing);
    let peaks: Vec<f64> = estimated.column_iter().map(|column| column.amax()).collect();
    for (mut column, &peak) in estimated.column_iter_mut().zip(&peaks) {
        column /= if peak > 0.0 { peak } else { 1.0 };
    }
    let mut global = invert(&estimated, Role::Estimate)? * to_matrix(true_mixing);
    for (mut row, peak) in global.row_iter_mut().zip(peaks) {
        row /= peak;
    }
    Ok(distance(&global))
}

/// Amari distance from the sources alone, in 0 … 1.
///
/// The estimates are matched with the references ([`align`](crate::align())), all are centred and brought to unit
/// variance, and the global matrix of ŝ ≈ G s is the least-squares one,
///
/// ```text
/// Gᵀ = (Sᵀ S)⁻¹ Sᵀ Ŝ
/// ```
///
/// whose distance from a scaled permutation is [`amari`](crate::amari())'s formula with P = G. What in the
/// estimates is no linear mixture of the references (noise, non-linear distortion) is not seen.
///
/// # Shapes
///
/// `estimate` (samples, estimates), `reference` (samples, references).
///
/// # Errors
///
/// As [`align`](crate::align())'s, and references that depend linearly on each other.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
///
/// let sources = Array2::from_shape_fn((200, 2), |(t, j)| ((0.3 + j as f64) * t as f64).sin());
/// assert!(bss_metrics::amari_from_sources(sources.view(), sources.view())? < 1e-12);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn amari_from_sources(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<f64> {
    let alignment = align(estimate, reference)?;
    let (estimate, _) = standardise_columns(apply(&alignment, estimate).view());
    let (reference, _) = standardise_columns(reference);
    let covariance = to_matrix(reference.t().dot(&reference).view()); // SᵀS
    let cross_covariance = to_matrix(reference.t().dot(&estimate).view()); // SᵀŜ
    let global = invert(&covariance, Role::Reference)? * cross_covariance; // Gᵀ
    Ok(distance(&global)) // the formula gives Gᵀ and G the same distance
}

/// The normalised formula on a square global matrix.
fn distance(global: &DMatrix<f64>) -> f64 {
    let n = global.nrows();
    if n < 2 {
        return 0.0;
    }
    let magnitude = global.abs();
    let spread = |entries: &[f64]| {
        let peak = entries.iter().copied().fold(0.0, f64::max);
        if peak > 0.0 { entries.iter().map(|entry| entry / peak).sum::<f64>() - 1.0 } else { (n - 1) as f64 }
    };
    let columns: f64 = magnitude.column_iter().map(|column| spread(column.as_slice())).sum();
    let transposed = magnitude.transpose();
    let rows: f64 = transposed.column_iter().map(|row| spread(row.as_slice())).sum();
    (rows + columns) / (2 * n * (n - 1)) as f64
}

/// The (pseudo-)inverse, or an error naming the rank where the columns are dependent.
fn invert(matrix: &DMatrix<f64>, role: Role) -> Result<DMatrix<f64>> {
    let sources = matrix.ncols();
    let largest = matrix.singular_values().max();
    let threshold = largest * f64::EPSILON * matrix.nrows() as f64 * 8.0;
    let rank = matrix.rank(threshold);
    let deficient = Error::RankDeficient { role, rank, sources };
    if rank < sources {
        return Err(deficient);
    }
    matrix.clone().pseudo_inverse(threshold).map_err(|_| deficient)
}

/// The entries divided by the largest magnitude, which the distance does not depend on, so that no
/// product of them overflows.
fn to_matrix(values: ArrayView2<f64>) -> DMatrix<f64> {
    let peak = values.fold(0.0_f64, |peak, value| peak.max(value.abs()));
    let peak = if peak > 0.0 { peak } else { 1.0 };
    DMatrix::from_fn(values.nrows(), values.ncols(), |row, column| values[[row, column]] / peak)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn equal_magnitudes_are_the_worst_case() {
        for n in 2..6 {
            let global = DMatrix::from_fn(n, n, |i, j| if (i + j) % 2 == 0 { 1.5 } else { -1.5 });
            assert!((distance(&global) - 1.0).abs() < 1e-12, "{n} sources");
        }
        assert_eq!(distance(&DMatrix::zeros(3, 3)), 1.0);
    }

    #[test]
    fn one_source_has_no_distance() {
        assert_eq!(distance(&DMatrix::from_element(1, 1, -3.0)), 0.0);
    }

    #[test]
    fn dependent_columns_are_named_with_their_rank() {
        let estimated = array![[1.0, 2.0], [2.0, 4.0], [0.5, 1.0]];
        let truth = Array2::from_shape_fn((3, 2), |(i, j)| if i == j { 1.0 } else { 0.0 });
        assert_eq!(
            amari(estimated.view(), truth.view()),
            Err(Error::RankDeficient { role: Role::Estimate, rank: 1, sources: 2 })
        );
    }

    #[test]
    fn extreme_entries_give_no_overflow() {
        let truth = array![[1e308, -1e308], [1e300, 1e308]];
        let estimated = array![[1e308, -1e50], [1e300, 1e50]];
        assert!(amari(estimated.view(), truth.view()).unwrap() < 1e-12);
        assert_eq!(amari(estimated.view(), Array2::zeros((2, 2)).view()), Ok(1.0));
    }

    #[test]
    fn mixing_matrices_of_other_shapes_are_refused() {
        let wide = Array2::<f64>::ones((2, 3));
        let square = Array2::<f64>::eye(2);
        for (estimated, truth) in [(&wide, &wide), (&square, &wide)] {
            let error = amari(estimated.view(), truth.view()).unwrap_err();
            assert!(matches!(error, Error::MixingShape { .. }), "{error}");
        }
    }
}
