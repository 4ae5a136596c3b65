//! From a recording to the gains of its sources.

use anyhow::Result;
use bss_data::Analysis;

use super::segments::{Gains, Segments};
use crate::front_end::FrontEnd;

/// What a model hears of a recording: the mean of its channels.
pub(super) struct Listener<'a> {
    channels: usize,
    analysis: Analysis,
    segments: Segments<'a>,
}

/// A piece of a recording.
pub(super) struct Heard {
    /// Its samples (samples, channels).
    pub(super) samples: Vec<f64>,
    /// The gains of the next frames, which may have begun in earlier pieces.
    pub(super) gains: Vec<Gains>,
    /// Whether it is the last.
    pub(super) is_last: bool,
}

impl<'a> Listener<'a> {
    pub(super) fn new(front_end: &FrontEnd, channels: usize, segments: Segments<'a>) -> Self {
        Self { channels, analysis: Analysis::new(front_end.spectra.stft()), segments }
    }

    /// Takes samples (samples, channels), and hands them on with what they complete.
    ///
    /// # Errors
    /// As the model's.
    pub(super) fn push(&mut self, samples: Vec<f64>) -> Result<Heard> {
        let mean = |channels: &[f64]| channels.iter().sum::<f64>() / self.channels as f64;
        let means: Vec<f64> = samples.chunks_exact(self.channels).map(mean).collect();
        let mut gains = Vec::new();
        for frame in self.analysis.push(&means) {
            gains.extend(self.segments.push(&frame)?);
        }
        Ok(Heard { samples, gains, is_last: false })
    }

    /// The same with the last samples, and what is left.
    ///
    /// # Errors
    /// As the model's.
    pub(super) fn finish(mut self, samples: Vec<f64>) -> Result<Heard> {
        let Heard { samples, mut gains, .. } = self.push(samples)?;
        for frame in self.analysis.finish() {
            gains.extend(self.segments.push(&frame)?);
        }
        gains.extend(self.segments.finish()?);
        Ok(Heard { samples, gains, is_last: true })
    }
}
