//! The assignment of columns to rows with the largest sum of weights.

use ndarray::ArrayView2;
use pathfinding::prelude::{Matrix, kuhn_munkres};

/// Weights become integers of this many steps, so that the assignment is exact and the same on every machine.
const STEPS: f64 = (1_u64 << 40) as f64;

/// A column of its own for each row, by the Kuhn-Munkres algorithm; weights (rows, columns) within ±1, columns ≥ rows.
pub(crate) fn largest_sum(weights: ArrayView2<f64>) -> Vec<usize> {
    let mut integers = Matrix::new(weights.nrows(), weights.ncols(), 0_i64);
    for (at, weight) in weights.indexed_iter() {
        integers[at] = (weight * STEPS).round() as i64;
    }
    kuhn_munkres(&integers).1
}
