//! What holds for every method.

use bss_baselines::{Demix, FastIca, Picard};
use bss_data::synth::{Family, synthesise};
use bss_metrics::{align, amari};
use bss_models::Separator;
use ndarray::{Array2, ArrayView2, Axis, array};

use crate::table::{Row, mixing, table};

/// The method's estimate of the sources in `x`.
#[track_caller]
fn separate(row: &Row, x: ArrayView2<f64>) -> bss_models::Estimate {
    let fitted = row.method.fit(x, 3).unwrap();
    assert!(fitted.course.is_converged, "{}: {:?}", row.name, fitted.course);
    fitted.demixing.separate(x).unwrap()
}

fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    (a - b).iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

#[test]
fn sources_each_method_is_made_for_are_recovered_exactly() {
    for row in table() {
        for channels in [3, 5] {
            let a = mixing(channels);
            let x = row.sources.dot(&a.t()) + 7.0;
            let estimate = separate(&row, x.view());
            let alignment = align(estimate.sources.view(), row.sources.view()).unwrap();
            let worst = alignment.correlation.iter().fold(1.0, |worst: f64, c| worst.min(*c));
            assert!(worst > 1.0 - 1e-9, "{} of {channels} channels: {:?}", row.name, alignment.correlation);
            let found = amari(estimate.mixing.unwrap().view(), a.view()).unwrap();
            assert!(found < 1e-5, "{} of {channels} channels: amari {found}", row.name);
        }
    }
}

#[test]
fn remixing_leaves_the_sources_as_they_are() {
    let remixings = [
        array![[1.0, 2.0, 0.0], [0.0, 1.0, -1.0], [-0.5, 0.0, 1.0]],
        array![[0.0, -1.0, 0.0], [1e-3, 0.0, 0.0], [0.0, 0.0, 1e3]],
        array![[1.0, 0.99, 0.0], [1.0, 1.0, 0.1], [0.0, 0.3, -4.0]],
    ];
    for row in table() {
        // Not those the method is exact on: only an optimum that is not the truth shows that it is the same one.
        let sources = synthesise(Family::ArLaplace, 1000, 3);
        let x = sources.dot(&mixing(3).t());
        let estimate = separate(&row, x.view()).sources;
        for remixing in &remixings {
            let again = separate(&row, x.dot(remixing).view()).sources;
            // Order and sign follow what a source adds to the channels, which are others now.
            let alignment = align(again.view(), estimate.view()).unwrap();
            let mut matched = again.select(Axis(1), &alignment.permutation);
            matched *= &ndarray::Array1::from(alignment.sign);
            let worst = distance(&matched, &estimate);
            assert!(worst < 1e-4, "{}: {worst}", row.name);
        }
    }
}

#[test]
fn estimates_keep_to_the_convention() {
    for row in table() {
        for channels in [3, 5] {
            let x = row.sources.dot(&mixing(channels).t()) + 7.0;
            let fitted = row.method.fit(x.view(), 2).unwrap().demixing;
            let estimate = fitted.separate(x.view()).unwrap();
            let (sources, mixing) = (&estimate.sources, estimate.mixing.as_ref().unwrap());
            assert_eq!((sources.dim(), mixing.dim()), ((x.nrows(), 2), (channels, 2)), "{}", row.name);
            assert!(sources.std_axis(Axis(0), 0.0).iter().all(|std| (std - 1.0).abs() < 1e-9), "{}", row.name);
            assert!(sources.mean_axis(Axis(0)).unwrap().iter().all(|mean| mean.abs() < 1e-9), "{}", row.name);
            let powers: Vec<f64> = mixing.columns().into_iter().map(|a| a.dot(&a)).collect();
            assert!(powers.is_sorted_by(|a, b| a >= b), "{}: {powers:?}", row.name);
            for column in mixing.columns() {
                let largest = column.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
                assert!(largest > 0.0, "{}: {column}", row.name);
            }
            // B A = I, and the sources with their mixing are the recording's part in the subspace that was kept.
            assert!(distance(&fitted.demixing.dot(mixing), &Array2::eye(2)) < 1e-9, "{}", row.name);
            let total = x.var_axis(Axis(0), 0.0).sum();
            for (power, share) in powers.iter().zip(&fitted.convention.explained) {
                assert!((power / total - share).abs() < 1e-9, "{}", row.name);
            }
            assert_eq!(estimate.std, Array2::<f64>::zeros(sources.dim()), "{}: a point estimate", row.name);
        }
    }
}

#[test]
fn the_same_settings_give_the_same_bits() {
    for row in table() {
        let x = row.sources.dot(&mixing(4).t());
        assert_eq!(row.method.fit(x.view(), 3).unwrap(), row.method.fit(x.view(), 3).unwrap(), "{}", row.name);
    }
}

#[test]
fn another_seed_is_another_start_with_the_same_end() {
    for row in table().into_iter().skip(1) {
        let x = row.sources.dot(&mixing(3).t());
        let expected = separate(&row, x.view()).sources;
        for seed in 1..6 {
            let methods: [(_, Box<dyn Demix>); 2] = [
                ("fastica", Box::new(FastIca { seed, ..FastIca::default() })),
                ("picard", Box::new(Picard { seed, ..Picard::default() })),
            ];
            for (name, method) in methods {
                let fitted = method.fit(x.view(), 3).unwrap();
                let found = fitted.demixing.separate(x.view()).unwrap().sources;
                assert!(distance(&found, &expected) < 1e-4, "{name} with seed {seed} is not {}", row.name);
            }
        }
    }
}

#[test]
fn one_source_is_the_strongest_component() {
    for row in table() {
        let x = row.sources.dot(&mixing(3).t());
        let fitted = row.method.fit(x.view(), 1).unwrap();
        assert!(fitted.course.is_converged, "{}", row.name);
        let expected = bss_models::Whitening::fit(x.view(), 1).unwrap().apply(x.view()).unwrap();
        let found = fitted.demixing.separate(x.view()).unwrap().sources;
        let alignment = align(found.view(), expected.view()).unwrap();
        assert!(alignment.correlation[0] > 1.0 - 1e-12, "{}", row.name);
    }
}

#[test]
fn a_method_cut_short_says_so() {
    let x = table()[1].sources.dot(&mixing(3).t());
    let methods: [Box<dyn Demix>; 2] = [
        Box::new(FastIca { iterations: 2, ..FastIca::default() }),
        Box::new(Picard { iterations: 2, ..Picard::default() }),
    ];
    for method in methods {
        let fitted = method.fit(x.view(), 3).unwrap();
        assert!(!fitted.course.is_converged && fitted.course.changes.len() == 2, "{:?}", fitted.course);
        let sources = fitted.demixing.separate(x.view()).unwrap().sources;
        assert!(sources.iter().all(|value| value.is_finite()));
    }
}
