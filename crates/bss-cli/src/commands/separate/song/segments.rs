//! Gains for the frames of a recording of any length, from a model that sees so many frames at once.

use std::collections::VecDeque;

use anyhow::Result;
use bss_data::Complex64;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use rayon::prelude::*;

use crate::front_end::FrontEnd;

/// Segments that the model is given at once.
const AT_ONCE: usize = 64;

/// From mixtures (examples, features) as the model sees them to their sources (examples, K, features).
pub(super) type Separate<'a> = dyn Fn(&[f32]) -> Result<Vec<f32>> + 'a;

/// Frames in, gains out, in the same order. Segments overlap by half: there, the sources of one are put into the order of
/// those before by what they sound like, and its gains fade in while the others fade out.
pub(super) struct Segments<'a> {
    front_end: &'a FrontEnd,
    separate: &'a Separate<'a>,
    mask: bool,
    /// K.
    sources: usize,
    /// The frames of segments that are not separated yet, each real parts and then imaginary ones.
    waiting: VecDeque<Vec<f32>>,
    /// The gains of the second half of the last segment, (K, bins, frames).
    last: Option<Array3<f32>>,
}

/// The gains of a frame, (K, bins).
pub(super) type Gains = Array2<f32>;

impl<'a> Segments<'a> {
    pub(super) fn new(front_end: &'a FrontEnd, separate: &'a Separate<'a>, sources: usize, mask: bool) -> Self {
        Self { front_end, separate, mask, sources, waiting: VecDeque::new(), last: None }
    }

    /// Takes the next frame, all bins that the front-end sees of it, and gives the gains of those that are done.
    ///
    /// # Errors
    /// As the model's.
    pub(super) fn push(&mut self, frame: &[Complex64]) -> Result<Vec<Gains>> {
        let (bins, frames) = self.front_end.spectra.dim();
        let seen = frame[..bins].iter();
        self.waiting.push_back(seen.clone().map(|bin| bin.re as f32).chain(seen.map(|bin| bin.im as f32)).collect());
        // As many as overlap to fill the model's batch.
        if self.waiting.len() == self.hop() * (AT_ONCE - 1) + frames {
            self.separate_waiting(AT_ONCE)
        } else {
            Ok(Vec::new())
        }
    }

    /// The gains of the frames that are left; those beyond the end are of silence.
    ///
    /// # Errors
    /// As the model's.
    pub(super) fn finish(&mut self) -> Result<Vec<Gains>> {
        let (bins, frames) = self.front_end.spectra.dim();
        let left = self.waiting.len();
        if left == 0 {
            return Ok(Vec::new());
        }
        // Every frame but those of the first half-segment is in two segments, the last one's too.
        let segments = left.div_ceil(self.hop());
        self.waiting.resize(self.hop() * (segments - 1) + frames, vec![0.0; 2 * bins]);
        let mut gains = self.separate_waiting(segments)?;
        gains.truncate(left);
        Ok(gains)
    }

    fn hop(&self) -> usize {
        self.front_end.spectra.dim().1 / 2
    }

    /// Separates so many segments, and forgets the frames that no later one has.
    fn separate_waiting(&mut self, segments: usize) -> Result<Vec<Gains>> {
        let (bins, frames) = self.front_end.spectra.dim();
        let hop = self.hop();
        let magnitudes = self.front_end.magnitudes;
        let waiting = &self.waiting;
        // Made twice rather than kept: those of all segments are large.
        let spectrum = |segment: usize| -> Vec<f32> {
            let frame = |t: usize| &waiting[segment * hop + t];
            (0..2 * bins).flat_map(|bin| (0..frames).map(move |t| frame(t)[bin])).collect()
        };
        let x: Vec<Vec<f32>> =
            (0..segments).into_par_iter().map(|segment| magnitudes.normalised(&spectrum(segment)).0).collect();
        let estimates = (self.separate)(&x.concat())?;
        let of_segments = x.par_iter().zip(estimates.par_chunks(x[0].len() * self.sources)).enumerate();
        let heard = of_segments.map(|(segment, (x, estimate))| {
            let gains = Array3::from_shape_vec((self.sources, bins, frames), magnitudes.gains(x, estimate, self.mask))?;
            let spectrum = spectrum(segment);
            let (re, im) = spectrum.split_at(bins * frames);
            let sizes = re.iter().zip(im).map(|(re, im)| (re * re + im * im).sqrt()).collect();
            Ok((gains, Array2::from_shape_vec((bins, frames), sizes)?))
        });
        let heard: Vec<(Array3<f32>, Array2<f32>)> = heard.collect::<Result<_>>()?;
        let mut done = Vec::with_capacity(segments * hop);
        for (gains, sizes) in heard {
            join(&mut self.last, gains, &sizes, &mut done);
        }
        self.waiting.drain(..segments * hop);
        Ok(done)
    }
}

/// Joins the next segment, of magnitudes `sizes`, to those before.
fn join(last: &mut Option<Array3<f32>>, mut gains: Array3<f32>, sizes: &Array2<f32>, done: &mut Vec<Gains>) {
    let hop = sizes.ncols() / 2;
    if let Some(before) = &last {
        let order = same_order(before.view(), gains.slice(s![.., .., ..hop]), sizes.slice(s![.., ..hop]));
        gains = gains.select(Axis(0), &order);
    }
    for t in 0..hop {
        let now = gains.index_axis(Axis(2), t).to_owned();
        done.push(match &last {
            None => now,
            Some(before) => {
                let share = (t as f32 + 0.5) / hop as f32;
                before.index_axis(Axis(2), t).mapv(|gain| gain * (1.0 - share)) + now * share
            }
        });
    }
    *last = Some(gains.slice_move(s![.., .., hop..2 * hop]));
}

/// Which source of a segment is which of the segment before, by the magnitudes that they have in the frames of both.
fn same_order(before: ArrayView3<f32>, now: ArrayView3<f32>, sizes: ArrayView2<f32>) -> Vec<usize> {
    let heard = |gains: ArrayView3<f32>| -> Vec<Vec<f64>> {
        let magnitudes = |gains: ArrayView2<f32>| (&gains * &sizes).iter().copied().map(f64::from).collect::<Vec<_>>();
        gains.outer_iter().map(|gains| unit(&magnitudes(gains))).collect()
    };
    let (before, now) = (heard(before), heard(now));
    let alike = Array2::from_shape_fn((before.len(), now.len()), |(i, j)| {
        before[i].iter().zip(&now[j]).map(|(a, b)| a * b).sum::<f64>().clamp(-1.0, 1.0)
    });
    match bss_metrics::assign(alike.view()) {
        Ok(alignment) => alignment.permutation,
        // Nothing can be told of silence.
        Err(_) => (0..now.len()).collect(),
    }
}

/// A vector of length 1; of zeros, itself.
fn unit(values: &[f64]) -> Vec<f64> {
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    values.iter().map(|value| value / norm.max(f64::MIN_POSITIVE)).collect()
}

#[cfg(test)]
mod tests {
    use bss_data::Spectra;
    use bss_models::Magnitudes;

    use super::*;

    fn front_end() -> FrontEnd {
        let spectra = Spectra::new(16, 4, 6, 8).unwrap();
        FrontEnd { spectra, magnitudes: Magnitudes::default(), sample_rate: None }
    }

    /// Frames of two sources: one in the lower bins and one in the upper.
    fn frame(t: usize) -> Vec<Complex64> {
        (0..9).map(|bin| Complex64::new(1.0 + ((t * 3 + bin) % 5) as f64, 0.5)).collect()
    }

    /// Knows the two apart, but not which is which: every other segment has them the other way round.
    fn swapping(calls: &std::cell::Cell<usize>, x: &[f32]) -> Vec<f32> {
        let mut sources = Vec::new();
        for x in x.chunks_exact(48) {
            let lower: Vec<f32> = x.iter().enumerate().map(|(i, &x)| if i / 8 < 3 { x } else { 0.0 }).collect();
            let upper: Vec<f32> = x.iter().zip(&lower).map(|(x, lower)| x - lower).collect();
            calls.set(calls.get() + 1);
            let is_odd = calls.get().is_multiple_of(2);
            sources.extend(if is_odd { [upper, lower] } else { [lower, upper] }.concat());
        }
        sources
    }

    #[test]
    fn sources_keep_their_order_and_every_frame_has_gains() {
        let front_end = front_end();
        for mask in [false, true] {
            for count in [0, 1, 4, 5, 8, 67, 68, 69, 150, 400] {
                let calls = std::cell::Cell::new(0);
                let separate = |x: &[f32]| Ok(swapping(&calls, x));
                let mut segments = Segments::new(&front_end, &separate, 2, mask);
                let mut gains = Vec::new();
                for t in 0..count {
                    gains.extend(segments.push(&frame(t)).unwrap());
                }
                gains.extend(segments.finish().unwrap());
                assert_eq!(gains.len(), count);
                for (t, gains) in gains.iter().enumerate() {
                    let near = |k: usize, bin: usize, expected: f32| (gains[[k, bin]] - expected).abs() < 1e-5;
                    let is_right = (0..6).all(|bin| {
                        let is_lower = f32::from(u8::from(bin < 3));
                        near(0, bin, is_lower) && near(1, bin, 1.0 - is_lower)
                    });
                    assert!(is_right, "frame {t} of {count}: {gains}");
                }
            }
        }
    }
}
