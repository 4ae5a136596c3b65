//! Sample rates: what has one is brought to another.

use anyhow::{Context as _, Result, ensure};
use bss_data::{Array, Location, Resampler, hertz};
use ndarray::{Array2, Ix2};

/// From one rate to another; none where they are the same.
///
/// # Errors
/// Rates that are no whole numbers, or have hardly a common divisor.
pub(crate) fn resampler(channels: usize, from: f64, to: f64) -> Result<Option<Resampler>> {
    let whole = |rate: f64| {
        hertz(rate).with_context(|| format!("a sample rate to resample is a whole number of Hz, not {from} and {to}"))
    };
    Ok(if from == to { None } else { Some(Resampler::new(channels, whole(from)?, whole(to)?)?) })
}

/// A signal of one channel at another rate.
pub(super) fn resampled(signal: Vec<f64>, from: f64, to: f64) -> Result<Vec<f64>> {
    values_resampled(signal, 1, from, to)
}

/// A file of sound (samples, channels) at another rate.
///
/// # Errors
/// As [`resampler`], naming the file; values that are not finite, which would spread.
pub(super) fn sound_resampled(sound: Array, to: f64, at: &Location) -> Result<Array> {
    let Some(from) = sound.sample_rate.filter(|&from| from != to) else { return Ok(sound) };
    let values = sound.values.into_dimensionality::<Ix2>()?;
    let channels = values.ncols();
    let first = values.outer_iter().position(|sample| sample.iter().any(|value| !value.is_finite()));
    ensure!(
        first.is_none(),
        "{at}: is NaN or infinite from sample {} on, which would spread when it is resampled; repair the file, or leave \
         --sample-rate out",
        first.unwrap_or_default()
    );
    let values = values_resampled(values.into_iter().collect(), channels, from, to).with_context(|| at.to_string())?;
    let values = Array2::from_shape_vec((values.len() / channels, channels), values)?.into_dyn();
    Ok(Array { values, sample_rate: Some(to), ..sound })
}

fn values_resampled(values: Vec<f64>, channels: usize, from: f64, to: f64) -> Result<Vec<f64>> {
    let Some(mut resampler) = resampler(channels, from, to)? else { return Ok(values) };
    let mut resampled = resampler.push(&values);
    resampled.extend(resampler.finish());
    Ok(resampled)
}
