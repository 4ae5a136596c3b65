//! What `--on-nan` does about values that are NaN or infinite.

use anyhow::{Result, ensure};
use ndarray::{Array2, ArrayViewMut1, Axis};

use super::Recording;

/// Leaves out every sample (row) that holds such a value.
pub(super) fn drop(values: &mut Array2<f64>) {
    let is_whole = |row: ndarray::ArrayView1<f64>| row.iter().all(|value| value.is_finite());
    let rows = values.rows().into_iter().enumerate();
    let kept: Vec<usize> = rows.filter(|(_, row)| is_whole(*row)).map(|(sample, _)| sample).collect();
    if kept.len() < values.nrows() {
        *values = values.select(Axis(0), &kept);
    }
}

/// Replaces every such value by the straight line between its finite neighbours in the channel, or by the nearest one
/// at the ends, and says how many there were.
///
/// # Errors
/// A channel without any finite value.
pub(super) fn interpolate(recording: &mut Recording) -> Result<usize> {
    let mut repaired = 0;
    for (channel, name) in recording.channel_names.iter().enumerate() {
        let values = recording.values.column_mut(channel);
        let missing = values.iter().filter(|value| !value.is_finite()).count();
        ensure!(
            missing < values.len(),
            "{}: {name} holds no finite value to interpolate from; leave it out with --columns",
            recording.label
        );
        if missing > 0 {
            bridge(values);
        }
        repaired += missing;
    }
    Ok(repaired)
}

/// Bridges every gap in a channel that holds at least one finite value.
fn bridge(mut values: ArrayViewMut1<f64>) {
    let mut before: Option<usize> = None;
    for sample in 0..=values.len() {
        if sample < values.len() && !values[sample].is_finite() {
            continue;
        }
        let from = before.map_or(0, |before| before + 1);
        for gap in from..sample {
            values[gap] = match before {
                None => values[sample],
                Some(before) if sample == values.len() => values[before],
                Some(before) => {
                    let share = (gap - before) as f64 / (sample - before) as f64;
                    values[before] * (1.0 - share) + values[sample] * share
                }
            };
        }
        before = Some(sample);
    }
}
