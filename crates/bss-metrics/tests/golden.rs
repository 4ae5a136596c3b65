//! Numbers that NumPy gives for the same signals.
//!
//! ```python
//! import numpy as np
//!
//! t = np.arange(400)
//! s = np.stack([np.sin(0.11*t), np.cos(0.37*t + 1)**3, (7.3*t % 31) / 31], 1)
//! e = np.stack([s[:, 2] + 0.3*s[:, 0], 0.2*s[:, 1] - 2*s[:, 0], -s[:, 1] + 0.1*t/400], 1)
//! z = lambda x: (x - x.mean(0)) / x.std(0)
//! print(np.corrcoef(s.T, e.T)[:3, 3:])
//! p = [1, 2, 0]
//! for j in range(3):
//!     x, y = s[:, j] - s[:, j].mean(), e[:, p[j]] - e[:, p[j]].mean()
//!     a = x @ y / (x @ x)
//!     print(10*np.log10(np.sum((a*x)**2) / np.sum((a*x - y)**2)))
//!
//! def amari(P):
//!     P, n = abs(P), len(P)
//!     return ((P / P.max(1, keepdims=True)).sum() + (P / P.max(0)).sum() - 2*n) / (2*n*(n - 1))
//!
//! print(amari(np.linalg.lstsq(z(s), z(e), rcond=None)[0].T))
//! A = np.array([[1, 2, -1], [.5, -1, 3], [2, .2, .1], [-.3, 1, 1.]])
//! E = np.array([[2.1, -.9, 1], [-.8, 3.2, .4], [.1, .2, 2.2], [1.2, 1.1, -.2]])
//! print(amari(np.linalg.pinv(E) @ A))
//! ```

#![expect(clippy::unreadable_literal, reason = "numbers as NumPy prints them")]

use bss_metrics::{Matching, Metric, amari, correlation_matrix, evaluate};
use ndarray::{Array2, array};

const CORRELATION: [[f64; 3]; 3] = [
    [0.5918630928237729, -0.9968972565639982, -0.002549373625526324],
    [-0.07903142929939194, 0.08190229616765034, -0.9986663805903337],
    [0.806761656122552, -0.00875200583520377, 0.09648183381897446],
];
const SI_SDR_DB: [f64; 3] = [22.05199215820944, 25.730686448634607, 2.704963256770317];
const AMARI_FROM_SOURCES: f64 = 0.1247758860411506;
const AMARI: f64 = 0.04592999648379825;

fn sources() -> Array2<f64> {
    Array2::from_shape_fn((400, 3), |(t, j)| {
        let t = t as f64;
        match j {
            0 => (0.11 * t).sin(),
            1 => (0.37 * t + 1.0).cos().powi(3),
            _ => (7.3 * t % 31.0) / 31.0,
        }
    })
}

fn estimates() -> Array2<f64> {
    let s = sources();
    Array2::from_shape_fn(s.dim(), |(t, k)| match k {
        0 => s[[t, 2]] + 0.3 * s[[t, 0]],
        1 => 0.2 * s[[t, 1]] - 2.0 * s[[t, 0]],
        _ => -s[[t, 1]] + 0.1 * t as f64 / 400.0,
    })
}

#[track_caller]
fn check_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
}

#[test]
fn correlation_matrix_is_numpys() {
    let correlation = correlation_matrix(estimates().view(), sources().view()).unwrap();
    for ((row, column), &rho) in correlation.indexed_iter() {
        check_close(rho, CORRELATION[row][column]);
    }
}

#[test]
fn all_metrics_are_numpys() {
    let scores = evaluate(
        estimates().view(),
        None,
        sources().view(),
        Matching::Correlation,
        &[Metric::Correlation, Metric::SiSdr, Metric::Amari, Metric::Mcc],
    )
    .unwrap();
    assert_eq!(scores.alignment.permutation, [1, 2, 0]);
    assert_eq!(scores.alignment.sign, [-1.0, -1.0, 1.0]);

    let correlation = [CORRELATION[0][1], CORRELATION[1][2], CORRELATION[2][0]].map(f64::abs);
    let per_source = |metric| scores.get(metric).unwrap().per_source.clone();
    for (found, expected) in per_source(Metric::Correlation).unwrap().iter().zip(correlation) {
        check_close(*found, expected);
    }
    for (found, expected) in per_source(Metric::SiSdr).unwrap().iter().zip(SI_SDR_DB) {
        check_close(*found, expected);
    }
    assert_eq!(per_source(Metric::Mcc), None);
    assert_eq!(per_source(Metric::Amari), None);

    let mean = |metric| scores.get(metric).unwrap().mean;
    check_close(mean(Metric::Correlation), correlation.iter().sum::<f64>() / 3.0);
    check_close(mean(Metric::Mcc), correlation.iter().sum::<f64>() / 3.0);
    check_close(mean(Metric::SiSdr), SI_SDR_DB.iter().sum::<f64>() / 3.0);
    check_close(mean(Metric::Amari), AMARI_FROM_SOURCES);
}

#[test]
fn amari_of_two_mixing_matrices_is_numpys() {
    let truth = array![[1.0, 2.0, -1.0], [0.5, -1.0, 3.0], [2.0, 0.2, 0.1], [-0.3, 1.0, 1.0]];
    let estimated = array![[2.1, -0.9, 1.0], [-0.8, 3.2, 0.4], [0.1, 0.2, 2.2], [1.2, 1.1, -0.2]];
    check_close(amari(estimated.view(), truth.view()).unwrap(), AMARI);
}
