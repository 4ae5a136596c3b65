//! Several scores of one separation at once.

use ndarray::{ArrayView2, Axis};

use crate::align::{Alignment, Matching, align, align_and_score};
use crate::amari::amari_from_sources;
use crate::bss_eval::{BssEval, bss_eval};
use crate::correlation::mean;
use crate::coverage::coverage;
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::si_sdr::si_sdr_db;

/// What [`evaluate`](crate::evaluate()) found.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The matching that all values rest on.
    pub alignment: Alignment,
    /// Values by metric name, in the order in which the metrics were asked for.
    pub values: Vec<(&'static str, Values)>,
}

impl Scores {
    /// The values of a metric, if it was asked for.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<&Values> {
        let found = self.values.iter().find(|(name, _)| *name == metric.name());
        found.map(|(_, values)| values)
    }
}

/// The values of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// One value per reference, in the references' order; `None` if the metric has one value only.
    pub per_source: Option<Vec<f64>>,
    /// The mean over the references, or the metric's one value.
    pub mean: f64,
}

/// Matches estimates with references and computes the metrics asked for; one that is named twice
/// is given once.
///
/// # Shapes
///
/// `estimate` and its standard deviations `std`, which only [`Metric::Coverage`] needs, (samples, estimates);
/// `reference` (samples, references), estimates ≥ references.
///
/// # Errors
///
/// As [`align`](crate::align())'s; for [`Metric::Amari`] references that depend linearly on each other; for
/// [`Metric::Coverage`] no `std`, or one of another shape; a metric of datasets alone.
///
/// # Examples
///
/// ```
/// use bss_metrics::{Matching, Metric, evaluate};
/// use ndarray::Array2;
///
/// let reference = Array2::from_shape_fn((300, 2), |(t, j)| ((0.2 + j as f64) * t as f64).sin());
/// let metrics = [Metric::Mcc, Metric::SiSdr];
/// let scores = evaluate(reference.view(), None, reference.view(), Matching::Correlation, &metrics)?;
/// assert_eq!(scores.get(Metric::SiSdr).map(|values| values.mean), Some(200.0));
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn evaluate(
    estimate: ArrayView2<f64>,
    std: Option<ArrayView2<f64>>,
    reference: ArrayView2<f64>,
    matching: Matching,
    metrics: &[Metric],
) -> Result<Scores> {
    let (alignment, of_bss_eval) = match matching {
        Matching::Correlation => {
            let alignment = align(estimate, reference)?;
            let is_asked = metrics.iter().any(|metric| Metric::OF_BSS_EVAL.contains(metric));
            let matched = is_asked.then(|| estimate.select(Axis(1), &alignment.permutation));
            let scores = matched.map(|matched| bss_eval(matched.view(), reference)).transpose()?;
            (alignment, scores.unwrap_or_default())
        }
        Matching::Interference => {
            let (alignment, pairs) = align_and_score(estimate, reference)?;
            let scores = alignment.permutation.iter().enumerate().map(|(j, &i)| pairs[[j, i]]).collect();
            (alignment, scores)
        }
    };
    let mut scores = Scores { alignment, values: Vec::with_capacity(metrics.len()) };
    for &metric in metrics {
        if scores.get(metric).is_none() {
            let values = values_of(metric, &scores.alignment, &of_bss_eval, (estimate, std), reference)?;
            scores.values.push((metric.name(), values));
        }
    }
    Ok(scores)
}

fn values_of(
    metric: Metric,
    alignment: &Alignment,
    of_bss_eval: &[BssEval],
    (estimate, std): (ArrayView2<f64>, Option<ArrayView2<f64>>),
    reference: ArrayView2<f64>,
) -> Result<Values> {
    let single = |value| Values { per_source: None, mean: value };
    let each = |values: Vec<f64>| Values { mean: mean(&values), per_source: Some(values) };
    Ok(match metric {
        Metric::Correlation => each(alignment.correlation.clone()),
        Metric::Mcc => single(mean(&alignment.correlation)),
        Metric::Amari => single(amari_from_sources(estimate, reference)?),
        Metric::SiSdr => {
            let pairs = alignment.permutation.iter().zip(reference.columns());
            let ratios = pairs.map(|(&matched, source)| si_sdr_db(estimate.column(matched), source));
            each(ratios.collect::<Result<_>>()?)
        }
        Metric::Sdr | Metric::Sir | Metric::Sar => {
            each(of_bss_eval.iter().filter_map(|scores| scores.of(metric)).collect())
        }
        Metric::Coverage => {
            let Some(std) = std.filter(|std| std.dim() == estimate.dim()) else {
                let found = std.map_or("there are none".to_owned(), |std| format!("they are {:?}", std.dim()));
                return Err(Error::NoStd { found });
            };
            let pairs = alignment.permutation.iter().zip(reference.columns());
            let covered = pairs.map(|(&j, source)| coverage(estimate.column(j), std.column(j), source));
            each(covered.collect::<Result<_>>()?)
        }
        Metric::Psnr | Metric::Ssim => {
            return Err(Error::NotDefined { metric, found: "a recording (samples, sources)".to_owned() });
        }
    })
}
