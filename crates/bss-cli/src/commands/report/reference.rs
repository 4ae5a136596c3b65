//! True sources for the report: matched to the estimates, with scores.

use anyhow::{Context as _, Result};
use bss_metrics::{Matching, Metric, align, evaluate};
use ndarray::{Array2, ArrayView2, Axis};

use crate::input::{Matrix, Recording, ensure_same_size, read_matrix};
use crate::layout::Layout;

/// True sources and the estimates that they were matched to.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// As they were read, (samples, references).
    pub(super) values: Array2<f64>,
    /// In the order and with the signs of the estimates, of unit variance; NaN for an estimate without a reference.
    pub(super) matched: Array2<f64>,
    /// Metrics with a value for each estimate; NaN for one without a reference.
    pub(super) scores: Vec<(String, Vec<f64>)>,
    /// The reference of each estimate, if it has one.
    pub(super) of_estimate: Vec<Option<usize>>,
}

/// Reads references and matches them to the estimates (samples, sources) of a recording.
///
/// # Errors
/// A file that cannot be read; references that do not fit the estimates.
pub(super) fn read(file: &str, estimate: ArrayView2<f64>, recording: &Recording) -> Result<Reference> {
    let Layout { channels_first, grid } = recording.layout;
    // Whoever keeps images with their channels first keeps the true ones so.
    let Matrix { mut values, at, layout, .. } = read_matrix(file, "sources", channels_first && grid.is_some())?;
    ensure_same_size((&recording.label, grid), (file, layout.grid))?;
    if let (Some(grid), Some(of_file)) = (grid, layout.grid) {
        values = grid.to_samples(of_file.to_images(values.view()).view());
    }
    let alignment = align(estimate, values.view()).with_context(|| at.to_string())?;
    let mut matched = Array2::from_elem(estimate.dim(), f64::NAN);
    let mut of_estimate = vec![None; estimate.ncols()];
    for (j, column) in values.axis_iter(Axis(1)).enumerate() {
        let (mean, deviation) = (column.mean().unwrap_or(0.0), column.std(0.0));
        let scaled = column.mapv(|v| alignment.sign[j] * (v - mean) / deviation);
        matched.column_mut(alignment.permutation[j]).assign(&scaled);
        of_estimate[alignment.permutation[j]] = Some(j);
    }
    let scores = evaluate(estimate, None, values.view(), Matching::Correlation, &[Metric::Correlation, Metric::SiSdr])?;
    let by_estimate = |per_source: &[f64]| {
        of_estimate.iter().map(|j: &Option<usize>| j.map_or(f64::NAN, |j| per_source[j])).collect::<Vec<_>>()
    };
    let scores = scores
        .values
        .iter()
        .filter_map(|(name, values)| Some(((*name).to_owned(), by_estimate(values.per_source.as_deref()?))));
    let scores = scores.collect();
    Ok(Reference { values, matched, scores, of_estimate })
}
