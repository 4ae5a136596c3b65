//! Scores of datasets: many short examples, each separated by itself.

use ndarray::{Array1, Array2, ArrayViewD, Axis};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::example::{Found, scores_of};
use crate::image::{check_magnitude, check_values};
use crate::metric::Metric;
use crate::signal::Role;
use crate::ssim::WINDOW;

/// Outputs that are not needed carry less than this share of an example's energy.
const SUPERFLUOUS: f64 = 0.01;

/// What [`evaluate_examples`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleScores {
    /// In example i reference j is estimated by output `permutation[[i, j]]`, (examples, references).
    pub permutation: Array2<usize>,
    /// Of each example the energy (sum of squares) of the outputs that no reference is matched with, relative to that
    /// of all outputs; 0 where there are as many outputs as references, and where all are 0. (examples)
    pub superfluous_energy: Array1<f64>,
    /// Values by metric name, in the order in which the metrics were asked for.
    pub values: Vec<(&'static str, ExampleValues)>,
}

impl ExampleScores {
    /// The values of a metric, if it was asked for.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<&ExampleValues> {
        self.values.iter().find(|(name, _)| *name == metric.name()).map(|(_, values)| values)
    }

    /// The share of the examples in which the outputs that are not matched carry less than 1 % of the energy.
    #[must_use]
    pub fn superfluous(&self) -> f64 {
        let few = self.superfluous_energy.iter().filter(|share| **share < SUPERFLUOUS).count();
        few as f64 / self.superfluous_energy.len() as f64
    }
}

/// The values of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleValues {
    /// One value for each example and reference, (examples, references).
    pub each: Array2<f64>,
    /// The median of all of them.
    pub median: f64,
    /// The mean of all of them.
    pub mean: f64,
    /// The median over the examples for each place of a reference, (references).
    pub per_source: Vec<f64>,
}

impl ExampleValues {
    fn new(each: Array2<f64>) -> Self {
        Self {
            median: median(each.iter().copied().collect()),
            mean: each.sum() / each.len() as f64,
            per_source: each.columns().into_iter().map(|values| median(values.to_vec())).collect(),
            each,
        }
    }
}

/// Matches estimates with references in every example by itself and computes the metrics asked for; one that is named
/// twice is given once.
///
/// The matching π of an example is the one with the least squared error; order is all that it leaves open, so gain and
/// sign are judged by the metrics that know them, and the correlation keeps its sign:
///
/// ```text
/// π = argmin_π Σⱼ ‖ŝ_π(j) - sⱼ‖²
/// ```
///
/// An estimate that is constant has correlation 0 and the least SI-SDR. Metrics are those of [`Metric::OF_EXAMPLES`] and
/// [`Metric::OF_BSS_EVAL`], to which all features of an example are the samples of a waveform.
///
/// # Shapes
///
/// `estimate` (examples, outputs, features…), `reference` (examples, references, features…), outputs ≥ references;
/// for [`Metric::Ssim`] the features are (height, width).
///
/// # Errors
///
/// Shapes that do not fit each other or a metric, fewer outputs than references, values that are not finite or beyond
/// ±1e6, a metric of recordings; for [`Metric::Correlation`] and [`Metric::SiSdr`] a reference that is constant, for
/// [`Metric::OF_BSS_EVAL`] one that is all zero.
///
/// # Examples
///
/// ```
/// use bss_metrics::{Metric, evaluate_examples};
/// use ndarray::{Array3, s};
///
/// let reference = Array3::from_shape_fn((5, 2, 30), |(i, j, f)| ((i + 3 * j + 1) as f64 * f as f64).sin().abs());
/// let estimate = &reference.slice(s![.., ..;-1, ..]) + 0.01;
/// let scores = evaluate_examples(estimate.view().into_dyn(), reference.view().into_dyn(), &[Metric::Psnr])?;
/// assert_eq!(scores.permutation.row(3).to_vec(), [1, 0]);
/// assert!((scores.values[0].1.median - 40.0).abs() < 1e-9);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn evaluate_examples(
    estimate: ArrayViewD<f64>,
    reference: ArrayViewD<f64>,
    metrics: &[Metric],
) -> Result<ExampleScores> {
    check(&estimate, &reference, metrics)?;
    let mut once: Vec<Metric> = Vec::with_capacity(metrics.len());
    for metric in metrics {
        if !once.contains(metric) {
            once.push(*metric);
        }
    }
    let [examples, references] = [reference.len_of(Axis(0)), reference.len_of(Axis(1))];
    let of_example = |i| scores_of(i, estimate.index_axis(Axis(0), i), reference.index_axis(Axis(0), i), &once);
    // Collected before the first error is sought, so that it is the same one whatever the threads do.
    let found: Vec<Result<Found>> = (0..examples).into_par_iter().map(of_example).collect();
    let found: Vec<Found> = found.into_iter().collect::<Result<_>>()?;
    let values = |metric: usize| Array2::from_shape_fn((examples, references), |(i, j)| found[i].values[metric][j]);
    Ok(ExampleScores {
        permutation: Array2::from_shape_fn((examples, references), |(i, j)| found[i].permutation[j]),
        superfluous_energy: found.iter().map(|found| found.superfluous_energy).collect(),
        values: (0..once.len()).map(|metric| (once[metric].name(), ExampleValues::new(values(metric)))).collect(),
    })
}

/// Refuses what no example has a score for.
fn check(estimate: &ArrayViewD<f64>, reference: &ArrayViewD<f64>, metrics: &[Metric]) -> Result<()> {
    let [of_estimate, of_reference] = [estimate.shape(), reference.shape()];
    let fits = of_reference.len() >= 3
        && of_estimate.len() == of_reference.len()
        && of_estimate[0] == of_reference[0]
        && of_estimate[2..] == of_reference[2..];
    if !fits || reference.is_empty() {
        return Err(Error::ExampleShape { estimate: of_estimate.to_vec(), reference: of_reference.to_vec() });
    }
    let [estimates, references] = [of_estimate[1], of_reference[1]];
    if estimates < references {
        return Err(Error::TooFewEstimates { estimates, references });
    }
    if let Some(&metric) =
        metrics.iter().find(|metric| ![Metric::OF_EXAMPLES, Metric::OF_BSS_EVAL].concat().contains(metric))
    {
        return Err(Error::NotDefined { metric, found: "a dataset (examples, sources, features…)".to_owned() });
    }
    if metrics.contains(&Metric::Ssim) {
        let [_, _, height, width] = *of_reference else {
            return Err(Error::NotDefined { metric: Metric::Ssim, found: format!("an array {of_reference:?}") });
        };
        if height.min(width) < WINDOW {
            return Err(Error::ImageTooSmall { height, width });
        }
    }
    for (values, role) in [(estimate, Role::Estimate), (reference, Role::Reference)] {
        check_values(values, role)?;
        check_magnitude(values, role)?;
    }
    Ok(())
}

/// The median of values that are not empty; between two in the middle, their mean.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
