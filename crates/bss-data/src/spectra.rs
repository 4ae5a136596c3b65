//! The part of a spectrum that models of spectrograms see: the lowest frequencies of so many frames.

use ndarray::{Array2, ArrayView2, s};
use realfft::num_complex::{Complex32, Complex64};

use crate::Stft;
use crate::error::Result;

/// Spectra of one size: the first `bins` frequencies and `frames` frames of an [`Stft`].
///
/// # Examples
///
/// ```
/// use bss_data::Spectra;
///
/// let spectra = Spectra::new(2048, 512, 256, 128)?; // of Neri et al. 2021, section V-A
/// assert_eq!(spectra.samples(), 65_024); // 1.5 s of 44.1 kHz
/// let tone: Vec<f64> = (0..65_024).map(|t| (0.06 * t as f64).sin()).collect();
/// let spectrum = spectra.forward(&tone);
/// assert_eq!(spectrum.dim(), (256, 128));
/// let again = spectra.inverse(spectrum.view());
/// assert!((again[30_000] - tone[30_000]).abs() < 1e-3);
/// # Ok::<(), bss_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spectra {
    stft: Stft,
    bins: usize,
    frames: usize,
}

impl Spectra {
    /// The first `bins` frequencies and `frames` frames of a transform with so many points and a frame every `hop` samples.
    ///
    /// # Errors
    /// As [`Stft::new`]; more bins than it has, fewer than one, or fewer than two frames.
    pub fn new(points: usize, hop: usize, bins: usize, frames: usize) -> Result<Self> {
        let stft = Stft::new(points, hop)?;
        if bins == 0 || bins > stft.bins() || frames < 2 {
            return Err(crate::Error::Crop { bins, frames, most: stft.bins() });
        }
        Ok(Self { stft, bins, frames })
    }

    /// The transform.
    #[must_use]
    pub fn stft(&self) -> &Stft {
        &self.stft
    }

    /// Frequencies and frames.
    #[must_use]
    pub fn dim(&self) -> (usize, usize) {
        (self.bins, self.frames)
    }

    /// The samples whose frames these are; those of shorter signals are followed by silence, of longer ones left out.
    #[must_use]
    pub fn samples(&self) -> usize {
        (self.frames - 1) * self.stft.hop()
    }

    /// The spectrum of a signal, (bins, frames).
    #[must_use]
    pub fn forward(&self, signal: &[f64]) -> Array2<Complex32> {
        let mut signal = signal[..signal.len().min(self.samples())].to_vec();
        signal.resize(self.samples(), 0.0);
        let spectrum = self.stft.forward(&signal);
        spectrum.slice(s![..self.bins, ..]).mapv(|bin| Complex32::new(bin.re as f32, bin.im as f32))
    }

    /// The signal whose spectrum is nearest to this one, (bins, frames), and silent above.
    ///
    /// # Panics
    /// If it has other bins or frames.
    #[must_use]
    pub fn inverse(&self, spectrum: ArrayView2<Complex32>) -> Vec<f64> {
        assert_eq!(spectrum.dim(), self.dim(), "bins and frames");
        let mut whole = Array2::zeros((self.stft.bins(), self.frames));
        let widened = spectrum.mapv(|bin| Complex64::new(f64::from(bin.re), f64::from(bin.im)));
        whole.slice_mut(s![..self.bins, ..]).assign(&widened);
        self.stft.inverse(whole.view(), self.samples())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_above_the_bins_is_left_out_and_the_rest_kept() {
        let spectra = Spectra::new(64, 16, 8, 20).unwrap();
        let tone = |bin: f64| -> Vec<f64> {
            (0..spectra.samples()).map(|t| (std::f64::consts::TAU * bin * t as f64 / 64.0).sin()).collect()
        };
        let both: Vec<f64> = tone(3.0).iter().zip(tone(20.0)).map(|(low, high)| low + high).collect();
        let left = spectra.inverse(spectra.forward(&both).view());
        // At its ends a tone is a click, which has all frequencies.
        let inner = 64..spectra.samples() - 64;
        let error = left[inner.clone()].iter().zip(&tone(3.0)[inner]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error < 1e-6, "{error:e}");
    }

    #[test]
    fn signals_of_any_length_have_as_many_frames() {
        let spectra = Spectra::new(64, 16, 33, 4).unwrap();
        assert_eq!(spectra.samples(), 48);
        for samples in [0, 1, 47, 48, 500] {
            assert_eq!(spectra.forward(&vec![1.0; samples]).dim(), (33, 4));
        }
        assert_eq!(spectra.forward(&[1.0; 48]), spectra.forward(&[1.0; 500]));
    }

    #[test]
    fn crops_that_the_transform_has_not_are_refused() {
        for (bins, frames) in [(0, 4), (34, 4), (8, 1)] {
            let message = Spectra::new(64, 16, bins, frames).unwrap_err().to_string();
            assert!(message.contains(&format!("{bins} bins and {frames} frames")), "{message}");
        }
    }
}
