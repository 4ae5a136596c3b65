//! JADE: sources told apart by their fourth-order cumulants (Cardoso and Souloumiac 1993, IEE Proc. F 140(6)).

use ndarray::{Array2, ArrayView2, Axis};

use crate::{Demix, Error, Result, Rotation, joint_diagonaliser};

/// n(n + 1)/2 matrices of n × n: with so many sources they take 400 MB.
const MOST_SOURCES: usize = 100;

/// Joint approximate diagonalisation of eigen-matrices, here of a whole basis of cumulant matrices instead of the
/// eigen-matrices of their tensor: for real signals the criterion is the same (Cardoso 1999, Neural Comput. 11(1)).
///
/// ```text
/// Q_ij = 1/R Σ_r z_{r,i} z_{r,j} z_r z_rᵀ - δ_ij I - e_i e_jᵀ - e_j e_iᵀ,   i ≤ j, weighted √2 where i < j
/// ```
///
/// The covariance of z is I, so these are the cumulants of the sample itself; with independent sources they are
/// diagonal. It fails where two or more sources have no fourth cumulant, as Gaussian ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jade;

impl Demix for Jade {
    fn rotation(&self, z: ArrayView2<f64>) -> Result<Rotation> {
        let sources = z.ncols();
        if sources > MOST_SOURCES {
            return Err(Error::TooManySources { sources, most: MOST_SOURCES });
        }
        let pairs = (0..sources).flat_map(|i| (i..sources).map(move |j| (i, j)));
        Ok(joint_diagonaliser(pairs.map(|(i, j)| cumulants(z, i, j)).collect()))
    }
}

/// Q_ij, with its weight.
fn cumulants(z: ArrayView2<f64>, i: usize, j: usize) -> Array2<f64> {
    let (samples, n) = z.dim();
    let weights = &z.column(i) * &z.column(j) / samples as f64;
    let mut cumulants = (&z * &weights.insert_axis(Axis(1))).t().dot(&z);
    if i == j {
        cumulants -= &Array2::<f64>::eye(n);
    }
    cumulants[(i, j)] -= 1.0;
    cumulants[(j, i)] -= 1.0;
    if i == j { cumulants } else { cumulants * std::f64::consts::SQRT_2 }
}
