//! What all methods share: whitening first, then a rotation of the method's own, then order, sign and scale.

use bss_models::{Convention, Whitening};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::{Course, Demixing, Error, Result};

/// Beyond these magnitudes squares overflow or vanish.
const MAGNITUDES: [f64; 2] = [1e-100, 1e100];

/// A method's settings, which find the rotation from whitened signals to sources.
///
/// # Law
/// The criterion knows z only as far as a rotation leaves open: mixing the recording once more, by any invertible
/// matrix, leaves the sources as they are. (Of several optima, a method with a random start may find another then.)
pub trait Demix {
    /// The orthogonal V that takes whitened signals to sources, `s = z V`.
    ///
    /// # Shapes
    /// z (samples, n), all finite, with covariance I; the result's matrix (n, n).
    ///
    /// # Errors
    /// Settings that z does not allow, such as lags longer than it.
    fn rotation(&self, z: ArrayView2<f64>) -> Result<Rotation>;

    /// Fits the demixing of a recording (samples, channels) into `sources` sources.
    ///
    /// Of more channels than sources the strongest principal components are kept, in the channels' own units.
    ///
    /// # Errors
    /// No sources, or more than there are channels or dimensions; too few samples; values that are not finite, or
    /// beyond 1e±100; and those of [`rotation`](Self::rotation).
    fn fit(&self, x: ArrayView2<f64>, sources: usize) -> Result<Fitted> {
        check(x, sources)?;
        let whitening = Whitening::fit(x, sources)?;
        let z = whitening.apply(x)?;
        let Rotation { matrix, course } = self.rotation(z.view())?;
        let rotated = z.dot(&matrix);
        let mixing = whitening.inverse.t().dot(&matrix); // (channels, sources)
        let demixing = whitening.matrix.dot(&matrix); // (channels, sources)
        let convention = Convention::new(x, rotated.view(), mixing.view());
        let factor = Array1::from(convention.factor.clone());
        let in_order = |columns: &Array2<f64>| columns.select(Axis(1), &convention.order);
        let demixing = Demixing {
            mean: whitening.mean,
            demixing: (in_order(&demixing) * &factor).reversed_axes(),
            mixing: in_order(&mixing) / &factor,
            convention,
        };
        Ok(Fitted { demixing, course })
    }
}

/// The rotation that a method found.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    /// Orthogonal, (n, n); a source in each column.
    pub matrix: Array2<f64>,
    /// How it was found.
    pub course: Course,
}

/// A fitted method.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// What separates.
    pub demixing: Demixing,
    /// How it was found.
    pub course: Course,
}

/// Refuses what no method can take, before an eigenvalue solver would not end on it.
fn check(x: ArrayView2<f64>, sources: usize) -> Result<()> {
    let (samples, channels) = x.dim();
    if sources == 0 {
        return Err(Error::NoSources);
    }
    if sources > channels {
        return Err(Error::TooFewChannels { channels, sources });
    }
    if samples <= sources {
        return Err(Error::TooFewSamples { samples, needed: sources + 1, why: "to separate so many sources" });
    }
    if let Some(((sample, channel), _)) = x.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(Error::NotFinite { sample, channel });
    }
    let largest = x.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest > MAGNITUDES[1] || largest > 0.0 && largest < MAGNITUDES[0] {
        return Err(Error::Magnitude { largest });
    }
    Ok(())
}
