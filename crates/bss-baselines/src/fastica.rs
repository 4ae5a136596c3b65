//! FastICA: the fixed-point iteration for independent components (Hyvärinen 1999, IEEE Trans. Neural Netw. 10(3)).

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::decorrelation::{decorrelated, random_rotation};
use crate::{Course, Demix, Nonlinearity, Result, Rotation};

/// Symmetric FastICA. All rows of W are taken through the fixed point at once and decorrelated:
///
/// ```text
/// w_i ← E[z g(w_iᵀ z)] - E[g′(w_iᵀ z)] w_i,   W ← (W Wᵀ)^(-1/2) W
/// ```
///
/// until `max_i |1 - |w_iᵀ w_i,before||` is at most the tolerance. It fails where two or more sources are Gaussian, and
/// need not converge where the model does not hold; another seed is then another try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FastIca {
    /// g.
    pub nonlinearity: Nonlinearity,
    /// Rows turn by an angle φ in an iteration that changes them by 1 - cos φ ≈ φ²/2.
    pub tolerance: f64,
    /// The most iterations.
    pub iterations: usize,
    /// Of the start, a random rotation.
    pub seed: u64,
}

impl Default for FastIca {
    fn default() -> Self {
        Self { nonlinearity: Nonlinearity::LogCosh, tolerance: 1e-10, iterations: 2000, seed: 0 }
    }
}

impl Demix for FastIca {
    fn rotation(&self, z: ArrayView2<f64>) -> Result<Rotation> {
        let mut w = random_rotation(self.seed, z.ncols()); // a source in each row
        let course = Course::run(self.iterations, self.tolerance, |_| {
            let next = self.step(z, &w);
            let cosines = (&next * &w).sum_axis(Axis(1));
            w = next;
            cosines.iter().fold(0.0, |largest, cosine| largest.max((1.0 - cosine.abs()).abs()))
        });
        Ok(Rotation { matrix: w.reversed_axes(), course })
    }
}

impl FastIca {
    /// One iteration of all rows.
    fn step(&self, z: ArrayView2<f64>, w: &Array2<f64>) -> Array2<f64> {
        let samples = z.nrows() as f64;
        let mut scores = z.dot(&w.t()); // (samples, n)
        let mut slopes = Array1::<f64>::zeros(w.nrows());
        for mut row in scores.rows_mut() {
            for (value, slope) in row.iter_mut().zip(&mut slopes) {
                let (score, derivative) = self.nonlinearity.score(*value);
                *value = score;
                *slope += derivative;
            }
        }
        let fixed_point = scores.t().dot(&z) - w * &slopes.insert_axis(Axis(1));
        decorrelated(&(fixed_point / samples))
    }
}
