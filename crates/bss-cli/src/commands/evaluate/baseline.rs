//! What the mixture scores as it is: the best of its channels for each reference, which any separation should beat.

use bss_metrics::{Error, Metric, Result, correlation_matrix, si_sdr_db};
use ndarray::ArrayView2;

/// The best channel's value for each reference, for those of the metrics that have one.
pub(super) fn best_channels(
    mixture: ArrayView2<f64>,
    reference: ArrayView2<f64>,
    metrics: &[&'static str],
) -> Result<Vec<(&'static str, Vec<f64>)>> {
    if mixture.nrows() != reference.nrows() {
        return Err(Error::Shape { estimate: mixture.dim().into(), reference: reference.dim().into() });
    }
    let mut best = Vec::new();
    for &name in metrics {
        let values: Vec<f64> = if name == Metric::Correlation.name() {
            let mut values = Vec::new();
            for source in reference.columns() {
                // One reference at a time: there may be fewer channels than references.
                let source = source.insert_axis(ndarray::Axis(1));
                let correlation = correlation_matrix(mixture, source)?;
                values.push(correlation.fold(0.0, |best: f64, rho| best.max(rho.abs())));
            }
            values
        } else if name == Metric::SiSdr.name() {
            let ratio = |source| {
                let of_channels = mixture.columns().into_iter().filter_map(|channel| si_sdr_db(channel, source).ok());
                of_channels.fold(f64::NEG_INFINITY, f64::max)
            };
            reference.columns().into_iter().map(ratio).collect()
        } else {
            continue;
        };
        if values.iter().all(|value| value.is_finite()) {
            best.push((name, values));
        }
    }
    Ok(best)
}
