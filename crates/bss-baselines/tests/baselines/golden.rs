//! Separating matrices against NumPy, scikit-learn and python-picard: `fixtures/make_baselines.py` made them.

use std::path::Path;

use bss_baselines::{Demix, FastIca, Jade, Nonlinearity, Picard, Sobi};
use bss_data::{Location, ReadOptions};
use ndarray::{Array2, Ix2, s};

fn array(name: &str) -> Array2<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/baselines.npz");
    let read = bss_data::read(&Location::with_key(path, name), &ReadOptions::default()).unwrap();
    read.values.into_dimensionality::<Ix2>().unwrap()
}

/// The rows as unit vectors with a positive largest entry, in a fixed order.
fn normalised(b: &Array2<f64>) -> Vec<Vec<f64>> {
    let row = |row: ndarray::ArrayView1<f64>| {
        let largest = row.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        let scale = row.dot(&row).sqrt() * largest.signum();
        row.iter().map(|value| value / scale).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = b.rows().into_iter().map(row).collect();
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    rows
}

/// The largest difference of the separating matrices, up to order, sign and scale.
#[track_caller]
fn difference(method: &dyn Demix, name: &str) -> f64 {
    let x = array("mixture");
    let cases = [(x.slice(s![.., ..3]), name.to_owned()), (x.view(), format!("{name}_4"))];
    let mut largest = 0.0_f64;
    for (x, name) in cases {
        let fitted = method.fit(x, 3).unwrap();
        assert!(fitted.course.is_converged, "{name}: {:?}", fitted.course);
        let (found, expected) = (normalised(&fitted.demixing.demixing), normalised(&array(&name)));
        for (a, b) in found.iter().flatten().zip(expected.iter().flatten()) {
            largest = largest.max((a - b).abs());
        }
    }
    largest
}

#[test]
fn sobi_and_jade_are_numpys() {
    for (method, name) in [(&Sobi::default() as &dyn Demix, "sobi"), (&Jade, "jade")] {
        let found = difference(method, name);
        assert!(found < 1e-8, "{name}: {found:e}");
    }
}

/// An angle φ of the last turn changes a row by 1 - cos φ ≈ φ²/2: at the default tolerance of 1e-10 by 1.4e-5, and what
/// is left behind a turn is of its size, since convergence on a sample is linear.
#[test]
fn fastica_is_scikit_learns_as_far_as_its_tolerance_says() {
    for (nonlinearity, name) in [
        (Nonlinearity::LogCosh, "fastica_logcosh"),
        (Nonlinearity::Cube, "fastica_cube"),
        (Nonlinearity::Exp, "fastica_exp"),
    ] {
        let default = FastIca { nonlinearity, ..FastIca::default() };
        let found = difference(&default, name);
        assert!(found < 5e-5, "{name}: {found:e}");
        let found = difference(&FastIca { tolerance: 1e-15, ..default }, name);
        assert!(found < 5e-7, "{name}, to the end: {found:e}");
    }
}

/// A gradient of 1e-7 over a curvature of at least 0.01 is an angle of at most 1e-5.
#[test]
fn picard_is_python_picard_as_far_as_its_tolerance_says() {
    let found = difference(&Picard::default(), "picard");
    assert!(found < 1e-5, "{found:e}");
    let found = difference(&Picard { tolerance: 1e-11, ..Picard::default() }, "picard");
    assert!(found < 1e-9, "to the end: {found:e}");
    // The same optimum as FastICA's with log cosh.
    let found = difference(&Picard { tolerance: 1e-11, ..Picard::default() }, "fastica_logcosh");
    assert!(found < 5e-7, "{found:e}");
}
