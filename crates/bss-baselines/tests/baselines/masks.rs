//! Masks: shares that add up, and what the ideal ones reach.

use bss_baselines::{binary_masks, masked, ratio_masks};
use ndarray::{Array2, Array3, Axis};

/// Magnitudes of three sources, some of them 0 together.
fn sources() -> Array3<f32> {
    Array3::from_shape_fn((5, 3, 20), |(i, j, f)| ((i * 7 + f * f * (j + 2)) % 5 * (f % 4)) as f32 / 12.0)
}

#[test]
fn ratio_masks_add_up_to_one_and_sharpen_with_the_exponent() {
    let silent = sources().sum_axis(Axis(1)).mapv(|sum| sum == 0.0);
    assert!(silent.iter().any(|silent| *silent));
    for exponent in [0.5, 1.0, 2.0, 300.0] {
        for scale in [1.0, -1e-38, 1e38] {
            let masks = ratio_masks((sources() * scale).view(), exponent).unwrap();
            assert!(masks.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-6), "{exponent} {scale}");
            assert!(masks.iter().all(|share| (0.0..=1.0).contains(share)), "{exponent} {scale}");
        }
    }
    let most =
        |exponent| ratio_masks(sources().view(), exponent).unwrap().fold(0.0_f32, |most, share| most + share * share);
    assert!(most(1.0) < most(2.0));
}

#[test]
fn the_ideal_ratio_mask_of_a_sum_gives_back_its_sources() {
    let (sources, x) = (sources(), sources().sum_axis(Axis(1)));
    let found = masked(ratio_masks(sources.view(), 1.0).unwrap().view(), x.view()).unwrap();
    assert!((found - sources).iter().all(|gap| gap.abs() < 1e-6));
}

#[test]
fn a_binary_mask_gives_each_feature_to_one_source_at_most() {
    let masks = binary_masks(sources().view()).unwrap();
    assert!(masks.iter().all(|share| *share == 0.0 || *share == 1.0));
    let sums = masks.sum_axis(Axis(1));
    assert!(sums.iter().all(|sum| *sum <= 1.0) && sums.iter().any(|sum| *sum == 1.0));
    for (masks, sources) in masks.lanes(Axis(1)).into_iter().zip(sources().lanes(Axis(1))) {
        for (mask, source) in masks.iter().zip(sources) {
            assert_eq!(*mask == 1.0, *source > sources.sum() / 2.0);
        }
    }
}

#[test]
fn what_has_no_share_is_refused() {
    let mut bad = sources();
    bad[[2, 1, 3]] = f32::NAN;
    for result in [ratio_masks(bad.view(), 1.0), binary_masks(bad.view())] {
        let message = result.unwrap_err().to_string();
        assert!(message.contains("source 1 of example 2 is not finite at feature 3"), "{message}");
    }
    for exponent in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let message = ratio_masks(sources().view(), exponent).unwrap_err().to_string();
        assert!(message.contains("expected a number above 0"), "{message}");
    }
    let message = masked(sources().view(), Array2::zeros((5, 19)).view()).unwrap_err().to_string();
    assert!(message.contains("shape [5, 19]") && message.contains("[5, 20]"), "{message}");
}
