//! Recordings of single notes as examples: found in folders, brought to one rate, length and loudness.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use bss_data::{Format, Location, ReadOptions};
use ndarray::Axis;
use rayon::prelude::*;

use super::rate::resampled;

/// Notes of equal length.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notes {
    /// The file of each.
    pub(crate) files: Vec<PathBuf>,
    /// Their samples.
    pub(crate) signals: Vec<Vec<f64>>,
    /// Samples per second.
    pub(crate) sample_rate: f64,
    /// Recordings that were left out because they are silent.
    pub(crate) silent: Vec<PathBuf>,
}

/// A note begins where it first comes this near to its peak, which is 40 dB.
const ONSET: f64 = 0.01;
/// Seconds that are kept ahead of that.
const AHEAD: f64 = 0.01;
/// The root mean square of every note.
const LOUDNESS: f64 = 0.05;

/// Reads all recordings of some files and folders, each as one note of so many samples: the mean of its channels, from
/// its onset on, followed by silence where it is shorter, and as loud as all others. They come in the order of their
/// paths; files in folders that are no recordings are passed over.
///
/// # Errors
/// Folders without recordings, what [`bss_data::read`] refuses, values that are not finite; recordings of several rates
/// without a `rate` to bring them to.
pub(crate) fn read_notes(inputs: &[String], samples: usize, rate: Option<f64>) -> Result<Notes> {
    let mut files = Vec::new();
    for input in inputs {
        let path = Path::new(input);
        let before = files.len();
        find(path, &mut files).with_context(|| format!("{input}: cannot be listed"))?;
        ensure!(files.len() > before, "{input}: holds no recordings, expected .wav, .flac, .mp3 or .ogg files");
    }
    let Some(first) = files.first() else { bail!("no input") };
    let sample_rate = rate.map_or_else(|| Ok(read(first)?.1), anyhow::Ok)?;
    // One by one, for recordings may be long where notes are short.
    let notes = files.par_iter().map(|path| {
        let (recording, own) = read(path)?;
        let shown = path.display();
        ensure!(
            rate.is_some() || own == sample_rate,
            "{shown} has {own} Hz, but {} has {sample_rate} Hz; give --sample-rate {sample_rate} to resample",
            first.display()
        );
        let recording = resampled(recording, own, sample_rate).with_context(|| shown.to_string())?;
        Ok(note(&recording, samples, sample_rate))
    });
    let notes = notes.collect::<Result<Vec<_>>>()?;
    let mut found = Notes { files: Vec::new(), signals: Vec::new(), sample_rate, silent: Vec::new() };
    for (path, note) in files.into_iter().zip(notes) {
        match note {
            Some(signal) => {
                found.files.push(path);
                found.signals.push(signal);
            }
            None => found.silent.push(path),
        }
    }
    Ok(found)
}

/// Whether inputs are recordings or folders of such, and not datasets.
pub(crate) fn are_notes(inputs: &[String]) -> bool {
    let is_note = |input: &String| {
        let path = Path::new(input);
        path.is_dir() || Format::of(path).is_ok_and(Format::is_sound)
    };
    inputs.iter().any(is_note)
}

/// All recordings of a file or of a folder and its folders, by path.
fn find(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = path.read_dir()?.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || Format::of(&entry).is_ok_and(Format::is_sound) {
            find(&entry, files)?;
        }
    }
    Ok(())
}

/// The mean of a recording's channels, and its rate.
fn read(path: &Path) -> Result<(Vec<f64>, f64)> {
    let array = bss_data::read(&Location::from(path), &ReadOptions::default())?;
    let shown = path.display();
    let rate = array.sample_rate.with_context(|| format!("{shown}: has no sample rate, so it is no sound"))?;
    let bad = array.values.iter().filter(|value| !value.is_finite()).count();
    ensure!(bad == 0, "{shown}: {bad} of {} values are NaN or infinite; leave it out", array.values.len());
    let mean = array.values.mean_axis(Axis(1)).with_context(|| format!("{shown}: is empty"))?;
    Ok((mean.into_iter().collect(), rate))
}

/// A note of so many samples; `None` where there is silence.
fn note(recording: &[f64], samples: usize, rate: f64) -> Option<Vec<f64>> {
    let peak = recording.iter().fold(0.0_f64, |peak, value| peak.max(value.abs()));
    let onset = recording.iter().position(|value| peak > 0.0 && value.abs() >= ONSET * peak)?;
    let start = onset.saturating_sub((AHEAD * rate) as usize);
    let mut signal: Vec<f64> = recording[start..].iter().copied().take(samples).collect();
    signal.resize(samples, 0.0);
    // Relative to the peak, so that no square vanishes or overflows.
    let energy: f64 = signal.iter().map(|value| (value / peak).powi(2)).sum();
    let gain = LOUDNESS / (energy / samples as f64).sqrt();
    signal.iter_mut().for_each(|value| *value = *value / peak * gain);
    gain.is_finite().then_some(signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_begins_at_its_onset_and_is_as_loud_as_others() {
        let mut recording = vec![1e-4; 300];
        recording.extend((0..200).map(|t| 0.3 * (0.5 * f64::from(t)).cos()));
        let found = note(&recording, 400, 1000.0).unwrap();
        assert_eq!(found.len(), 400);
        let rms = (found.iter().map(|value| value * value).sum::<f64>() / 400.0).sqrt();
        assert!((rms - LOUDNESS).abs() < 1e-12);
        assert!(found[9].abs() < 1e-3 * found[10].abs() && found[210..].iter().all(|&value| value == 0.0));
        assert_eq!(note(&[0.0; 50], 10, 1000.0), None);
        assert_eq!(note(&[], 10, 1000.0), None);
    }
}
