//! Joint diagonalisation of symmetric matrices by Jacobi angles (Cardoso and Souloumiac 1996, SIAM J. Matrix Anal.
//! Appl. 17(1)).

use ndarray::Array2;

use crate::{Course, Rotation};

/// The most sweeps over all pairs; convergence is quadratic, so some ten are usual.
const SWEEPS: usize = 200;

/// The sine of an angle below which a plane counts as turned already.
const TOLERANCE: f64 = 1e-10;

/// What of the squared entries of a plane is rounding: a plane with no more to tell is left as it is.
const ROUNDING: f64 = 1e-24;

/// The orthogonal V that makes every Vᵀ M V as diagonal as can be:
///
/// ```text
/// V = argmin_V Σ_k off(Vᵀ M_k V),   off(M) = Σ_{i≠j} M_ij²
/// ```
///
/// In the plane of p and q the angle is in closed form: with h_k = (M_pp - M_qq, M_pq + M_qp) of each matrix and
/// G = Σ_k h_k h_kᵀ, `θ = ¼ atan2(2 G_12, G_11 - G_22)`. Planes are taken in turn until no angle is left. Of the
/// rotation's [`Course`], a change is the largest sine in a sweep.
///
/// # Shapes
/// Each matrix (n, n), symmetric; the result's matrix (n, n).
///
/// # Examples
/// ```
/// use bss_baselines::joint_diagonaliser;
/// use ndarray::array;
///
/// let found = joint_diagonaliser(vec![array![[2.0, 1.0], [1.0, 2.0]], array![[0.0, 3.0], [3.0, 0.0]]]);
/// assert!((found.matrix[(0, 0)].abs() - 0.5_f64.sqrt()).abs() < 1e-12);
/// ```
#[must_use]
pub fn joint_diagonaliser(mut matrices: Vec<Array2<f64>>) -> Rotation {
    let n = matrices.first().map_or(0, Array2::nrows);
    let mut rotation = Array2::eye(n);
    let course = Course::run(SWEEPS, TOLERANCE, |_| {
        let mut largest = 0.0_f64;
        for p in 0..n {
            for q in p + 1..n {
                let (cosine, sine) = angle(&matrices, p, q);
                largest = largest.max(sine.abs());
                if sine.abs() > TOLERANCE {
                    for matrix in &mut matrices {
                        turn_columns(matrix, p, q, cosine, sine);
                        turn_rows(matrix, p, q, cosine, sine);
                    }
                    turn_columns(&mut rotation, p, q, cosine, sine);
                }
            }
        }
        largest
    });
    Rotation { matrix: rotation, course }
}

/// Cosine and sine of the angle that makes the plane of p and q the most diagonal.
fn angle(matrices: &[Array2<f64>], p: usize, q: usize) -> (f64, f64) {
    let (mut on, mut off, mut size) = (0.0, 0.0, 0.0);
    for m in matrices {
        let (difference, sum) = (m[(p, p)] - m[(q, q)], m[(p, q)] + m[(q, p)]);
        on += difference * difference - sum * sum;
        off += 2.0 * difference * sum;
        size += m[(p, p)].powi(2) + m[(q, q)].powi(2) + sum * sum;
    }
    if f64::hypot(on, off) <= ROUNDING * size {
        return (1.0, 0.0);
    }
    // Not ½ atan2(off, on + hypot(on, off)), which is the same but for a plane that is worst as it stands: there both
    // arguments are zero, and it would be left so.
    let theta = 0.25 * off.atan2(on);
    (theta.cos(), theta.sin())
}

/// M J, with J the rotation of columns p and q.
fn turn_columns(m: &mut Array2<f64>, p: usize, q: usize, cosine: f64, sine: f64) {
    for mut row in m.rows_mut() {
        let (a, b) = (row[p], row[q]);
        row[p] = cosine * a + sine * b;
        row[q] = cosine * b - sine * a;
    }
}

/// Jᵀ M.
fn turn_rows(m: &mut Array2<f64>, p: usize, q: usize, cosine: f64, sine: f64) {
    for mut column in m.columns_mut() {
        let (a, b) = (column[p], column[q]);
        column[p] = cosine * a + sine * b;
        column[q] = cosine * b - sine * a;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::*;

    /// Some orthogonal matrix.
    fn orthogonal() -> Array2<f64> {
        let reflection = |v: Array1<f64>| {
            let square = v.dot(&v);
            Array2::from_shape_fn((4, 4), |(i, j)| f64::from(i == j) - 2.0 * v[i] * v[j] / square)
        };
        reflection(array![1.0, -2.0, 0.5, 3.0]).dot(&reflection(array![0.3, 0.1, -1.0, 0.7]))
    }

    #[test]
    fn what_is_jointly_diagonal_is_found_exactly() {
        let v = orthogonal();
        // Each matrix alone has equal eigenvalues, and only all together tell every plane.
        let diagonals = [array![1.0, 1.0, 2.0, 2.0], array![3.0, -1.0, 3.0, -1.0], array![0.5, 0.5, 0.5, 0.5]];
        let matrices: Vec<_> = diagonals.iter().map(|d| v.dot(&Array2::from_diag(d)).dot(&v.t())).collect();
        let found = joint_diagonaliser(matrices);
        assert!(found.course.is_converged && found.course.changes.len() < 10, "{:?}", found.course);
        let product = v.t().dot(&found.matrix);
        for row in product.rows() {
            let largest = row.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            assert!((largest - 1.0).abs() < 1e-12, "{product}");
        }
    }

    #[test]
    fn a_plane_that_is_worst_as_it_stands_is_turned() {
        let found = joint_diagonaliser(vec![array![[1.0, 3.0], [3.0, 1.0]]]);
        assert!(found.matrix.iter().all(|entry| (entry.abs() - 0.5_f64.sqrt()).abs() < 1e-15), "{found:?}");
    }

    #[test]
    fn what_tells_nothing_apart_ends_at_once() {
        let found = joint_diagonaliser(vec![Array2::eye(5) * 0.3; 3]);
        assert_eq!((found.matrix, found.course.changes), (Array2::eye(5), vec![0.0]));
        assert!(joint_diagonaliser(Vec::new()).course.is_converged);
    }
}
