//! Recordings at another sample rate.

use std::num::NonZero;

use ndarray::{Array2, ArrayView2};
use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::error::{Error, Result};

/// Samples that are converted at once, at least.
const CHUNK: usize = 4096;

/// Longer blocks, of rates with hardly a common divisor, would take gigabytes.
const LONGEST: usize = 1 << 20;

/// A sample rate as headers hold it and resampling needs it: a whole number of Hz from 1 on.
///
/// # Examples
///
/// ```
/// assert_eq!(bss_data::hertz(44_100.0).unwrap().get(), 44_100);
/// assert!([0.0, 0.5, 1e10, f64::NAN].iter().all(|&rate| bss_data::hertz(rate).is_none()));
/// ```
#[must_use]
pub fn hertz(rate: f64) -> Option<NonZero<u32>> {
    let is_whole = rate.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&rate);
    is_whole.then_some(rate as u32).and_then(NonZero::new)
}

/// A recording (samples, channels) at another rate, in Hz: ⌈samples · to / from⌉ samples of the same time.
///
/// What lies above half of either rate is filtered out, with no delay. Beyond its ends the recording is taken to be
/// silent.
///
/// # Errors
/// [`Error::Rates`] where the ratio of the rates has a term beyond 2²⁰.
///
/// # Examples
///
/// ```
/// use std::num::NonZero;
///
/// use ndarray::Array2;
///
/// let [cd, wide_band] = [44_100, 16_000].map(|hz| NonZero::new(hz).unwrap());
/// let second = Array2::<f64>::zeros((44_100, 2));
/// assert_eq!(bss_data::resample(second.view(), cd, wide_band)?.dim(), (16_000, 2));
/// # Ok::<(), bss_data::Error>(())
/// ```
#[expect(clippy::missing_panics_doc, reason = "the samples are as many as the resampler says")]
pub fn resample(recording: ArrayView2<f64>, from: NonZero<u32>, to: NonZero<u32>) -> Result<Array2<f64>> {
    let (samples, channels) = recording.dim();
    if from == to || recording.is_empty() {
        return Ok(recording.to_owned());
    }
    let mut resampler = Resampler::new(channels, from, to)?;
    let mut values = resampler.push(&recording.iter().copied().collect::<Vec<_>>());
    values.extend(resampler.finish());
    let samples = resampler.length_of(samples);
    Ok(Array2::from_shape_vec((samples, channels), values).expect("whole frames"))
}

/// The same for sound that comes piece by piece.
///
/// Pieces are (samples, channels) in one row.
///
/// # Examples
///
/// ```
/// use std::num::NonZero;
///
/// let [from, to] = [48_000, 44_100].map(|hz| NonZero::new(hz).unwrap());
/// let mut resampler = bss_data::Resampler::new(1, from, to)?;
/// let mut heard = resampler.push(&[0.5; 50_000]);
/// heard.extend(resampler.push(&[0.5; 46_000]));
/// heard.extend(resampler.finish());
/// assert_eq!(heard.len(), 88_200);
/// # Ok::<(), bss_data::Error>(())
/// ```
pub struct Resampler {
    fft: Fft<f64>,
    channels: usize,
    from: usize,
    to: usize,
    /// Values that do not fill a block yet.
    waiting: Vec<f64>,
    /// Samples taken, and given.
    taken: usize,
    given: usize,
    /// Samples of the filter's delay that are still to be left out.
    delay: usize,
}

impl Resampler {
    /// For so many channels, from one rate to another.
    ///
    /// # Errors
    /// As [`resample`].
    ///
    /// # Panics
    /// If there is no channel.
    pub fn new(channels: usize, from: NonZero<u32>, to: NonZero<u32>) -> Result<Self> {
        let (from, to) = (from.get() as usize, to.get() as usize);
        let common = gcd(from, to);
        if (from / common).max(to / common) > LONGEST {
            return Err(Error::Rates { from, to });
        }
        // An even number of the least blocks: the filter is centred in its block, and half of an odd one would be a delay.
        let chunk = from / common * CHUNK.div_ceil(from / common).next_multiple_of(2);
        let fft = Fft::new_custom(from, to, chunk, 1, channels, WindowFunction::BlackmanHarris2, FixedSync::Both)
            .expect("rates and channels are not zero");
        let delay = fft.output_delay();
        Ok(Self { fft, channels, from, to, waiting: Vec::new(), taken: 0, given: 0, delay })
    }

    /// The samples that so many become.
    fn length_of(&self, samples: usize) -> usize {
        (samples * self.to).div_ceil(self.from)
    }

    /// Takes the next samples, and gives those that they complete.
    pub fn push(&mut self, values: &[f64]) -> Vec<f64> {
        self.taken += values.len() / self.channels;
        self.waiting.extend_from_slice(values);
        let block = self.fft.input_frames_next() * self.channels;
        let mut given = Vec::new();
        while self.waiting.len() >= block {
            let rest = self.waiting.split_off(block);
            let block = std::mem::replace(&mut self.waiting, rest);
            self.convert(block, &mut given);
        }
        given
    }

    /// The samples that are left at the end.
    pub fn finish(&mut self) -> Vec<f64> {
        let mut given = Vec::new();
        while self.given < self.length_of(self.taken) {
            let mut block = std::mem::take(&mut self.waiting);
            block.resize(self.fft.input_frames_next() * self.channels, 0.0);
            self.convert(block, &mut given);
        }
        given
    }

    fn convert(&mut self, block: Vec<f64>, given: &mut Vec<f64>) {
        let frames = block.len() / self.channels;
        let input = InterleavedOwned::new_from(block, self.channels, frames).expect("all values are there");
        let output = self.fft.process(&input, None).expect("the block is as long as the resampler says");
        let values = output.take_data();
        let late = self.delay.min(values.len() / self.channels);
        self.delay -= late;
        // Beyond the end there is only the filter's silence.
        let left = self.length_of(self.taken) - self.given;
        let samples = (values.len() / self.channels - late).min(left);
        self.given += samples;
        given.extend_from_slice(&values[late * self.channels..(late + samples) * self.channels]);
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hertz(rate: u32) -> NonZero<u32> {
        super::hertz(f64::from(rate)).unwrap()
    }

    /// A tone of one hertz in each channel, faded in and out so that it has no edges.
    fn tones(rate: u32, seconds: f64, tones: &[f64]) -> Array2<f64> {
        let samples = (f64::from(rate) * seconds).ceil() as usize;
        Array2::from_shape_fn((samples, tones.len()), |(t, channel)| {
            let t = t as f64 / f64::from(rate);
            let fade = (std::f64::consts::PI * t / seconds).sin().powi(2);
            fade * (std::f64::consts::TAU * tones[channel] * t).sin()
        })
    }

    fn energy(signal: &Array2<f64>) -> f64 {
        signal.iter().map(|value| value * value).sum()
    }

    #[test]
    fn tones_below_half_of_both_rates_keep_their_time_and_height() {
        for (from, to) in [
            (44_100, 16_000),
            (16_000, 44_100),
            (48_000, 44_100),
            (8000, 8000),
            (44_100, 22_050),
            (250, 360),
            (44_100, 48_000),
            (48_000, 22_050),
            (8000, 11_025),
        ] {
            let below = f64::from(from.min(to)) / 2.0;
            let frequencies = [0.01 * below, 0.3 * below, 0.8 * below];
            let expected = tones(to, 1.0, &frequencies);
            let found = resample(tones(from, 1.0, &frequencies).view(), hertz(from), hertz(to)).unwrap();
            assert_eq!(found.dim(), expected.dim(), "{from} to {to}");
            let error = energy(&(&found - &expected)) / energy(&expected);
            assert!(error < 1e-8, "{from} to {to}: {error:e}");
        }
    }

    #[test]
    fn tones_that_the_new_rate_cannot_hold_are_gone() {
        let high = tones(44_100, 1.0, &[9000.0, 15_000.0]);
        let left = resample(high.view(), hertz(44_100), hertz(16_000)).unwrap();
        assert!(energy(&left) / energy(&high) < 1e-9, "{:e}", energy(&left) / energy(&high));
    }

    #[test]
    fn short_and_empty_recordings_have_their_length() {
        for samples in [0, 1, 2, 100] {
            let recording = Array2::from_elem((samples, 1), 1.0);
            let found = resample(recording.view(), hertz(3), hertz(2)).unwrap();
            assert_eq!(found.dim(), (if samples == 0 { 0 } else { (2 * samples).div_ceil(3) }, 1));
            assert!(found.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn rates_without_a_common_divisor_are_refused_where_they_are_high() {
        let recording = Array2::zeros((10, 1));
        assert_eq!(resample(recording.view(), hertz(44_101), hertz(44_100)).unwrap().dim(), (10, 1));
        let error = resample(recording.view(), hertz(4_294_967_291), hertz(44_100)).unwrap_err().to_string();
        assert!(error.contains("4294967291 Hz to 44100 Hz"), "{error}");
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let whole = tones(44_100, 0.5, &[300.0, 4000.0]);
        let expected = resample(whole.view(), hertz(44_100), hertz(16_000)).unwrap();
        let values: Vec<f64> = whole.iter().copied().collect();
        for piece in [2, 1000, 9002, 50_000] {
            let mut resampler = Resampler::new(2, hertz(44_100), hertz(16_000)).unwrap();
            let mut found: Vec<f64> = values.chunks(piece).flat_map(|piece| resampler.push(piece)).collect();
            found.extend(resampler.finish());
            assert_eq!(found, expected.iter().copied().collect::<Vec<_>>(), "{piece}");
        }
    }
}
