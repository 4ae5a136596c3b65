//! What makes a recording unfit, and what makes it suspicious.

use anyhow::{Result, bail, ensure};

use super::{MIN_SAMPLES, Recording};
use crate::warnings::{Warning, Warnings};

/// The largest magnitude allowed: beyond it, what is a measurement and what an error of reading cannot be told.
const LARGEST: f64 = 1e30;

/// The smallest that the largest magnitude of a recording may be: squares of smaller values vanish.
const SMALLEST: f64 = 1e-100;

/// Refuses a recording with few samples.
pub(super) fn long_enough(recording: &Recording) -> Result<()> {
    let (samples, channels) = recording.values.dim();
    let channels_first = recording.layout.channels_first;
    let hint = match channels >= MIN_SAMPLES {
        true if channels_first => "; if the array is (samples, channels), leave out --channels-first",
        true => "; if the array is (channels, samples), give --channels-first",
        false => "",
    };
    ensure!(
        samples >= MIN_SAMPLES,
        "{}: {samples} samples of {channels} channels are too few, expected at least {MIN_SAMPLES}{hint}",
        recording.label
    );
    Ok(())
}

/// Refuses finite values that computations would overflow or vanish on.
pub(super) fn bounded(recording: &Recording) -> Result<()> {
    let is_too_large = |value: f64| value.is_finite() && value.abs() > LARGEST;
    if let Some(((sample, column), value)) = recording.values.indexed_iter().find(|(_, value)| is_too_large(**value)) {
        bail!(
            "{}: the value {value:e} at {} of {} (the place counted from 0) is too large, expected magnitudes \
             up to {LARGEST:e}; rescale the data",
            recording.label,
            recording.place(sample),
            recording.channel_names[column]
        );
    }
    let largest = recording.values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    ensure!(
        largest == 0.0 || largest >= SMALLEST,
        "{}: all values are within ±{largest:e}, which is too small, expected magnitudes from {SMALLEST:e}; rescale the \
         data",
        recording.label
    );
    Ok(())
}

/// Refuses NaN and infinity.
pub(super) fn finite(recording: &Recording) -> Result<()> {
    let mut bad = recording.values.indexed_iter().filter(|(_, value)| !value.is_finite());
    let Some(((sample, column), value)) = bad.next() else { return Ok(()) };
    bail!(
        "{}: {} of {} values are NaN or infinite, the first ({value}) at {} of {} (the place counted from 0); \
         give --on-nan drop or --on-nan interpolate",
        recording.label,
        1 + bad.count(),
        recording.values.len(),
        recording.place(sample),
        recording.channel_names[column]
    );
}

/// Warns of constant and of duplicate channels; refuses a recording in which nothing changes.
pub(super) fn distinct(recording: &Recording, warnings: &mut Warnings) -> Result<()> {
    let names = &recording.channel_names;
    let mut constant = Vec::new();
    let mut duplicate = Vec::new();
    let mut distinct: Vec<usize> = Vec::new();
    for (channel, values) in recording.values.columns().into_iter().enumerate() {
        if values.iter().all(|value| *value == values[0]) {
            constant.push(names[channel].clone());
            continue;
        }
        let is_same = |first: &&usize| recording.values.column(**first) == values;
        match distinct.iter().find(is_same) {
            Some(&first) => duplicate.push((names[first].clone(), names[channel].clone())),
            None => distinct.push(channel),
        }
    }
    ensure!(
        constant.len() < names.len(),
        "{}: every channel is constant; there is nothing to separate",
        recording.label
    );
    if !constant.is_empty() {
        warnings.push(Warning::ConstantChannels { names: constant });
    }
    if !duplicate.is_empty() {
        warnings.push(Warning::DuplicateChannels { pairs: duplicate });
    }
    Ok(())
}
