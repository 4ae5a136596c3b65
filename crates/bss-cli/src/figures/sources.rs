//! The figures `sources` and `sources-detail`: recovered sources, their bands and the truth.
//!
//! Every source is drawn in units of its own standard deviation, `(s − mean(s)) / sd(s)`, and the truth in
//! units of its own. The band is the mean ± 1.96 standard deviations, brought to the same units.

use std::ops::Range;

use anyhow::Result;
use ndarray::ArrayView1;

use super::Figure;
use super::palette;
use super::stack::{MAX_PANELS, Stack, Trace};
use crate::report::ReportData;

/// Half the width of a 95 % interval of the normal distribution, in standard deviations.
const HALF_WIDTH: f64 = 1.96;
/// Duration of the detail window in seconds, where the sample rate is known.
const DETAIL_SECONDS: f64 = 2.5;
/// Least number of samples in the detail window, and what it has where the sample rate is not known.
const DETAIL_SAMPLES: usize = 500;
/// Beyond this many samples a window no longer shows single samples.
const DETAIL_MAX_SAMPLES: usize = 1_000;

/// Draws all sources over the whole recording; nothing if there are none.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(data: &ReportData) -> Result<Option<Figure>> {
    let (samples, sources) = data.sources.dim();
    if samples == 0 || sources == 0 {
        return Ok(None);
    }
    let count = if sources == 1 { "One source".to_owned() } else { format!("{sources} sources") };
    let title = format!("{count} recovered from the mixture{}.", layers(data));
    stack(data, "sources", title, 0..samples).draw().map(Some)
}

/// Draws a short, typical window; nothing if the recording is hardly longer than the window.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw_detail(data: &ReportData) -> Result<Option<Figure>> {
    let (samples, sources) = data.sources.dim();
    let length = data.known_sample_rate().map_or(DETAIL_SAMPLES, |rate| {
        ((DETAIL_SECONDS * rate) as usize).clamp(DETAIL_SAMPLES / 2, DETAIL_MAX_SAMPLES)
    });
    if sources == 0 || samples < 2 * length {
        return Ok(None);
    }
    let start = typical_window(data, length);
    let title = format!("The same sources from sample {start} to {}{}.", start + length - 1, layers(data));
    stack(data, "sources-detail", title, start..start + length).draw().map(Some)
}

fn layers(data: &ReportData) -> &'static str {
    match (data.std.is_some(), data.reference.is_some()) {
        (true, true) => ", with 95 % bands and the truth in black where it differs",
        (true, false) => ", with 95 % bands",
        (false, true) => ", with the truth in black where it differs",
        (false, false) => "",
    }
}

fn stack(data: &ReportData, name: &'static str, title: String, window: Range<usize>) -> Stack {
    let sources = data.sources.ncols();
    let traces = (0..sources.min(MAX_PANELS)).map(|source| trace(data, source, window.clone()));
    Stack {
        name,
        title,
        traces: traces.collect(),
        of: sources,
        start: window.start,
        sample_rate: data.known_sample_rate(),
        y_label: "amplitude (standard deviations)",
    }
}

fn trace(data: &ReportData, source: usize, window: Range<usize>) -> Trace {
    let (mean, sd) = moments(&data.sources.column(source));
    let standardised = |values: &ArrayView1<'_, f64>, (mean, sd): (f64, f64)| -> Vec<f64> {
        window.clone().map(|index| (values[index] - mean) / sd).collect()
    };
    let values = standardised(&data.sources.column(source), (mean, sd));
    let band = data.std.as_ref().filter(|std| std.dim() == data.sources.dim()).map(|std| {
        let half = window.clone().map(|index| HALF_WIDTH * std[[index, source]].abs() / sd);
        values.iter().zip(half).map(|(value, half)| (value - half, value + half)).unzip()
    });
    let reference = data.reference.as_ref().filter(|reference| reference.dim() == data.sources.dim());
    let truth = reference.map(|reference| {
        let column = reference.column(source);
        standardised(&column, moments(&column))
    });
    Trace { header: header(data, source), values, band, truth, colour: palette::series(source) }
}

fn header(data: &ReportData, source: usize) -> (String, String) {
    let share = data.explained.get(source).filter(|share| share.is_finite());
    let share = share.map(|share| format!("{:.1} % of the mixture's variance", 100.0 * share));
    let correlation = data.scores.iter().find(|(metric, _)| metric == "correlation");
    let correlation = correlation
        .and_then(|(_, values)| values.get(source))
        .filter(|value| value.is_finite())
        .map(|value| format!("correlation with the truth {value:.3}"));
    let facts: Vec<String> = share.into_iter().chain(correlation).collect();
    (format!("source {}", source + 1), facts.join("   ·   "))
}

/// Mean and standard deviation of the finite values; a constant gets the standard deviation 1.
fn moments(values: &ArrayView1<'_, f64>) -> (f64, f64) {
    let finite = || values.iter().filter(|value| value.is_finite());
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    let variance = finite().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, if variance > 0.0 && variance.is_finite() { variance.sqrt() } else { 1.0 })
}

/// The start of the window whose energy is nearest to the recording's average: neither silence nor artefact.
fn typical_window(data: &ReportData, length: usize) -> usize {
    let rows = data.sources.rows().into_iter();
    let energy: Vec<f64> =
        rows.map(|row| row.iter().filter(|value| value.is_finite()).map(|value| value.powi(2)).sum()).collect();
    let average = energy.iter().sum::<f64>() / energy.len() as f64 * length as f64;
    let distance = |start: usize| (energy[start..start + length].iter().sum::<f64>() - average).abs();
    (0..=energy.len() - length).step_by(length).min_by(|&a, &b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
}
