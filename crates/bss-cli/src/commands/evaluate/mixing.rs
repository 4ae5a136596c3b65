//! The Amari distance of the mixing matrices that files hold beside their sources.

use std::path::Path;

use anyhow::Result;
use bss_data::{Entry, Format, Location, ReadOptions};
use ndarray::{Array2, Axis, Ix2};

/// The distance between the two files' `mixing`, each weighted for sources of unit variance; `None` where a file has
/// none, or where they are matrices of different shapes or not of these sources.
pub(super) fn distance(estimate: (&Path, &Array2<f64>), reference: (&Path, &Array2<f64>)) -> Result<Option<f64>> {
    let (Some(estimated), Some(truth)) = (of_file(estimate.0)?, of_file(reference.0)?) else { return Ok(None) };
    let fits = |mixing: &Array2<f64>, sources: &Array2<f64>| mixing.ncols() == sources.ncols();
    let comparable = estimated.dim() == truth.dim() && estimated.nrows() >= estimated.ncols();
    if !comparable || !fits(&estimated, estimate.1) || !fits(&truth, reference.1) {
        return Ok(None);
    }
    let weighted = |mixing: Array2<f64>, sources: &Array2<f64>| mixing * sources.std_axis(Axis(0), 0.0);
    let (estimated, truth) = (weighted(estimated, estimate.1), weighted(truth, reference.1));
    Ok(Some(bss_metrics::amari(estimated.view(), truth.view())?))
}

fn of_file(path: &Path) -> Result<Option<Array2<f64>>> {
    if !Format::of(path)?.has_keys() {
        return Ok(None);
    }
    let is_mixing = |entry: &Entry| entry.name.trim_start_matches('/') == "mixing" && entry.shape.len() == 2;
    let Some(entry) = bss_data::inspect(path)?.into_iter().find(is_mixing) else { return Ok(None) };
    let array = bss_data::read(&Location::with_key(path, entry.name), &ReadOptions::default())?;
    Ok(Some(array.values.into_dimensionality::<Ix2>()?))
}
