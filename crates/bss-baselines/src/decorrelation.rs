//! Symmetric decorrelation: the orthogonal matrix nearest to a square one.

use nalgebra::{DMatrix, SVD};
use ndarray::Array2;

use bss_nn::{Noise, Purpose};

/// (W Wᵀ)^(-1/2) W, which is U Vᵀ of the singular value decomposition; by the latter it is orthogonal for a W of lower
/// rank too.
pub(crate) fn decorrelated(w: &Array2<f64>) -> Array2<f64> {
    let (rows, columns) = w.dim();
    let svd = SVD::new(DMatrix::from_fn(rows, columns, |i, j| w[(i, j)]), true, true);
    let (Some(u), Some(v_t)) = (svd.u, svd.v_t) else { return Array2::eye(rows) };
    let product = u * v_t;
    Array2::from_shape_fn((rows, columns), |(i, j)| product[(i, j)])
}

/// A random orthogonal matrix, from the seed alone: the start of methods that need one.
pub(crate) fn random_rotation(seed: u64, n: usize) -> Array2<f64> {
    let draws: Vec<f64> = Noise::new(seed).normal(Purpose::Initial, 0, 0, n * n);
    decorrelated(&Array2::from_shape_fn((n, n), |(i, j)| draws[i * n + j]))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_nearest_orthogonal_matrix_is_orthogonal() {
        let scaled = decorrelated(&array![[0.0, -3.0], [0.5, 0.0]]);
        assert!((scaled - array![[0.0, -1.0], [1.0, 0.0]]).iter().all(|v| v.abs() < 1e-15));
        for w in [random_rotation(3, 6), decorrelated(&Array2::ones((6, 6)))] {
            assert!((w.dot(&w.t()) - Array2::<f64>::eye(6)).iter().all(|v| v.abs() < 1e-12), "{w}");
        }
        assert_eq!(random_rotation(3, 6), random_rotation(3, 6));
        assert_ne!(random_rotation(3, 6), random_rotation(4, 6));
    }
}
