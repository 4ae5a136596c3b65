//! Separating a recording of any length with a model of sound, segment by segment.
//!
//! Sound flows through: pieces of the file become frames, frames gains, gained frames samples, and these go to one file for
//! each source. What is held at a time does not grow with the recording.

mod segments;
mod sums;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use bss_data::{Analysis, Complex64, Dtype, SoundReader, SoundWriter, Synthesis};
use ndarray::ArrayView1;
use serde_json::json;

use super::examples;
use crate::args::SeparateArgs;
use crate::config::Config;
use crate::front_end::FrontEnd;
use crate::input::resampler;
use crate::model::ExampleSeparator;
use crate::outcome::Fault;
use crate::{interrupt, output};
use segments::{Gains, Segments};
use sums::{Grain, Sums};

/// Separates a recording into a folder of one `.wav` for each source.
///
/// # Errors
/// Several channels without `--mask`; a recording that cannot be read; files that cannot be written.
pub(super) fn run(
    args: &SeparateArgs,
    separator: &ExampleSeparator,
    config: &Config,
    front_end: &FrontEnd,
    (input, run_rate): (&str, Option<f64>),
) -> Result<()> {
    let mut reader = SoundReader::open(Path::new(input))?;
    let (channels, rate) = (reader.channels(), reader.sample_rate());
    ensure!(
        channels == 1 || args.mask,
        "{input}: has {channels} channels, whose mean the model hears; give --mask, so that its sources are shares of each"
    );
    let rate_of_model = run_rate.unwrap_or(rate);
    let mut resampler = resampler(channels, rate, rate_of_model).with_context(|| input.to_owned())?;
    let files = super::folder::prepare(args, separator.model.sources(), "wav")?;
    let dtype = args.bits.dtype();
    let separate = |x: &[f32]| examples::sources(args, separator, config, x);
    let mut song =
        Song::new(front_end, Segments::new(front_end, &separate, files.len(), args.mask), channels, args.mask);
    song.writers = files
        .iter()
        .map(|path| Ok(SoundWriter::create(path, channels, rate_of_model, dtype)?))
        .collect::<Result<_>>()?;
    song.grain = Grain::of(dtype);
    // Files that are not finished are removed on the way out.
    interrupt::catch()?;
    while let Some(piece) = reader.next_piece().with_context(|| input.to_owned())? {
        if interrupt::has_come() {
            return Err(Fault::Interrupted(format!("interrupted; no source of {input} was written")).into());
        }
        let bad = piece.iter().any(|value| !value.is_finite());
        ensure!(!bad, "{input}: holds values that are NaN or infinite; repair it first");
        match &mut resampler {
            None => song.push(&piece)?,
            Some(resampler) => song.push(&resampler.push(&piece))?,
        }
    }
    if let Some(mut resampler) = resampler {
        song.push(&resampler.finish())?;
    }
    let (samples, sums) = song.finish()?;
    tell(args, &files, (input, rate), (samples, rate_of_model), sums)
}

/// A recording on its way through.
struct Song<'a> {
    segments: Segments<'a>,
    /// Bins that the model sees.
    bins: usize,
    mask: bool,
    channels: usize,
    analyses: Vec<Analysis>,
    /// Frames that wait for their gains: the mean of the channels as the model sees it, and each channel.
    frames: VecDeque<(Vec<Complex64>, Vec<Vec<Complex64>>)>,
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

impl<'a> Song<'a> {
    fn new(front_end: &FrontEnd, segments: Segments<'a>, channels: usize, mask: bool) -> Self {
        let stft = front_end.spectra.stft();
        let sources = segments.sources();
        Self {
            segments,
            bins: front_end.spectra.dim().0,
            mask,
            channels,
            analyses: (0..channels).map(|_| Analysis::new(stft)).collect(),
            frames: VecDeque::new(),
            syntheses: (0..sources).map(|_| (0..channels).map(|_| Synthesis::new(stft)).collect()).collect(),
            samples: VecDeque::new(),
            taken: 0,
            writers: Vec::new(),
            grain: Grain::of(Dtype::F32),
            sums: Sums::default(),
        }
    }

    /// Takes samples (samples, channels).
    fn push(&mut self, piece: &[f64]) -> Result<()> {
        self.samples.extend(piece);
        self.taken += piece.len() / self.channels;
        let channel = |c: usize| piece.iter().skip(c).step_by(self.channels).copied().collect::<Vec<_>>();
        let frames = self.analyses.iter_mut().enumerate().map(|(c, analysis)| analysis.push(&channel(c))).collect();
        self.push_frames(frames)
    }

    /// Takes the new frames of each channel.
    fn push_frames(&mut self, of_channels: Vec<Vec<Vec<Complex64>>>) -> Result<()> {
        let mut of_channels: Vec<_> = of_channels.into_iter().map(Vec::into_iter).collect();
        loop {
            let frame: Vec<_> = of_channels.iter_mut().filter_map(Iterator::next).collect();
            if frame.is_empty() {
                return Ok(());
            }
            let mean = mean(&frame, self.bins);
            let gains = self.segments.push(&mean)?;
            self.frames.push_back((mean, frame));
            self.put(&gains)?;
        }
    }

    /// Writes what is left; the samples in all, and how they add up.
    fn finish(mut self) -> Result<(usize, Sums)> {
        let frames = self.analyses.iter_mut().map(Analysis::finish).collect();
        self.push_frames(frames)?;
        let gains = self.segments.finish()?;
        self.put(&gains)?;
        let last = |syntheses: &mut Vec<Synthesis>| syntheses.iter_mut().map(|of| of.finish(self.taken)).collect();
        let last = self.syntheses.iter_mut().map(last).collect();
        self.write(last)?;
        self.writers.into_iter().try_for_each(SoundWriter::finish)?;
        Ok((self.taken, self.sums))
    }

    /// Lets the next frames be heard through their gains.
    fn put(&mut self, gains: &[Gains]) -> Result<()> {
        for gains in gains {
            let (mean, frame) = self.frames.pop_front().context("gains without a frame")?;
            let above = if self.mask { shares(&mean, gains) } else { vec![0.0; gains.nrows()] };
            let mut heard = Vec::with_capacity(self.syntheses.len());
            for ((k, syntheses), above) in self.syntheses.iter_mut().enumerate().zip(above) {
                let gain = |bin: usize| if bin < self.bins { f64::from(gains[[k, bin]]) } else { above };
                let through = |frame: &Vec<Complex64>| -> Vec<Complex64> {
                    frame.iter().enumerate().map(|(i, bin)| bin * gain(i)).collect()
                };
                let of_channel = syntheses.iter_mut().zip(&frame);
                heard.push(of_channel.map(|(synthesis, frame)| synthesis.push(&through(frame))).collect());
            }
            self.write(heard)?;
        }
        Ok(())
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

fn tell(
    args: &SeparateArgs,
    files: &[PathBuf],
    (input, rate): (&str, f64),
    (samples, rate_of_model): (usize, f64),
    sums: Sums,
) -> Result<()> {
    let written: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let is_exact = sums.inexact == 0;
    if args.json {
        return output::print_json(&json!({
            "run": args.run.display().to_string(),
            "input": input,
            "out": written,
            "samples": samples,
            "sources": files.len(),
            "sample_rate": rate_of_model,
            "resampled_from": (rate != rate_of_model).then_some(rate),
            "mask": args.mask,
            "refine": args.refine,
            "rounds": args.rounds,
            "adds_up": args.mask.then_some(is_exact),
            "largest_difference": args.mask.then_some(sums.largest),
            "warnings": [],
        }));
    }
    let mut lines = vec![format!("wrote {}: {samples} samples of {} sources", written.join(", "), files.len())];
    if rate != rate_of_model {
        lines.push(format!("{input} was resampled from {rate} Hz to the model's {rate_of_model} Hz"));
    }
    if args.mask {
        let what = if rate == rate_of_model { input.to_owned() } else { format!("{input} as it was resampled") };
        lines.push(if is_exact {
            format!("they add up to {what} to the last bit")
        } else {
            format!("they add up to {what} but for rounding, at most {:.1e}", sums.largest)
        });
    }
    output::print(&(lines.join("\n") + "\n"))
}
