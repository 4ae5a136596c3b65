//! How a matrix (samples, columns) lies in a file: as it is, transposed, or as images whose pixels are the samples.

use std::fmt;

use anyhow::{Result, bail};
use bss_data::{Grid, Location, Traversal};
use ndarray::{Array2, ArrayD, ArrayView2, Axis, Ix1, Ix2, Ix3};

/// The layout of an array that was read, in which results are given as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Layout {
    /// Whether the last axis comes first.
    pub(crate) channels_first: bool,
    /// The pixels that the samples are, of images.
    pub(crate) grid: Option<Grid>,
}

impl Layout {
    /// The matrix (samples, columns) in an array, and how it lay there.
    ///
    /// Without a traversal that is an array of one or two dimensions; with one, an image (height, width) or several
    /// (height, width, columns), whose pixels are visited in that order.
    ///
    /// # Errors
    /// An array of other dimensions.
    pub(crate) fn matrix(
        values: ArrayD<f64>,
        channels_first: bool,
        traversal: Option<Traversal>,
        at: &Location,
    ) -> Result<(Array2<f64>, Self)> {
        let shape = values.shape().to_vec();
        let (matrix, grid) = match (traversal, shape.len()) {
            (None, 1) => (values.into_dimensionality::<Ix1>()?.insert_axis(Axis(1)), None),
            (None, 2) => {
                let matrix = values.into_dimensionality::<Ix2>()?;
                (if channels_first { matrix.reversed_axes() } else { matrix }, None)
            }
            (Some(traversal), 2 | 3) => {
                let images = if shape.len() == 2 { values.insert_axis(Axis(2)) } else { values };
                let images = images.into_dimensionality::<Ix3>()?;
                let is_turned = channels_first && shape.len() == 3;
                let images = if is_turned { images.permuted_axes([1, 2, 0]) } else { images };
                let grid = Grid { height: images.dim().0, width: images.dim().1, traversal };
                (grid.to_samples(images.view()), Some(grid))
            }
            (None, 3) => bail!(
                "{at}: has 3 dimensions, {shape:?}; expected a matrix (samples, channels); if these are images (height, \
                 width, channels), say with --traversal raster, serpentine or hilbert in which order to take their pixels; a dataset (examples, \
                 features…) is for models such as neri"
            ),
            (None, n) => bail!("{at}: has {n} dimensions, {shape:?}; expected a matrix (samples, channels)"),
            (Some(_), n) => bail!(
                "{at}: has {n} dimensions, {shape:?}; --traversal takes images (height, width) or (height, width, channels)"
            ),
        };
        Ok((matrix.as_standard_layout().into_owned(), Self { channels_first, grid }))
    }

    /// The array in which a matrix of as many samples is given.
    pub(crate) fn array(self, matrix: ArrayView2<f64>) -> ArrayD<f64> {
        match self.grid {
            None if self.channels_first => matrix.reversed_axes().to_owned().into_dyn(),
            None => matrix.to_owned().into_dyn(),
            Some(grid) if self.channels_first => grid.to_images(matrix).permuted_axes([2, 0, 1]).into_dyn(),
            Some(grid) => grid.to_images(matrix).into_dyn(),
        }
    }

    /// How many samples there are, in words.
    pub(crate) fn extent(self, samples: usize) -> String {
        self.grid.map_or_else(|| format!("{samples} samples"), |grid| Size(grid).to_string())
    }
}

/// The size of images in words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) Grid);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} pixels", self.0.height, self.0.width)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    fn there_and_back(values: ArrayD<f64>, channels_first: bool, traversal: Option<Traversal>) -> Array2<f64> {
        let (matrix, layout) = Layout::matrix(values.clone(), channels_first, traversal, &Location::from("a")).unwrap();
        assert_eq!(layout.array(matrix.view()), values);
        matrix
    }

    #[test]
    fn matrices_and_their_transposes_come_back() {
        let matrix = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
        assert_eq!(there_and_back(matrix.clone().into_dyn(), false, None), matrix);
        assert_eq!(there_and_back(matrix.clone().into_dyn(), true, None), matrix.t());
    }

    #[test]
    fn images_come_back_with_their_channels_last_or_first() {
        let images =
            Array3::from_shape_fn((3, 4, 2), |(row, column, channel)| (100 * row + 10 * column + channel) as f64);
        for traversal in Traversal::ALL {
            let samples = there_and_back(images.clone().into_dyn(), false, Some(traversal));
            assert_eq!(samples.dim(), (12, 2));
            let turned = images.clone().permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
            assert_eq!(there_and_back(turned.into_dyn(), true, Some(traversal)), samples);
        }
        let samples = there_and_back(images.into_dyn(), false, Some(Traversal::Serpentine));
        assert_eq!(samples.column(0).to_vec()[2..6], [20.0, 30.0, 130.0, 120.0]);
    }

    #[test]
    fn what_is_no_matrix_and_no_images_is_refused() {
        let refusal = |shape: &[usize], traversal| {
            let values = ArrayD::zeros(ndarray::IxDyn(shape));
            Layout::matrix(values, false, traversal, &Location::from("a.npy")).unwrap_err().to_string()
        };
        assert!(refusal(&[2, 3, 4], None).contains("--traversal raster, serpentine or hilbert"));
        assert!(refusal(&[2, 3, 4, 5], None).contains("a.npy: has 4 dimensions"));
        for shape in [&[7][..], &[2, 3, 4, 5]] {
            assert!(refusal(shape, Some(Traversal::Raster)).contains("--traversal takes images (height, width) or"));
        }
    }
}
