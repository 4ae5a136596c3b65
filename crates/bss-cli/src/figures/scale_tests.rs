//! Tests of the axes: ranges, ticks and labels.

use super::{Axis, Scale, label};

fn labels(axis: &Axis) -> Vec<&str> {
    axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
}

#[test]
fn linear_ticks_are_round_and_few() {
    assert_eq!(labels(&Axis::exact(0.0, 10.0, 6)), ["0", "2", "4", "6", "8", "10"]);
    assert_eq!(labels(&Axis::exact(-1.3, 1.3, 3)), ["−1", "0", "1"]);
    assert_eq!(labels(&Axis::exact(-4.9, 2.9, 3)), ["−2.5", "0", "2.5"]);
    assert_eq!(labels(&Axis::exact(0.0, 0.3, 4)), ["0", "0.1", "0.2", "0.3"]);
    assert_eq!(labels(&Axis::exact(0.0, 100_000.0, 3)), ["0", "50\u{2009}000", "100\u{2009}000"]);
}

#[test]
fn every_interval_has_two_ticks_and_not_too_many() {
    for exponent in -12..12 {
        for factor in [1.0, 1.7, 2.3, 4.9, 9.1] {
            for max_ticks in 2..8 {
                let width = factor * 10_f64.powi(exponent);
                let axis = Axis::exact(-0.31 * width, 0.69 * width, max_ticks);
                let count = axis.ticks.len();
                assert!((2..=max_ticks + 1).contains(&count), "{width}: {count} of {max_ticks}");
                assert!(axis.ticks.iter().all(|(at, _)| (axis.range.0..=axis.range.1).contains(at)));
            }
        }
    }
}

#[test]
fn degenerate_ranges_become_proper_intervals() {
    let extremes = [vec![], vec![f64::NAN], vec![0.0], vec![5.0, 5.0], vec![-1e308, 1e308], vec![1e-320]];
    for values in extremes {
        for scale in [Scale::Linear, Scale::Log, Scale::SymLog(1.0)] {
            let axis = Axis::around(values.iter().copied(), scale, 4);
            assert!(axis.range.0 < axis.range.1, "{values:?} on {scale:?}: {:?}", axis.range);
            assert!((axis.range.1 - axis.range.0).is_finite());
            assert!(axis.ticks.len() <= 5, "{values:?} on {scale:?}: {:?}", axis.ticks);
        }
    }
}

#[test]
fn logarithmic_axes_show_powers_of_ten() {
    let wide = Axis::around([1e-6, 1.0], Scale::Log, 4);
    assert_eq!(labels(&wide), ["10⁻⁶", "0.0001", "0.01", "1"]);
    let decade = Axis::around([0.1, 0.9], Scale::Log, 5);
    assert_eq!(labels(&decade), ["0.1", "0.2", "0.5", "1"]);
    let narrow = Axis::around([0.40, 0.46], Scale::Log, 5);
    assert!(narrow.ticks.len() >= 2, "{narrow:?}");
}

#[test]
fn symmetric_logarithmic_axes_pass_through_zero() {
    let axis = Axis::around([-300.0, 1e5], Scale::SymLog(100.0), 6);
    assert!(labels(&axis).contains(&"0") && labels(&axis).contains(&"−100"), "{axis:?}");
    assert_eq!(Scale::SymLog(2.0).map(0.0), 0.0);
    assert_eq!(Scale::SymLog(2.0).map(-5.0), -Scale::SymLog(2.0).map(5.0));
    assert!(Scale::Log.map(-1.0).is_nan());
}

#[test]
fn labels_keep_the_digits_that_matter() {
    assert_eq!(label(-0.25, 0.05), "−0.25");
    assert_eq!(label(12_345.0, 5.0), "12\u{2009}345");
    assert_eq!(label(2.5e7, 5e6), "2.5×10⁷");
    assert_eq!(label(-1e-7, 1e-7), "−10⁻⁷");
}
