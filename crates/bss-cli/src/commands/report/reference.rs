//! True sources for the report: matched to the estimates, with scores.

use anyhow::{Context as _, Result};
use bss_metrics::{Metric, align, evaluate};
use ndarray::{Array2, ArrayView2, Axis};

use crate::input::read_matrix;

/// The references in the order and with the signs of the estimates, of unit variance, and metrics by source; an
/// estimate without a reference gets NaN.
#[allow(clippy::type_complexity)] // the two fields of a report that depend on references
pub(super) fn read(file: &str, estimate: ArrayView2<f64>) -> Result<(Option<Array2<f64>>, Vec<(String, Vec<f64>)>)> {
    let (reference, at, _) = read_matrix(file, "sources", false)?;
    let alignment = align(estimate, reference.view()).with_context(|| at.to_string())?;
    let mut matched = Array2::from_elem(estimate.dim(), f64::NAN);
    for (j, column) in reference.axis_iter(Axis(1)).enumerate() {
        let (mean, deviation) = (column.mean().unwrap_or(0.0), column.std(0.0));
        let scaled = column.mapv(|v| alignment.sign[j] * (v - mean) / deviation);
        matched.column_mut(alignment.permutation[j]).assign(&scaled);
    }
    let scores = evaluate(estimate, reference.view(), &[Metric::Correlation, Metric::SiSdr])?;
    let by_source = |per_source: &[f64]| {
        let mut values = vec![f64::NAN; estimate.ncols()];
        per_source.iter().zip(&alignment.permutation).for_each(|(&value, &j)| values[j] = value);
        values
    };
    let scores = scores
        .values
        .iter()
        .filter_map(|(name, values)| Some(((*name).to_owned(), by_source(values.per_source.as_deref()?))));
    Ok((Some(matched), scores.collect()))
}
