//! Short-time Fourier transforms of signals that come, and go, piece by piece.

use realfft::num_complex::Complex64;

use crate::Stft;
use crate::stft::FrameTransform;

/// From samples to frames: those of [`Stft::forward`], to the bit, as soon as their samples are there.
///
/// # Examples
///
/// ```
/// use bss_data::{Analysis, Stft, Synthesis};
///
/// let stft = Stft::new(64, 16)?;
/// let (mut analysis, mut synthesis) = (Analysis::new(&stft), Synthesis::new(&stft));
/// let mut heard = Vec::new();
/// for piece in 0..10 {
///     for frame in analysis.push(&[f64::from(piece); 100]) {
///         heard.extend(synthesis.push(&frame));
///     }
/// }
/// for frame in analysis.finish() {
///     heard.extend(synthesis.push(&frame));
/// }
/// heard.extend(synthesis.finish(1000));
/// assert!(heard.len() == 1000 && (heard[0].abs() < 1e-12) && (heard[999] - 9.0).abs() < 1e-12);
/// # Ok::<(), bss_data::Error>(())
/// ```
pub struct Analysis {
    transform: FrameTransform,
    points: usize,
    hop: usize,
    /// The samples that later frames reach, and the number of the first.
    samples: Vec<f64>,
    first: usize,
    /// The next frame.
    frame: usize,
}

impl Analysis {
    /// At the beginning of a signal.
    #[must_use]
    pub fn new(stft: &Stft) -> Self {
        let (points, hop) = (stft.points(), stft.hop());
        Self { transform: FrameTransform::new(stft), points, hop, samples: Vec::new(), first: 0, frame: 0 }
    }

    /// Takes the next samples, and gives the frames that they complete.
    pub fn push(&mut self, samples: &[f64]) -> Vec<Vec<Complex64>> {
        self.samples.extend_from_slice(samples);
        let end = self.first + self.samples.len();
        let mut frames = Vec::new();
        while self.frame * self.hop + self.points / 2 <= end {
            frames.push(self.next());
        }
        frames
    }

    /// The frames that are left at the end of the signal.
    pub fn finish(&mut self) -> Vec<Vec<Complex64>> {
        let end = self.first + self.samples.len();
        let mut frames = Vec::new();
        while self.frame <= end / self.hop {
            frames.push(self.next());
        }
        frames
    }

    fn next(&mut self) -> Vec<Complex64> {
        let (centre, half) = (self.frame * self.hop, self.points / 2);
        let start = centre.saturating_sub(half);
        let at = start + half - centre;
        let from = (start - self.first).min(self.samples.len());
        let to = (centre + half - self.first).min(self.samples.len());
        let frame = self.transform.analyse(at, &self.samples[from..to]).to_vec();
        self.frame += 1;
        let needed = (self.frame * self.hop).saturating_sub(half).saturating_sub(self.first).min(self.samples.len());
        self.samples.drain(..needed);
        self.first += needed;
        frame
    }
}

/// From frames to samples: those of [`Stft::inverse`], to the bit, as soon as no later frame reaches them.
pub struct Synthesis {
    transform: FrameTransform,
    points: usize,
    hop: usize,
    /// Sums of frames and of their weights, from sample `first` on.
    sum: Vec<f64>,
    weight: Vec<f64>,
    first: usize,
    frame: usize,
}

impl Synthesis {
    /// At the beginning of a signal.
    #[must_use]
    pub fn new(stft: &Stft) -> Self {
        let (points, hop) = (stft.points(), stft.hop());
        let (sum, weight) = (Vec::new(), Vec::new());
        Self { transform: FrameTransform::new(stft), points, hop, sum, weight, first: 0, frame: 0 }
    }

    /// Takes the next frame, and gives the samples that it completes.
    pub fn push(&mut self, frame: &[Complex64]) -> Vec<f64> {
        let (centre, half) = (self.frame * self.hop, self.points / 2);
        let start = centre.saturating_sub(half);
        let (at, from, to) = (start + half - centre, start - self.first, centre + half - self.first);
        self.sum.resize(self.sum.len().max(to), 0.0);
        self.weight.resize(self.weight.len().max(to), 0.0);
        let (sum, weight) = (&mut self.sum[from..to], &mut self.weight[from..to]);
        self.transform.synthesise(frame.iter().copied(), at, sum, weight);
        self.frame += 1;
        let done = (self.frame * self.hop).saturating_sub(half).saturating_sub(self.first);
        self.take(done)
    }

    /// The samples that are left of a signal of so many in all.
    pub fn finish(&mut self, samples: usize) -> Vec<f64> {
        self.take(samples.saturating_sub(self.first).min(self.sum.len()))
    }

    fn take(&mut self, count: usize) -> Vec<f64> {
        self.first += count;
        self.sum.drain(..count).zip(self.weight.drain(..count)).map(|(sum, weight)| sum / weight).collect()
    }
}

impl std::fmt::Debug for Analysis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analysis").field("frame", &self.frame).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Synthesis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Synthesis").field("frame", &self.frame).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            half in 1_usize..20,
            share in 0.0..1.0_f64,
            pieces in prop::collection::vec(0_usize..70, 0..8),
        ) {
            let stft = Stft::new(2 * half, 1 + ((half - 1) as f64 * share) as usize).unwrap();
            let samples: usize = pieces.iter().sum();
            let signal: Vec<f64> = (0..samples).map(|t| (0.7 * (t * t) as f64).sin()).collect();
            let mut analysis = Analysis::new(&stft);
            let (mut frames, mut rest) = (Vec::new(), &signal[..]);
            for piece in pieces {
                let (now, later) = rest.split_at(piece);
                frames.extend(analysis.push(now));
                rest = later;
            }
            frames.extend(analysis.finish());
            let whole = stft.forward(&signal);
            prop_assert_eq!(frames.len(), whole.ncols());
            for (frame, expected) in frames.iter().zip(whole.columns()) {
                prop_assert_eq!(frame.as_slice(), &expected.to_vec()[..]);
            }
            let mut synthesis = Synthesis::new(&stft);
            let mut heard: Vec<f64> = frames.iter().flat_map(|frame| synthesis.push(frame)).collect();
            heard.extend(synthesis.finish(samples));
            prop_assert_eq!(heard, stft.inverse(whole.view(), samples));
        }
    }
}
