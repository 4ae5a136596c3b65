//! The unit of each channel in which the noise of all channels is the same.
//!
//! Two are common: sensors of one kind share their noise in the recording's own unit, and channels of different kinds
//! have noise of about the same share of their own variance. In the right unit the weakest eigenvalues of the covariance
//! are equal, which a description of few numbers can say: the shorter of the two minimum description lengths (Wax and
//! Kailath 1985) decides.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, ArrayView2, Axis};

/// So many nats shorter a description must be to decide against the recording's own unit: what is equal but for rounding
/// is not.
const EVIDENCE: f64 = 1.0;

/// What to divide each channel by: the same for all, or each channel's standard deviation.
///
/// # Shapes
/// (samples, channels) -> (channels); `rank` is the number of dimensions that the channels span.
#[must_use]
pub fn noise_units(x: ArrayView2<f64>, rank: usize) -> Array1<f64> {
    let deviation = x.std_axis(Axis(0), 0.0);
    let overall = deviation.iter().copied().fold(0.0, f64::max);
    let overall = if overall > 0.0 { overall } else { 1.0 };
    // What hardly changes is noise of the rounding, and is to stay small.
    let relative = deviation.mapv(|v| if v > 1e-12 * overall { v } else { overall });
    let own = Array1::from_elem(x.ncols(), overall);
    let length = |unit: &Array1<f64>| description_length(&eigenvalues((&x / unit).view())[..rank], x.nrows());
    if length(&relative) + EVIDENCE < length(&own) { relative } else { own }
}

/// Of the channels' covariance, the largest first.
///
/// # Shapes
/// (samples, channels) -> channels.
pub(crate) fn eigenvalues(x: ArrayView2<f64>) -> Vec<f64> {
    let mean = x.mean_axis(Axis(0)).unwrap_or_default();
    let centred = &x - &mean;
    let covariance = centred.t().dot(&centred) / x.nrows() as f64;
    let covariance = DMatrix::from_fn(x.ncols(), x.ncols(), |i, j| covariance[(i, j)]);
    let mut values: Vec<f64> = SymmetricEigen::new(covariance).eigenvalues.iter().map(|value| value.max(0.0)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// Nats that n strong components and equal noise in the other dimensions need beyond those of a full covariance, whose
/// parameters are free; of the best n.
fn description_length(eigenvalues: &[f64], samples: usize) -> f64 {
    let (dimensions, samples) = (eigenvalues.len() as f64, samples as f64);
    let of = |n: usize| {
        let rest = &eigenvalues[n..];
        let left_out = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / left_out;
        let misfit = 0.5 * samples * rest.iter().map(|value| (mean / value).ln()).sum::<f64>();
        let n = n as f64;
        misfit + 0.5 * (dimensions * n - 0.5 * n * (n - 1.0) + 1.0) * samples.ln()
    };
    (0..eigenvalues.len()).map(of).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bss_nn::{Noise, Purpose};
    use ndarray::Array2;

    /// Six channels of two signals, with gains far apart, and noise of the given deviations.
    fn recording(noise: [f64; 6]) -> Array2<f64> {
        let eps: Vec<f64> = Noise::new(3).normal(Purpose::Sample, 0, 0, 6000);
        let gain = [[1.0, 0.3], [8.0, -5.0], [0.5, 0.9], [-3.0, 2.0], [0.2, -0.4], [4.0, 4.0]];
        Array2::from_shape_fn((1000, 6), |(r, c)| {
            let t = r as f64;
            gain[c][0] * (0.11 * t).sin() + gain[c][1] * (0.053 * t).cos() + noise[c] * eps[6 * r + c]
        })
    }

    #[test]
    fn the_unit_is_that_in_which_noise_is_equal() {
        let equal = recording([0.05; 6]);
        let unit = noise_units(equal.view(), 6);
        assert!(unit.iter().all(|v| *v == unit[0]), "{unit}");
        let deviation = recording([0.0; 6]).std_axis(Axis(0), 0.0);
        let relative = recording(std::array::from_fn(|c| 0.05 * deviation[c]));
        let unit = noise_units(relative.view(), 6);
        assert!((&unit / &deviation).iter().all(|v| (v - 1.0).abs() < 0.01), "{unit}");
    }

    #[test]
    fn without_noise_to_judge_by_the_recording_keeps_its_unit() {
        let x = recording([0.0; 6]).select(Axis(1), &[0, 1]);
        let unit = noise_units(x.view(), 2);
        assert_eq!(unit[0], unit[1]);
    }
}
