//! The Amari distance of the mixing matrices that files hold beside their sources.

use anyhow::Result;
use bss_data::Location;
use ndarray::{Array2, Axis};

use super::beside::beside;

/// Sources with the place they were read from.
type Placed<'a> = (&'a Location, &'a Array2<f64>);

/// The distance between the matrices called `mixing` that stand beside the two arrays of `sources`, each weighted for
/// sources of unit variance; `None` where there is none, or where their shapes differ or are not of these sources.
pub(super) fn distance(estimate: Placed, reference: Placed) -> Result<Option<f64>> {
    let (Some(estimated), Some(truth)) = (beside(estimate.0, "mixing")?, beside(reference.0, "mixing")?) else {
        return Ok(None);
    };
    let fits = |mixing: &Array2<f64>, sources: &Array2<f64>| mixing.ncols() == sources.ncols();
    let comparable = estimated.dim() == truth.dim() && estimated.nrows() >= estimated.ncols();
    if !comparable || !fits(&estimated, estimate.1) || !fits(&truth, reference.1) {
        return Ok(None);
    }
    let weighted = |mixing: Array2<f64>, sources: &Array2<f64>| mixing * sources.std_axis(Axis(0), 0.0);
    let (estimated, truth) = (weighted(estimated, estimate.1), weighted(truth, reference.1));
    Ok(Some(bss_metrics::amari(estimated.view(), truth.view())?))
}
