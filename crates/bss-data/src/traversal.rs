//! Images as recordings: the order in which pixels become samples.
//!
//! A model of trajectories takes whatever is ordered along a line. A stack of images of one size is (height, width,
//! channels); a traversal visits every pixel once, and a pixel's channels become a sample, so that the recording is
//! (height · width, channels). What comes out of it goes back to its pixels the same way.
//!
//! | traversal | steps |
//! | --- | --- |
//! | [`Raster`](Traversal::Raster) | row by row, each from left to right; it jumps back at the end of a row |
//! | [`Serpentine`](Traversal::Serpentine) | row by row, every other one from right to left: all steps go to a neighbour |
//! | [`Hilbert`](Traversal::Hilbert) | a space-filling curve: all steps go to a neighbour, and places that are near along the curve are near in the image, in both directions |

mod hilbert;

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};

/// An order of an image's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Traversal {
    /// Row by row, each from left to right.
    Raster,
    /// Row by row, the first from left to right and each further one against the one before (boustrophedon).
    Serpentine,
    /// A Hilbert curve for images of any size, from the top left to the other end of the longer side.
    ///
    /// Every step goes to one of a pixel's four neighbours, but for one diagonal step where the longer side is odd and
    /// the shorter one even: no order of such an image joins those two corners without. (Where the shorter side is two,
    /// the curve ends a pixel before the corner instead.)
    Hilbert,
}

impl Traversal {
    /// All traversals, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Raster, Self::Serpentine, Self::Hilbert];

    /// The pixels of an image as [row, column], in the order in which they are visited.
    ///
    /// # Examples
    /// ```
    /// use bss_data::Traversal;
    ///
    /// assert_eq!(Traversal::Serpentine.pixels(2, 2), [[0, 0], [0, 1], [1, 1], [1, 0]]);
    /// ```
    #[must_use]
    pub fn pixels(self, height: usize, width: usize) -> Vec<[usize; 2]> {
        let rows = 0..height;
        match self {
            Self::Raster => rows.flat_map(|row| (0..width).map(move |column| [row, column])).collect(),
            Self::Serpentine => {
                let turned = move |row: usize, column| if row.is_multiple_of(2) { column } else { width - 1 - column };
                rows.flat_map(|row| (0..width).map(move |column| [row, turned(row, column)])).collect()
            }
            Self::Hilbert => hilbert::pixels(height, width),
        }
    }
}

/// The pixels of images of one size, in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Grid {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// The order in which they become samples.
    pub traversal: Traversal,
}

impl Grid {
    /// Images as samples: the pixels of each, along the traversal.
    ///
    /// # Shapes
    /// `images` (height, width, channels); result (height · width, channels).
    ///
    /// # Panics
    /// If the images are of another size.
    ///
    /// # Examples
    /// ```
    /// use bss_data::{Grid, Traversal};
    /// use ndarray::array;
    ///
    /// let images = array![[[1.0], [2.0]], [[3.0], [4.0]]];
    /// let grid = Grid { height: 2, width: 2, traversal: Traversal::Serpentine };
    /// let samples = grid.to_samples(images.view());
    /// assert_eq!(samples, array![[1.0], [2.0], [4.0], [3.0]]);
    /// assert_eq!(grid.to_images(samples.view()), images);
    /// ```
    #[must_use]
    pub fn to_samples(&self, images: ArrayView3<f64>) -> Array2<f64> {
        let (height, width, channels) = images.dim();
        assert_eq!((height, width), (self.height, self.width), "images of another size");
        let mut samples = Array2::zeros((height * width, channels));
        for (mut sample, [row, column]) in samples.axis_iter_mut(Axis(0)).zip(self.pixels()) {
            sample.assign(&images.slice(ndarray::s![row, column, ..]));
        }
        samples
    }

    /// Samples along the traversal as images, the inverse of [`to_samples`](Self::to_samples).
    ///
    /// # Shapes
    /// `samples` (height · width, channels); result (height, width, channels).
    ///
    /// # Panics
    /// If there are not as many samples as pixels.
    ///
    /// # Examples
    /// See [`to_samples`](Self::to_samples).
    #[must_use]
    pub fn to_images(&self, samples: ArrayView2<f64>) -> Array3<f64> {
        let (n_samples, channels) = samples.dim();
        assert_eq!(n_samples, self.height * self.width, "another number of samples than of pixels");
        let mut images = Array3::zeros((self.height, self.width, channels));
        for (sample, [row, column]) in samples.axis_iter(Axis(0)).zip(self.pixels()) {
            images.slice_mut(ndarray::s![row, column, ..]).assign(&sample);
        }
        images
    }

    /// The pixels as [row, column], in the order in which they become samples.
    #[must_use]
    pub fn pixels(&self) -> Vec<[usize; 2]> {
        self.traversal.pixels(self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The steps of a traversal as (rows, columns) moved.
    fn steps(pixels: &[[usize; 2]]) -> impl Iterator<Item = (usize, usize)> {
        pixels.windows(2).map(|pair| (pair[0][0].abs_diff(pair[1][0]), pair[0][1].abs_diff(pair[1][1])))
    }

    /// The diagonal steps, once it is clear that no step goes further.
    #[track_caller]
    fn diagonals(traversal: Traversal, (height, width): (usize, usize)) -> usize {
        let pixels = traversal.pixels(height, width);
        assert!(steps(&pixels).all(|(rows, columns)| rows.max(columns) == 1), "{traversal:?}, {height} × {width}");
        steps(&pixels).filter(|step| *step == (1, 1)).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_pixel_is_visited_once(height in 0_usize..70, width in 0_usize..70) {
            for traversal in Traversal::ALL {
                let mut pixels = traversal.pixels(height, width);
                pixels.sort_unstable();
                prop_assert_eq!(&pixels, &Traversal::Raster.pixels(height, width), "{:?}", traversal);
            }
        }

        #[test]
        fn there_and_back_is_the_identity(height in 1_usize..30, width in 1_usize..30, channels in 1_usize..4) {
            let images = Array3::from_shape_fn((height, width, channels), |(i, j, c)| (100 * i + j) as f64 + 0.1 * c as f64);
            for traversal in Traversal::ALL {
                let grid = Grid { height, width, traversal };
                let samples = grid.to_samples(images.view());
                prop_assert_eq!(&grid.to_images(samples.view()), &images);
                prop_assert_eq!(grid.to_samples(grid.to_images(samples.view()).view()), samples);
            }
        }
    }

    #[test]
    fn serpentine_steps_go_to_neighbours_and_hilbert_s_but_for_one_diagonal_in_some_sizes() {
        for height in 1..40 {
            for width in 1..40 {
                let size = (height, width);
                assert_eq!(diagonals(Traversal::Serpentine, size), 0, "{size:?}");
                let (longer, shorter) = (height.max(width), height.min(width));
                let expected = usize::from(longer % 2 == 1 && shorter % 2 == 0 && shorter > 2);
                assert_eq!(diagonals(Traversal::Hilbert, size), expected, "{size:?}");
            }
        }
    }

    #[test]
    fn a_square_of_a_power_of_two_has_hilbert_s_curve() {
        let expected = [
            [[0, 0], [0, 1], [1, 1], [1, 0]],
            [[2, 0], [3, 0], [3, 1], [2, 1]],
            [[2, 2], [3, 2], [3, 3], [2, 3]],
            [[1, 3], [1, 2], [0, 2], [0, 3]],
        ];
        assert_eq!(Traversal::Hilbert.pixels(4, 4), expected.concat());
    }

    #[test]
    fn near_along_hilbert_s_curve_is_near_in_the_image() {
        let pixels = Traversal::Hilbert.pixels(64, 64);
        let distance = |a: [usize; 2], b: [usize; 2]| a[0].abs_diff(b[0]).max(a[1].abs_diff(b[1]));
        // 64 steps are a whole row of a raster; the curve stays within two blocks of 8 × 8.
        assert!(pixels.windows(65).all(|stretch| distance(stretch[0], stretch[64]) < 16));
    }
}
