//! Random matrices that can be inverted without losing many digits.

use nalgebra::DMatrix;
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Condition numbers (largest over smallest singular value) stay below this.
pub(super) const LARGEST_CONDITION: f64 = 20.0;

/// Draws tried before the singular values of the last one are lifted. Square matrices of up to
/// about 15 rows nearly always pass before; of larger ones hardly any draw would.
const DRAWS: usize = 100;

/// Whether rows are scaled after drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Standard normal entries.
    AsDrawn,
    /// Each row divided by its Euclidean norm.
    UnitNorm,
}

/// A matrix of standard normal entries, drawn again until its condition number is below
/// [`LARGEST_CONDITION`].
///
/// Where [`DRAWS`] do not suffice, the singular values of the last draw that are too small are
/// lifted. Scaling the rows of a lifted matrix changes its condition number a little more.
pub(super) fn well_conditioned(rows: usize, columns: usize, scaling: Rows, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let mut matrix = DMatrix::zeros(rows, columns);
    for _ in 0..DRAWS {
        matrix = scale_rows(draw(rows, columns, rng), scaling);
        if condition(&matrix) < LARGEST_CONDITION {
            return to_array(&matrix);
        }
    }
    to_array(&scale_rows(lift(matrix), scaling))
}

fn draw(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| StandardNormal.sample(rng))
}

fn scale_rows(mut matrix: DMatrix<f64>, scaling: Rows) -> DMatrix<f64> {
    if scaling == Rows::UnitNorm {
        for mut row in matrix.row_iter_mut() {
            let norm = row.norm();
            row /= norm; // zero only if all normal draws of a row are
        }
    }
    matrix
}

pub(super) fn condition(matrix: &DMatrix<f64>) -> f64 {
    let singular_values = matrix.singular_values();
    singular_values.max() / singular_values.min()
}

/// The matrix with its singular values raised to at least twice what the limit asks for.
fn lift(matrix: DMatrix<f64>) -> DMatrix<f64> {
    let mut svd = matrix.svd(true, true);
    let smallest = 2.0 * svd.singular_values.max() / LARGEST_CONDITION;
    svd.singular_values.apply(|value| *value = value.max(smallest));
    svd.recompose().expect("both factors were computed")
}

fn to_array(matrix: &DMatrix<f64>) -> Array2<f64> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |index| matrix[index])
}
