//! The matching and the scores of one example of a dataset.

use ndarray::{Array1, Array2, ArrayViewD, Axis, Ix2};

use crate::assignment::largest_sum;
use crate::bss_eval::{BssEval, bss_eval};
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::psnr::psnr_db;
use crate::si_sdr::{SI_SDR_CAP_DB, si_sdr_db};
use crate::signal::{Role, standardise};
use crate::ssim::ssim;

/// What there is to say of one example.
pub(crate) struct Found {
    /// The output of each reference.
    pub(crate) permutation: Vec<usize>,
    /// The energy of the other outputs, relative to that of all.
    pub(crate) superfluous_energy: f64,
    /// Of each metric a value for each reference.
    pub(crate) values: Vec<Vec<f64>>,
}

/// Matches and scores example number `example`: outputs (outputs, features…) and references (references, features…),
/// both checked.
pub(crate) fn scores_of(
    example: usize,
    outputs: ArrayViewD<f64>,
    references: ArrayViewD<f64>,
    metrics: &[Metric],
) -> Result<Found> {
    let permutation = least_squares(&outputs, &references);
    let energy = |output: ArrayViewD<f64>| output.iter().map(|value| value * value).sum();
    let energies: Vec<f64> = outputs.outer_iter().map(energy).collect();
    let all: f64 = energies.iter().sum();
    let others: f64 = (0..energies.len()).filter(|k| !permutation.contains(k)).map(|k| energies[k]).sum();
    let silent = |metric: Metric, source: usize| Error::SilentExample { metric, example, source_idx: source };
    let of_bss_eval = match metrics.iter().find(|metric| Metric::OF_BSS_EVAL.contains(metric)) {
        Some(&metric) => sound_scores(&outputs, &references, &permutation).map_err(|error| match error {
            Error::Silent { column, .. } => silent(metric, column),
            error => error,
        })?,
        None => Vec::new(),
    };
    let value = |metric: Metric, source: usize| {
        if let Some(value) = of_bss_eval.get(source).and_then(|scores| scores.of(metric)) {
            return Ok(value);
        }
        let output = outputs.index_axis(Axis(0), permutation[source]);
        value_of(metric, output, references.index_axis(Axis(0), source)).map_err(|error| match error {
            Error::Silent { .. } => silent(metric, source),
            error => error,
        })
    };
    let values_of = |&metric: &Metric| (0..permutation.len()).map(|source| value(metric, source)).collect();
    Ok(Found {
        values: metrics.iter().map(values_of).collect::<Result<_>>()?,
        superfluous_energy: if all > 0.0 { others / all } else { 0.0 },
        permutation,
    })
}

/// BSS Eval of matched outputs, whose features are the samples of a waveform.
fn sound_scores(
    outputs: &ArrayViewD<f64>,
    references: &ArrayViewD<f64>,
    permutation: &[usize],
) -> Result<Vec<BssEval>> {
    let samples = |signals: &ArrayViewD<f64>, at: &[usize]| {
        let waveforms = signals.select(Axis(0), at);
        let columns = (waveforms.len_of(Axis(0)), waveforms.len() / waveforms.len_of(Axis(0)));
        waveforms.into_shape_with_order(columns).expect("as many values").reversed_axes()
    };
    let all: Vec<usize> = (0..permutation.len()).collect();
    bss_eval(samples(outputs, permutation).view(), samples(references, &all).view())
}

/// The output of each reference, with the least sum of squared errors.
fn least_squares(outputs: &ArrayViewD<f64>, references: &ArrayViewD<f64>) -> Vec<usize> {
    let errors = Array2::from_shape_fn((references.len_of(Axis(0)), outputs.len_of(Axis(0))), |(j, k)| {
        let pairs = references.index_axis(Axis(0), j).into_iter().zip(outputs.index_axis(Axis(0), k));
        pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>()
    });
    let largest = errors.fold(f64::MIN_POSITIVE, |largest: f64, error| largest.max(*error));
    largest_sum((errors / -largest).view())
}

/// One value of a metric; of the errors only a constant reference is left.
fn value_of(metric: Metric, output: ArrayViewD<f64>, reference: ArrayViewD<f64>) -> Result<f64> {
    let flat = |values: &ArrayViewD<f64>| values.iter().copied().collect::<Array1<f64>>();
    match metric {
        Metric::Psnr => psnr_db(output, reference),
        Metric::Ssim => {
            let images = (output.into_dimensionality::<Ix2>(), reference.into_dimensionality::<Ix2>());
            let (Ok(output), Ok(reference)) = images else { unreachable!("checked: features are (height, width)") };
            ssim(output, reference)
        }
        Metric::Correlation | Metric::SiSdr => {
            let (output, reference) = (flat(&output), flat(&reference));
            let silent = Error::Silent { role: Role::Reference, column: 0 };
            let unit = standardise(reference.view()).ok_or(silent)?;
            match (metric, standardise(output.view())) {
                (Metric::Correlation, None) => Ok(0.0),
                (Metric::Correlation, Some(output)) => Ok(output.dot(&unit).clamp(-1.0, 1.0)),
                (_, None) => Ok(-SI_SDR_CAP_DB),
                (_, Some(_)) => si_sdr_db(output.view(), reference.view()),
            }
        }
        Metric::Amari | Metric::Mcc | Metric::Coverage | Metric::Sdr | Metric::Sir | Metric::Sar => {
            Err(Error::NotDefined { metric, found: "an example".to_owned() })
        }
    }
}
