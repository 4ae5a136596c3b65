//! From gains to files: each source heard through its own.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;

use anyhow::{Context as _, Result, bail, ensure};
use bss_data::{Analysis, Complex64, SoundWriter, Synthesis};
use ndarray::ArrayView1;

use super::listener::Heard;
use super::segments::Gains;
use super::sums::{Grain, Sums};
use crate::front_end::FrontEnd;

/// The sources of a recording on their way to their files.
pub(super) struct Voices {
    /// Bins that the model sees.
    bins: usize,
    mask: bool,
    channels: usize,
    /// Pieces of the recording (samples, channels) that wait for gains.
    pieces: VecDeque<Vec<f64>>,
    analyses: Vec<Analysis>,
    /// Frames of each channel that wait for their gains.
    frames: VecDeque<Vec<Vec<Complex64>>>,
    gains: VecDeque<Gains>,
    /// Of each source, its channels.
    syntheses: Vec<Vec<Synthesis>>,
    /// Samples that wait for their sources, and how many there were in all.
    samples: VecDeque<f64>,
    taken: usize,
    writers: Vec<SoundWriter>,
    /// What the files hold.
    grain: Grain,
    sums: Sums,
}

impl Voices {
    /// Of so many channels, masked or not, into a file for each source.
    pub(super) fn new(
        front_end: &FrontEnd,
        (channels, mask): (usize, bool),
        (writers, grain): (Vec<SoundWriter>, Grain),
    ) -> Self {
        let stft = front_end.spectra.stft();
        Self {
            bins: front_end.spectra.dim().0,
            mask,
            channels,
            pieces: VecDeque::new(),
            analyses: (0..channels).map(|_| Analysis::new(stft)).collect(),
            frames: VecDeque::new(),
            gains: VecDeque::new(),
            syntheses: writers.iter().map(|_| (0..channels).map(|_| Synthesis::new(stft)).collect()).collect(),
            samples: VecDeque::new(),
            taken: 0,
            writers,
            grain,
            sums: Sums::default(),
        }
    }

    /// Takes all that is heard, and finishes the files after the last; the samples in all, and how they add up.
    ///
    /// # Errors
    /// Files that cannot be written; an end without a last.
    pub(super) fn all(mut self, heard: Receiver<Heard>) -> Result<(usize, Sums)> {
        for Heard { samples, gains, is_last } in heard {
            self.pieces.push_back(samples);
            self.gains.extend(gains);
            // Frames are larger than their samples, and are made when they are needed.
            while !self.gains.is_empty()
                && let Some(piece) = self.pieces.pop_front()
            {
                self.take(&piece)?;
            }
            if is_last {
                return self.finish();
            }
        }
        bail!("the recording broke off")
    }

    /// Takes samples (samples, channels).
    fn take(&mut self, piece: &[f64]) -> Result<()> {
        self.samples.extend(piece);
        self.taken += piece.len() / self.channels;
        let channel = |c: usize| piece.iter().skip(c).step_by(self.channels).copied().collect::<Vec<_>>();
        let frames = self.analyses.iter_mut().enumerate().map(|(c, analysis)| analysis.push(&channel(c))).collect();
        self.sound(frames)
    }

    fn finish(mut self) -> Result<(usize, Sums)> {
        let frames = self.analyses.iter_mut().map(Analysis::finish).collect();
        self.sound(frames)?;
        let [frames, gains] = [self.frames.len(), self.gains.len()];
        ensure!(frames == 0 && gains == 0, "{frames} frames without gains and {gains} gains without a frame");
        let last = |syntheses: &mut Vec<Synthesis>| syntheses.iter_mut().map(|of| of.finish(self.taken)).collect();
        let last = self.syntheses.iter_mut().map(last).collect();
        self.write(last)?;
        self.writers.into_iter().try_for_each(SoundWriter::finish)?;
        Ok((self.taken, self.sums))
    }

    /// Lets the frames that have gains be heard through them, with the new ones of each channel.
    fn sound(&mut self, of_channels: Vec<Vec<Vec<Complex64>>>) -> Result<()> {
        let mut of_channels: Vec<_> = of_channels.into_iter().map(Vec::into_iter).collect();
        loop {
            let frame: Vec<_> = of_channels.iter_mut().filter_map(Iterator::next).collect();
            if frame.is_empty() {
                break;
            }
            self.frames.push_back(frame);
        }
        while let Some(gains) = self.gains.pop_front() {
            let Some(frame) = self.frames.pop_front() else {
                self.gains.push_front(gains);
                break;
            };
            self.put(&frame, &gains)?;
        }
        Ok(())
    }

    /// Lets a frame be heard through its gains.
    fn put(&mut self, frame: &[Vec<Complex64>], gains: &Gains) -> Result<()> {
        let above = if self.mask { shares(&mean(frame, self.bins), gains) } else { vec![0.0; gains.nrows()] };
        let mut heard = Vec::with_capacity(self.syntheses.len());
        for ((k, syntheses), above) in self.syntheses.iter_mut().enumerate().zip(above) {
            let own = gains.row(k);
            let gain = own.iter().map(|&gain| f64::from(gain)).chain(std::iter::repeat(above));
            let through = |frame: &Vec<Complex64>| -> Vec<Complex64> {
                frame.iter().zip(gain.clone()).map(|(bin, gain)| bin * gain).collect()
            };
            let of_channel = syntheses.iter_mut().zip(frame);
            heard.push(of_channel.map(|(synthesis, frame)| synthesis.push(&through(frame))).collect());
        }
        self.write(heard)
    }

    /// Writes the next samples of each source and channel.
    fn write(&mut self, heard: Vec<Vec<Vec<f64>>>) -> Result<()> {
        let samples = heard[0][0].len();
        let mut sources = vec![0.0; heard.len()];
        for t in 0..samples {
            for c in 0..self.channels {
                sources.iter_mut().zip(&heard).for_each(|(source, heard)| *source = heard[c][t]);
                let x = self.samples.pop_front().context("a source without a sample")?;
                if self.mask {
                    self.sums.share_out(x, &mut sources, self.grain);
                }
                self.writers.iter_mut().zip(&sources).try_for_each(|(writer, &source)| writer.push(source))?;
            }
        }
        Ok(())
    }
}

/// The mean of so many bins of a frame's channels.
fn mean(frame: &[Vec<Complex64>], bins: usize) -> Vec<Complex64> {
    (0..bins).map(|bin| frame.iter().map(|channel| channel[bin]).sum::<Complex64>() / frame.len() as f64).collect()
}

/// Each source's share of a frame's energy; what lies above the bins that the model sees is shared out by these.
fn shares(frame: &[Complex64], gains: &Gains) -> Vec<f64> {
    let even = gains.nrows() as f64;
    let total: f64 = frame.iter().map(Complex64::norm_sqr).sum();
    let share = |gains: ArrayView1<f32>| {
        let own: f64 = frame.iter().zip(gains).map(|(bin, &gain)| bin.norm_sqr() * f64::from(gain)).sum();
        if total > 0.0 { own / total } else { 1.0 / even }
    };
    gains.outer_iter().map(share).collect()
}
