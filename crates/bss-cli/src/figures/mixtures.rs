//! The figure `mixtures`: every channel as it was recorded.

use anyhow::Result;

use super::Figure;
use super::palette;
use super::stack::{MAX_PANELS, Stack, Trace};
use crate::report::ReportData;

/// Draws the channels; nothing if there are none.
///
/// # Errors
/// If the backend fails.
pub(super) fn draw(data: &ReportData) -> Result<Option<Figure>> {
    let (samples, channels) = data.mixture.dim();
    if samples == 0 || channels == 0 {
        return Ok(None);
    }
    let traces = data.mixture.columns().into_iter().enumerate().take(MAX_PANELS);
    let traces = traces.map(|(channel, values)| Trace {
        header: (data.channel_name(channel), String::new()),
        values: values.to_vec(),
        band: None,
        truth: None,
        colour: palette::INK,
    });
    let stack = Stack {
        name: "mixtures",
        title: format!("The mixture: {channels} channels of {samples} samples, as recorded."),
        traces: traces.collect(),
        of: channels,
        start: 0,
        sample_rate: data.known_sample_rate(),
        y_label: "amplitude (as recorded)",
    };
    stack.draw().map(Some)
}
