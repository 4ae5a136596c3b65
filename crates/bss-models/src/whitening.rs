//! Whitening: the fixed affine map before the encoder that leaves channels centred, uncorrelated, of unit variance.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::{Error, Result};

/// Eigenvalues of the channels' correlation below this share of the largest count as zero.
const RANK_TOLERANCE: f64 = 1e-10;

/// `z = (x - mean) · matrix`, and back `x ≈ z · inverse + mean`.
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    /// The channels' means, (channels).
    pub mean: Array1<f64>,
    /// (channels, components).
    pub matrix: Array2<f64>,
    /// The pseudo-inverse of `matrix`, (components, channels).
    pub inverse: Array2<f64>,
}

impl Whitening {
    /// The `components` strongest principal components of `x`, each scaled to unit variance.
    ///
    /// The rank is judged on the correlation of the channels, so that channels in small units count as much as others.
    ///
    /// # Shapes
    /// (samples, channels).
    ///
    /// # Errors
    /// [`Error::Rank`] if the channels span fewer dimensions than `components`.
    pub fn fit(x: ArrayView2<f64>, components: usize) -> Result<Self> {
        let (samples, channels) = x.dim();
        let mean = x.mean_axis(Axis(0)).ok_or(Error::Empty)?;
        let centred = &x - &mean;
        let scale = centred.mapv(|v| v * v).sum_axis(Axis(0)).mapv(|v| (v / samples as f64).sqrt());
        let constant: Vec<usize> = (0..channels).filter(|&c| scale[c] <= mean[c].abs() * 1e-12).collect();
        let covariance = centred.t().dot(&centred) / samples as f64;
        let unit = |c: usize| if constant.contains(&c) { 0.0 } else { scale[c].recip() };
        let correlation = DMatrix::from_fn(channels, channels, |i, j| covariance[(i, j)] * unit(i) * unit(j));
        let eigen = SymmetricEigen::new(correlation);
        let largest = eigen.eigenvalues.max();
        let rank = eigen.eigenvalues.iter().filter(|&&v| v > RANK_TOLERANCE * largest).count();
        if rank < components {
            return Err(Error::Rank { rank, channels, sources: components, constant });
        }
        // With all components kept, the correlation's are as good as the covariance's, and no unit of a channel is too
        // small for them. With fewer, it is the variance in the recording's own units that says which to keep.
        let (eigen, unit): (_, Vec<f64>) = if components == channels {
            (eigen, scale.to_vec())
        } else {
            let overall = scale.iter().copied().fold(0.0, f64::max);
            let relative = |i: usize, j: usize| covariance[(i, j)] / (overall * overall);
            (SymmetricEigen::new(DMatrix::from_fn(channels, channels, relative)), vec![overall; channels])
        };
        let mut order: Vec<usize> = (0..channels).collect();
        order.sort_by(|&i, &j| eigen.eigenvalues[j].total_cmp(&eigen.eigenvalues[i]));
        order.truncate(components);
        let weakest = order.last().map_or(0.0, |&k| eigen.eigenvalues[k]);
        if weakest <= 1e-13 * eigen.eigenvalues.max() {
            return Err(Error::Scales { components });
        }
        let entry = |c: usize, k: usize| eigen.eigenvectors[(c, order[k])];
        let deviation = |k: usize| eigen.eigenvalues[order[k]].sqrt();
        Ok(Self {
            mean,
            matrix: Array2::from_shape_fn((channels, components), |(c, k)| entry(c, k) / deviation(k) / unit[c]),
            inverse: Array2::from_shape_fn((components, channels), |(k, c)| entry(c, k) * deviation(k) * unit[c]),
        })
    }

    /// As many components as the channels span dimensions.
    ///
    /// # Errors
    /// [`Error::Empty`] if there are no samples; [`Error::Rank`] if all channels are constant.
    pub fn of_span(x: ArrayView2<f64>) -> Result<Self> {
        match Self::fit(x, x.ncols()) {
            Err(Error::Rank { rank, .. }) if rank > 0 => Self::fit(x, rank),
            whole => whole,
        }
    }

    /// The projection on what the components span, (channels, channels).
    #[must_use]
    pub fn span(&self) -> Array2<f64> {
        self.matrix.dot(&self.inverse)
    }

    /// Centring only, and one common factor that brings the channels' mean variance to 1, so that β means the same in
    /// any unit: as many components as channels.
    ///
    /// # Errors
    /// [`Error::Empty`] if there are no samples.
    pub fn centre(x: ArrayView2<f64>) -> Result<Self> {
        let mean = x.mean_axis(Axis(0)).ok_or(Error::Empty)?;
        let variance = x.var_axis(Axis(0), 0.0).mean().unwrap_or(0.0);
        let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let identity = Array2::<f64>::eye(x.ncols());
        Ok(Self { mean, matrix: &identity / scale, inverse: identity * scale })
    }

    /// (samples, channels) -> (samples, components).
    ///
    /// # Errors
    /// [`Error::Channels`] if the recording has another number of channels than the one this was fitted to.
    pub fn apply(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.mean.len() {
            return Err(Error::Channels { expected: self.mean.len(), found: x.ncols() });
        }
        Ok((&x - &self.mean).dot(&self.matrix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn recording() -> Array2<f64> {
        Array2::from_shape_fn((200, 3), |(r, c)| {
            let t = r as f64;
            let s = [(0.1 * t).sin(), (0.37 * t).cos(), (0.05 * t).sin() * (0.9 * t).cos()];
            let a = [[1.0, 0.5, 0.2], [0.3, -1.0, 0.4], [1e-6, 2e-6, -3e-6]];
            (0..3).map(|j| a[c][j] * s[j]).sum::<f64>() + 5.0
        })
    }

    #[test]
    fn components_are_uncorrelated_with_unit_variance_and_map_back() -> Result<()> {
        let x = recording();
        let whitening = Whitening::fit(x.view(), 3)?;
        let z = whitening.apply(x.view())?;
        let covariance = z.t().dot(&z) / 200.0;
        assert!((&covariance - &Array2::<f64>::eye(3)).iter().all(|v| v.abs() < 1e-6), "{covariance}");
        let back = z.dot(&whitening.inverse) + &whitening.mean;
        assert!((&back - &x).iter().all(|v| v.abs() < 1e-9));
        Ok(())
    }

    #[test]
    fn channels_in_units_far_apart_are_whitened_as_well() -> Result<()> {
        for exponent in [-30, -12, -9, -8, 7, 12] {
            let mut x = recording();
            x.column_mut(1).mapv_inplace(|v| v * 10f64.powi(exponent));
            let whitening = Whitening::fit(x.view(), 3)?;
            let z = whitening.apply(x.view())?;
            let covariance = z.t().dot(&z) / 200.0;
            let off = (&covariance - &Array2::<f64>::eye(3)).iter().fold(0.0f64, |worst, v| worst.max(v.abs()));
            assert!(off < 1e-5, "1e{exponent}: {off}");
        }
        Ok(())
    }

    #[test]
    fn fewer_components_keep_the_strongest_and_refuse_what_rounding_has_eaten() {
        let mut x = recording();
        let whitening = Whitening::fit(x.view(), 2).unwrap();
        let z = whitening.apply(x.view()).unwrap();
        assert!((z.t().dot(&z) / 200.0 - Array2::<f64>::eye(2)).iter().all(|v| v.abs() < 1e-9));
        x.column_mut(0).mapv_inplace(|v| v * 1e9);
        assert!(matches!(Whitening::fit(x.view(), 2), Err(Error::Scales { components: 2 })));
    }

    #[test]
    fn centring_takes_any_unit() {
        let z = |factor: f64| Whitening::centre((recording() * factor).view()).unwrap();
        let x = recording();
        let (one, small) = (z(1.0).apply(x.view()).unwrap(), z(1e-6).apply((x * 1e-6).view()).unwrap());
        assert!((one - small).iter().all(|v| v.abs() < 1e-6));
    }

    #[test]
    fn missing_rank_is_named_with_its_cause() {
        let mut x = recording();
        x.column_mut(1).fill(2.0);
        let error = Whitening::fit(x.view(), 3).unwrap_err();
        let Error::Rank { rank: 2, sources: 3, constant, .. } = error else { panic!("{error}") };
        assert_eq!(constant, [1]);
    }

    #[test]
    fn another_number_of_channels_is_an_error() {
        let whitening = Whitening::fit(recording().view(), 2).unwrap();
        assert!(matches!(whitening.apply(array![[1.0, 2.0]].view()), Err(Error::Channels { expected: 3, found: 2 })));
    }
}
