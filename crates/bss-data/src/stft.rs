//! The short-time Fourier transform of a recording's channel, and its inverse.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis};
use realfft::num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::error::{Error, Result};

/// A short-time Fourier transform with a Hann window.
///
/// Frame m is centred on sample `m · hop`; beyond the ends the signal is zero. With `w(n) = sin²(π n / N)`,
///
/// ```text
/// X[k, m] = Σ_n w(n) x(n + m · hop − N/2) exp(−2πi k n / N),   k = 0 … N/2
/// ```
///
/// which is what `torch.stft` and librosa give with `center` and zero padding.
///
/// # Examples
///
/// ```
/// use bss_data::Stft;
///
/// let stft = Stft::new(2048, 512)?;
/// let signal: Vec<f64> = (0..44_100).map(|t| (0.06 * t as f64).sin()).collect();
/// let spectrum = stft.forward(&signal);
/// assert_eq!(spectrum.dim(), (1025, 87));
/// let again = stft.inverse(spectrum.view(), signal.len());
/// assert!(again.iter().zip(&signal).all(|(a, b)| (a - b).abs() < 1e-12));
/// # Ok::<(), bss_data::Error>(())
/// ```
#[derive(Clone)]
pub struct Stft {
    window: Vec<f64>,
    hop: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

impl Stft {
    /// A transform with N = `points` and a frame every `hop` samples.
    ///
    /// # Errors
    /// An odd number of points, or a hop of 0 or of more than half of them, which would leave samples out.
    pub fn new(points: usize, hop: usize) -> Result<Self> {
        if points == 0 || points % 2 == 1 || hop == 0 || hop > points / 2 {
            return Err(Error::Frames { points, hop });
        }
        let mut planner = RealFftPlanner::new();
        let angle = |n: usize| std::f64::consts::PI * n as f64 / points as f64;
        Ok(Self {
            window: (0..points).map(|n| angle(n).sin().powi(2)).collect(),
            hop,
            forward: planner.plan_fft_forward(points),
            inverse: planner.plan_fft_inverse(points),
        })
    }

    /// N/2 + 1, the frequencies from 0 to half the sample rate.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// Frames of so many samples.
    #[must_use]
    pub fn frames(&self, samples: usize) -> usize {
        samples / self.hop + 1
    }

    /// N, the samples of a frame.
    #[must_use]
    pub fn points(&self) -> usize {
        self.window.len()
    }

    /// Samples from one frame to the next.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// The samples of a signal that frame m reaches, and where they begin in the frame.
    fn reach(&self, m: usize, samples: usize) -> (std::ops::Range<usize>, usize) {
        let (centre, half) = (m * self.hop, self.window.len() / 2);
        let start = centre.saturating_sub(half);
        let end = (centre + half).min(samples).max(start);
        (start..end, (start + half).saturating_sub(centre))
    }

    /// The spectrum of a signal, (bins, frames).
    #[must_use]
    pub fn forward(&self, signal: &[f64]) -> Array2<Complex64> {
        let mut spectrum = Array2::zeros((self.bins(), self.frames(signal.len())));
        let mut transform = FrameTransform::new(self);
        for (m, mut column) in spectrum.axis_iter_mut(Axis(1)).enumerate() {
            let (samples, at) = self.reach(m, signal.len());
            let bins = transform.analyse(at, &signal[samples]);
            column.iter_mut().zip(bins).for_each(|(to, &bin)| *to = bin);
        }
        spectrum
    }

    /// The signal of so many samples whose spectrum is nearest to this one, (bins, frames): exactly the signal, if it is
    /// that of one (Griffin and Lim 1984, equation 6).
    ///
    /// # Panics
    /// If the spectrum has other bins, or other frames than so many samples have.
    #[must_use]
    pub fn inverse(&self, spectrum: ArrayView2<Complex64>, samples: usize) -> Vec<f64> {
        assert_eq!(spectrum.dim(), (self.bins(), self.frames(samples)), "bins and frames of {samples} samples");
        let (mut signal, mut weight) = (vec![0.0; samples], vec![0.0; samples]);
        let mut transform = FrameTransform::new(self);
        for (m, column) in spectrum.axis_iter(Axis(1)).enumerate() {
            let (reached, at) = self.reach(m, samples);
            transform.synthesise(column.iter().copied(), at, &mut signal[reached.clone()], &mut weight[reached]);
        }
        signal.iter_mut().zip(&weight).for_each(|(sum, weight)| *sum /= weight);
        signal
    }
}

/// The transform of one frame after the other.
pub(crate) struct FrameTransform {
    stft: Stft,
    frame: Vec<f64>,
    bins: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl FrameTransform {
    pub(crate) fn new(stft: &Stft) -> Self {
        let (frame, bins) = (stft.forward.make_input_vec(), stft.forward.make_output_vec());
        let longest = stft.forward.get_scratch_len().max(stft.inverse.get_scratch_len());
        Self { stft: stft.clone(), frame, bins, scratch: vec![Complex64::default(); longest] }
    }

    /// The spectrum of a frame that is silent but for these samples, from place `at` on.
    pub(crate) fn analyse(&mut self, at: usize, samples: &[f64]) -> &[Complex64] {
        let Self { stft, frame, bins, scratch } = self;
        frame.fill(0.0);
        for ((value, &x), w) in frame[at..].iter_mut().zip(samples).zip(&stft.window[at..]) {
            *value = w * x;
        }
        stft.forward.process_with_scratch(frame, bins, scratch).expect("all lengths are those of the transform");
        bins
    }

    /// Adds a frame from place `at` on to a sum of frames, and its weight to that of the sum.
    pub(crate) fn synthesise(
        &mut self,
        spectrum: impl Iterator<Item = Complex64>,
        at: usize,
        sum: &mut [f64],
        weight: &mut [f64],
    ) {
        let Self { stft, frame, bins, scratch } = self;
        bins.iter_mut().zip(spectrum).for_each(|(bin, from)| *bin = from);
        let last = bins.len() - 1;
        // Those of a real signal have no imaginary part there, and those of none have no use for it.
        (bins[0].im, bins[last].im) = (0.0, 0.0);
        stft.inverse.process_with_scratch(bins, frame, scratch).expect("all lengths are those of the transform");
        let points = frame.len() as f64;
        for ((sum, weight), (x, w)) in sum.iter_mut().zip(weight).zip(frame[at..].iter().zip(&stft.window[at..])) {
            *sum += w * x / points;
            *weight += w * w;
        }
    }
}

impl std::fmt::Debug for Stft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stft").field("points", &self.window.len()).field("hop", &self.hop).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Uniform noise within ±1, by Knuth's linear congruential generator.
    fn noise(samples: usize) -> Vec<f64> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1_u32 << 31) * 2.0 - 1.0
        };
        (0..samples).map(|_| next()).collect()
    }

    /// `torch.stft(x, 16, 4, window=torch.hann_window(16, dtype=torch.float64), center=True, pad_mode="constant",
    /// return_complex=True)` of 50 samples of the same noise, and `torch.istft` of what is left of its bins 0 to 4, with
    /// torch 2.15.
    #[test]
    fn it_is_that_of_torch() {
        let stft = Stft::new(16, 4).unwrap();
        let mut spectrum = stft.forward(&noise(50));
        assert_eq!(spectrum.dim(), (9, 13));
        for ((k, m), re, im) in [
            ((0, 0), 0.234_299_793_841_903_9, 0.0),
            ((1, 0), 0.000_484_208_959_528_274_16, 0.330_627_946_340_731_5),
            ((3, 5), -0.701_506_544_523_746_3, 1.347_368_834_786_219_8),
            ((8, 12), -0.418_454_060_379_824_6, 0.0),
            ((6, 12), -0.980_661_993_699_448_3, 1.038_567_753_447_374),
        ] {
            let found: Complex64 = spectrum[[k, m]];
            assert!((found - Complex64::new(re, im)).norm() < 1e-12, "{k} {m}: {found}");
        }
        spectrum.slice_mut(ndarray::s![5.., ..]).fill(Complex64::default());
        let signal = stft.inverse(spectrum.view(), 50);
        for (t, expected) in [
            (0, -0.041_186_910_110_496_584),
            (1, 0.041_133_315_348_019_193),
            (20, 0.509_469_823_439_685_2),
            (47, -0.368_984_552_112_247_23),
            (48, -0.640_705_930_921_599_6),
            (49, -0.646_862_595_459_196_2),
        ] {
            assert!((signal[t] - expected).abs() < 1e-12, "{t}: {}", signal[t]);
        }
    }

    #[test]
    fn frames_that_leave_samples_out_are_refused() {
        for (points, hop) in [(0, 1), (7, 2), (8, 0), (8, 5)] {
            let message = Stft::new(points, hop).unwrap_err().to_string();
            assert!(message.contains(&format!("{points} points")), "{message}");
        }
    }

    proptest! {
        #[test]
        fn the_inverse_gives_every_signal_back(half in 1_usize..40, share in 0.0..1.0_f64, samples in 0_usize..400) {
            let hop = 1 + ((half - 1) as f64 * share) as usize;
            let stft = Stft::new(2 * half, hop).unwrap();
            let signal = noise(samples);
            let again = stft.inverse(stft.forward(&signal).view(), samples);
            prop_assert!(again.iter().zip(&signal).all(|(a, b)| (a - b).abs() < 1e-10));
        }
    }
}
