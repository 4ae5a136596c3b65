//! The updates against scikit-learn's, and what a factorisation must obey.
//!
//! ```python
//! import numpy as np
//! from sklearn.decomposition import NMF  # scikit-learn 1.9.1
//! i, f = np.mgrid[:300, :10]
//! x = ((7*i + 3*f*f + i*f) % 13 / 12).astype(np.float32).astype(float)
//! r, f = np.mgrid[:4, :10]
//! for loss in 'frobenius', 'kullback-leibler':
//!     nmf = NMF(4, solver='mu', beta_loss=loss, init='custom', max_iter=40, tol=0)
//!     nmf.fit(x, W=np.ones((300, 4)), H=1 + (5*r + 2*f) % 7 / 7)
//!     print(nmf.components_[:, 3:5].ravel(), (nmf.components_**2).sum())
//! ```

#![expect(clippy::unreadable_literal, reason = "numbers as NumPy prints them")]

use ndarray::{Array2, Axis, s};

use super::*;

const DIVERGENCES: [Divergence; 2] = [Divergence::Frobenius, Divergence::KullbackLeibler];

/// Three blocks of examples, the last not full.
fn mixtures() -> Array2<f32> {
    Array2::from_shape_fn((300, 10), |(i, f)| ((7 * i + 3 * f * f + i * f) % 13) as f32 / 12.0)
}

fn fitted(settings: Nmf) -> (FittedNmf, Course) {
    settings.fit(mixtures().view(), 2).unwrap()
}

#[test]
fn updates_are_scikit_learns() {
    let start = Array2::from_shape_fn((4, 10), |(r, f)| 1.0 + ((5 * r + 2 * f) % 7) as f64 / 7.0);
    let expected = [
        (
            [2.735524308, 0.057969466, 1.296270762, 1.923643064, 2.21088322, 2.754466611, 0.002695803, 1.29240171],
            131.276597177,
        ),
        (
            [2.693982679, 0.002297193, 1.009016843, 1.507627877, 2.174873926, 3.199294721, 2.6132e-5, 0.810863671],
            132.435236261,
        ),
    ];
    for (divergence, (some, squares)) in DIVERGENCES.into_iter().zip(expected) {
        let settings = Nmf { divergence, iterations: 40, tolerance: 0.0, ..Nmf::default() };
        let (templates, course) = settings.factorised(mixtures().view(), start.clone());
        assert_eq!((course.changes.len(), course.is_converged), (40, false));
        for (found, expected) in templates.slice(s![.., 3..5]).iter().zip(some) {
            assert!((found - expected).abs() < 1e-6, "{divergence:?}: {found} is not {expected}");
        }
        assert!((norm(&templates).powi(2) - squares).abs() < 1e-6, "{divergence:?}");
    }
}

#[test]
fn the_seed_alone_decides_every_bit() {
    let x = mixtures();
    for divergence in DIVERGENCES {
        let settings = Nmf { templates: 2, divergence, iterations: 20, ..Nmf::default() };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let (fitted, _) = fitted(settings);
                let sources = fitted.separate(x.view()).unwrap();
                (fitted, sources)
            })
        };
        let one = run(1);
        assert_eq!(one, run(3));
        assert_ne!(one.0, fitted(Nmf { seed: 1, ..settings }).0);
        // Every mixture by itself: alone it is separated as beside others.
        let alone = one.0.separate(x.slice(s![200..201, ..])).unwrap();
        let gap = &alone.index_axis(Axis(0), 0) - &one.1.index_axis(Axis(0), 200);
        assert!(gap.iter().all(|gap| gap.abs() < 1e-5));
    }
}

#[test]
fn a_converged_fit_says_so_and_masked_sources_add_up_to_the_mixture() {
    let x = mixtures();
    let settings = Nmf { templates: 4, mask: true, tolerance: 1e-3, iterations: 2000, ..Nmf::default() };
    let (fitted, course) = fitted(settings);
    assert!(course.is_converged, "{:?}", course.changes.last());
    let sources = fitted.separate(x.view()).unwrap();
    assert_eq!(SeparatesExamples::separate(&fitted, x.as_slice().unwrap()), sources.as_slice().unwrap());
    assert!(sources.iter().all(|value| *value >= 0.0));
    assert!((sources.sum_axis(Axis(1)) - &x).iter().all(|gap| gap.abs() < 1e-6));
    let plain = FittedNmf { mask: false, ..fitted }.separate(x.view()).unwrap();
    assert!((plain.sum_axis(Axis(1)) - &x).iter().any(|gap| gap.abs() > 1e-3), "templates are no perfect fit");
}

#[test]
fn silence_and_tiny_values_leave_every_number_finite() {
    for divergence in DIVERGENCES {
        for scale in [0.0, 1e-38, 1e37_f32] {
            let mut x = mixtures() * scale;
            x.slice_mut(s![..150, ..]).fill(0.0);
            x.column_mut(4).fill(0.0);
            let settings = Nmf { templates: 2, divergence, iterations: 300, mask: true, ..Nmf::default() };
            let (fitted, course) = settings.fit(x.view(), 2).unwrap();
            assert!(fitted.templates.iter().chain(&course.changes).all(|value| value.is_finite()), "{scale}");
            let sources = fitted.separate(x.view()).unwrap();
            assert!(sources.iter().all(|value| value.is_finite()), "{divergence:?} {scale}");
            assert!(sources.slice(s![..150, .., ..]).iter().all(|value| *value == 0.0));
        }
    }
}

#[test]
fn what_cannot_be_factorised_is_refused() {
    let x = mixtures();
    let message = |settings: Nmf, x: &Array2<f32>, sources| settings.fit(x.view(), sources).unwrap_err().to_string();
    let few = Nmf { templates: 2, ..Nmf::default() };
    assert!(message(few, &x, 0).contains("0 sources were asked for"));
    assert!(
        message(few, &x, 6).contains("6 sources of 2 templates each cannot be found in 300 examples of 10 features")
    );
    assert!(message(few, &x, usize::MAX).contains("no more templates in all"));
    assert!(message(Nmf { templates: 0, ..few }, &x, 2).contains("at least 1 template"));
    assert!(message(few, &Array2::zeros((0, 10)), 2).contains("0 examples"));
    let mut bad = x.clone();
    bad[[7, 3]] = -0.5;
    assert!(message(few, &bad, 2).contains("the value at feature 3 of example 7 is -0.5"));
    bad[[7, 3]] = f32::NAN;
    let (fitted, _) = fitted(few);
    assert!(fitted.separate(bad.view()).unwrap_err().to_string().contains("is NaN"));
    assert!(
        fitted
            .separate(x.slice(s![.., ..9]))
            .unwrap_err()
            .to_string()
            .contains("9 features, but those of the fit had 10")
    );
    assert_eq!(fitted.separate(x.slice(s![..0, ..])).unwrap().dim(), (0, 2, 10));
}
