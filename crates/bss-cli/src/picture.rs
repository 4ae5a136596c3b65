//! Values as grey.

use ndarray::{Array2, ArrayView2};

/// An image from 0 (black) for its smallest value to 1 (white) for its largest; values that are not finite are black,
/// and an image of a single value is grey.
pub(crate) fn from_black_to_white(image: ArrayView2<f64>) -> Array2<f64> {
    let finite = || image.iter().copied().filter(|value| value.is_finite());
    let (least, most) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    // Halves, because the difference of two large numbers may be infinite.
    let range = 0.5 * most - 0.5 * least;
    image.mapv(|value| match value {
        value if !value.is_finite() => 0.0,
        _ if range == 0.0 => 0.5,
        value => ((0.5 * value - 0.5 * least) / range).clamp(0.0, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_range_goes_from_black_to_white() {
        assert_eq!(from_black_to_white(array![[-3.0, 1.0], [5.0, 3.0]].view()), array![[0.0, 0.5], [1.0, 0.75]]);
        assert_eq!(from_black_to_white(array![[2.0, 2.0]].view()), array![[0.5, 0.5]]);
    }

    #[test]
    fn whatever_the_values_are_the_greys_are_in_range() {
        for image in [array![[f64::NAN, 1.0, 2.0]], array![[f64::INFINITY, f64::NEG_INFINITY]], array![[-1e308, 1e308]]]
        {
            assert!(from_black_to_white(image.view()).iter().all(|grey| (0.0..=1.0).contains(grey)), "{image}");
        }
    }
}
