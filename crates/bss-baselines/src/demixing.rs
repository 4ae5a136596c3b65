//! What a classical method comes to: one matrix from channels to sources, and one back.

use bss_models::{Convention, Estimate, Separator};
use ndarray::{Array1, Array2, ArrayView2};

/// A fitted linear demixing:
///
/// ```text
/// s = B (x - mean),   x ≈ A s + mean
/// ```
///
/// with sources in the order, with the sign and on the scale of [`Convention`]: it is part of both matrices.
#[derive(Clone, Debug, PartialEq)]
pub struct Demixing {
    /// The channels' means, (channels).
    pub mean: Array1<f64>,
    /// B, (sources, channels).
    pub demixing: Array2<f64>,
    /// A, (channels, sources): all channels, also those directions of them that fewer sources leave out.
    pub mixing: Array2<f64>,
    /// How the method's own sources came to their order, sign and scale, and what each explains.
    pub convention: Convention,
}

impl Separator for Demixing {
    /// Sources of a recording; `std` is zero, since this is a point estimate that says nothing about its error.
    ///
    /// # Shapes
    /// x (samples, channels); the estimate's sources and std (samples, sources), its mixing (channels, sources).
    ///
    /// # Errors
    /// [`bss_models::Error::Channels`] if the recording has another number of channels than the one fitted to.
    fn separate(&self, x: ArrayView2<f64>) -> bss_models::Result<Estimate> {
        let (expected, found) = (self.mean.len(), x.ncols());
        if expected != found {
            return Err(bss_models::Error::Channels { expected, found });
        }
        let sources = (&x - &self.mean).dot(&self.demixing.t());
        Ok(Estimate { std: Array2::zeros(sources.dim()), sources, mixing: Some(self.mixing.clone()) })
    }
}
