//! The Amari distance of the mixing matrices that files hold beside their sources.

use anyhow::Result;
use bss_data::{Location, ReadOptions};
use ndarray::{Array2, Axis};

use super::beside::beside;

/// Sources with the place they were read from.
type Placed<'a> = (&'a Location, &'a Array2<f64>);

/// The distance between the matrices called `mixing` that stand beside the two arrays of `sources`, each weighted for
/// sources of unit variance; `None` where there is none, or where their shapes differ or are not of these sources.
pub(super) fn distance(estimate: Placed, reference: Placed) -> Result<Option<f64>> {
    let (Some(estimated), Some(truth)) = (mixing(estimate.0)?, mixing(reference.0)?) else { return Ok(None) };
    let fits = |mixing: &Array2<f64>, sources: &Array2<f64>| mixing.ncols() == sources.ncols();
    let comparable = estimated.dim() == truth.dim() && estimated.nrows() >= estimated.ncols();
    if !comparable || !fits(&estimated, estimate.1) || !fits(&truth, reference.1) {
        return Ok(None);
    }
    let weighted = |mixing: Array2<f64>, sources: &Array2<f64>| mixing * sources.std_axis(Axis(0), 0.0);
    let (estimated, truth) = (weighted(estimated, estimate.1), weighted(truth, reference.1));
    Ok(Some(bss_metrics::amari(estimated.view(), truth.view())?))
}

/// The matrix `mixing` beside the array `sources`.
fn mixing(sources: &Location) -> Result<Option<Array2<f64>>> {
    let Some(location) = beside(sources, "mixing")? else { return Ok(None) };
    let array = bss_data::read(&location, &ReadOptions::default())?;
    Ok(array.values.into_dimensionality().ok())
}
