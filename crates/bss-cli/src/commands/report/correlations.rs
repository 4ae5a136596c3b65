//! How near the sources came to the truth along the training, from the demixing matrices of the log.
//!
//! The log holds W of `μ = z W + b` (z the whitened recording), so all correlations follow from second moments alone:
//!
//! ```text
//! ρ(s_j, μ_k) = c_j·w_k / √(w_kᵀ G w_k),   G = cov(z),  c_j = cov(s_j, z) / sd(s_j)
//! ```

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde_json::Value;

/// Correlations with the truth, one for each line of the log; NaN where a line has none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    /// The mean absolute correlation under the best one-to-one matching.
    pub(super) mean: Vec<f64>,
    /// The largest absolute correlation of any estimate with each reference, `[reference][t]`.
    pub(super) best: Vec<Vec<f64>>,
}

/// The course of one restart, for a whitened recording z (samples, components) and its true sources (samples,
/// references); `None` where the log has no demixing matrices.
pub(super) fn course(log: &[Value], restart: usize, z: ArrayView2<f64>, truth: ArrayView2<f64>) -> Option<Course> {
    log.first()?.get("demixing")?;
    let moments = Moments::new(z, truth);
    let mut course = Course { mean: Vec::new(), best: vec![Vec::new(); truth.ncols()] };
    for line in log {
        let correlation = matrix(&line["demixing"][restart]).and_then(|demixing| moments.correlation(&demixing));
        let mean = correlation.as_ref().and_then(|correlation| bss_metrics::assign(correlation.view()).ok());
        course.mean.push(mean.map_or(f64::NAN, |matched| Array1::from(matched.correlation).mean().unwrap_or(f64::NAN)));
        for (j, best) in course.best.iter_mut().enumerate() {
            let largest = |all: &Array2<f64>| all.row(j).iter().fold(0.0_f64, |most, rho| most.max(rho.abs()));
            best.push(correlation.as_ref().map_or(f64::NAN, largest));
        }
    }
    Some(course)
}

/// What all correlations follow from.
struct Moments {
    /// G, (components, components).
    covariance: Array2<f64>,
    /// c, (references, components).
    cross: Array2<f64>,
}

impl Moments {
    fn new(z: ArrayView2<f64>, truth: ArrayView2<f64>) -> Self {
        let samples = z.nrows() as f64;
        let centred = |v: ArrayView2<f64>| &v - &v.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(v.ncols()));
        let (z, deviation) = (centred(z), truth.std_axis(Axis(0), 0.0));
        let truth = centred(truth) / &deviation;
        Self { covariance: z.t().dot(&z) / samples, cross: truth.t().dot(&z) / samples }
    }

    /// Correlations (references, estimates) for a demixing matrix (components, estimates); `None` for one of another
    /// recording.
    fn correlation(&self, demixing: &Array2<f64>) -> Option<Array2<f64>> {
        if demixing.nrows() != self.covariance.nrows() {
            return None;
        }
        let power = (demixing * &self.covariance.dot(demixing)).sum_axis(Axis(0));
        let correlation = self.cross.dot(demixing) / power.mapv(f64::sqrt);
        // A silent estimate has no correlation and gets 0.
        Some(correlation.mapv(|rho| if rho.is_finite() { rho.clamp(-1.0, 1.0) } else { 0.0 }))
    }
}

/// A matrix of the log; `None` if it is none or holds what is not a number, as that of a diverged restart.
fn matrix(value: &Value) -> Option<Array2<f64>> {
    let rows = value.as_array()?;
    let columns = rows.first()?.as_array()?.len();
    let entries = rows.iter().flat_map(|row| row.as_array().into_iter().flatten());
    let entries = entries.map(Value::as_f64).collect::<Option<Vec<f64>>>()?;
    Array2::from_shape_vec((rows.len(), columns), entries).ok()
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde_json::json;

    use super::*;

    fn signals() -> (Array2<f64>, Array2<f64>) {
        let truth = Array2::from_shape_fn((60, 2), |(r, j)| (0.3 * (1.0 + 1.7 * j as f64) * r as f64).sin());
        let z = truth.dot(&array![[1.0, 0.4, -0.2], [0.3, -2.0, 0.5]]) + 7.0;
        (z, truth)
    }

    #[test]
    fn correlations_are_those_of_the_demixed_recording() {
        let (z, truth) = signals();
        let demixing = array![[1.0, -0.5], [0.2, 0.9], [0.0, 3.0]];
        let found = Moments::new(z.view(), truth.view()).correlation(&demixing).unwrap();
        let expected = bss_metrics::correlation_matrix(z.dot(&demixing).view(), truth.view()).unwrap();
        assert!((&found - &expected).iter().all(|v| v.abs() < 1e-12), "{found} instead of {expected}");
    }

    #[test]
    fn the_course_tells_of_one_restart_and_has_gaps() {
        let (z, truth) = signals();
        let both_the_same = json!([[1.0, 2.0], [0.15, 0.3], [0.0, 0.0]]);
        let log = [
            json!({ "demixing": [[[9.0, 9.0]], both_the_same] }),
            json!({ "demixing": [[], [[null, 1.0], [0.0, 0.0], [0.0, 0.0]]] }),
            json!({ "demixing": [[], [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]] }),
            json!({}),
        ];
        let Course { mean, best } = course(&log, 1, z.view(), truth.view()).unwrap();
        // The first estimate is all but the first source; a matching needs another one for the second source.
        assert!(best[0][0] > 0.99 && best[1][0] < 0.5, "{best:?}");
        assert!((mean[0] - f64::midpoint(best[0][0], best[1][0])).abs() < 1e-12);
        assert!(mean[1].is_nan() && best[0][1].is_nan() && mean[3].is_nan(), "a diverged restart has none");
        assert_eq!((mean[2], best[1][2]), (0.0, 0.0), "a silent estimate is like no source");
        assert_eq!(course(&log[3..], 1, z.view(), truth.view()), None);
    }
}
