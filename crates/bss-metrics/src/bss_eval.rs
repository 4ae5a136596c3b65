//! BSS Eval: how much of an estimate is target, interference and artefact, whatever filter the target went through.

use std::ops::RangeInclusive;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::projection::{References, energy};
use crate::signal::{Role, check_finite};

/// Taps of the filter that a reference may have gone through before it counts as distorted, as BSS Eval 3 has it.
pub const FILTER_TAPS: usize = 512;

/// Largest ratio given, in dB, and with a minus the smallest: what stands for infinity where nothing is wrong with an
/// estimate, or nothing right.
pub const BSS_EVAL_CAP_DB: f64 = 200.0;

/// References whose delays can be told apart at once: their Gram matrix has the square of 512 times as many entries.
const MOST_REFERENCES: usize = 16;

/// The three ratios of an estimate, in dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BssEval {
    /// Source to distortion: `‖s_target‖² / ‖e_interf + e_artif‖²`.
    pub sdr_db: f64,
    /// Source to interference: `‖s_target‖² / ‖e_interf‖²`.
    pub sir_db: f64,
    /// Sources to artefacts: `‖s_target + e_interf‖² / ‖e_artif‖²`.
    pub sar_db: f64,
}

impl BssEval {
    /// The value of a metric, if it is one of [`Metric::OF_BSS_EVAL`].
    pub(crate) fn of(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Sdr => Some(self.sdr_db),
            Metric::Sir => Some(self.sir_db),
            Metric::Sar => Some(self.sar_db),
            _ => None,
        }
    }
}

/// SDR, SIR and SAR of each estimate as one of the reference in the same column: the diagonal of [`bss_eval_pairs`].
///
/// An estimate is the sum of three parts (Vincent et al. 2006, equations 18 to 22). With `P_j` the projection on the
/// delays 0 to [`FILTER_TAPS`] − 1 of reference j, and `P` that on the delays of all references,
///
/// ```text
/// s_target = P_j ŝ,   e_interf = P ŝ − P_j ŝ,   e_artif = ŝ − P ŝ
/// ```
///
/// so that gain, sign, a delay or a short filter cost nothing: they are those of the BSS Eval toolbox 3, of mir_eval's
/// `bss_eval_sources` and of fast_bss_eval. Signals are not centred. Ratios are kept within ±[`BSS_EVAL_CAP_DB`]:
///
/// - a perfect estimate has 200 dB in all three, even of a single sample; of sound whose delays depend on each other, as
///   those of a few tones do, rounding leaves some 130 dB or more;
/// - the interference of a single reference is nothing, so its SIR is 200 dB;
/// - a silent estimate (all zero) has −200 dB in all three;
/// - an estimate that is orthogonal to all delays of its reference has −200 dB, even if to those of the others too.
///
/// # Shapes
///
/// Both (samples, sources).
///
/// # Errors
///
/// Different shapes, no samples or sources, more than 16 references, non-finite values, a silent reference.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
///
/// let reference = Array2::from_shape_fn((4000, 2), |(t, j)| ((1.1 + j as f64) * (t * t * t % 7919) as f64).sin());
/// // The first source louder and an echo later, with a tenth of the second.
/// let estimate = Array2::from_shape_fn((4000, 2), |(t, j)| match j {
///     0 => 2.0 * reference[[t, 0]] + if t < 20 { 0.0 } else { reference[[t - 20, 0]] } + 0.2 * reference[[t, 1]],
///     _ => reference[[t, 1]],
/// });
/// let scores = bss_metrics::bss_eval(estimate.view(), reference.view())?;
/// assert!((scores[0].sir_db - 20.0).abs() < 3.0 && scores[0].sar_db > 25.0);
/// assert_eq!(scores[1].sdr_db, 200.0);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
///
/// # References
///
/// Vincent, Gribonval and Févotte, Performance measurement in blind audio source separation, IEEE Transactions on
/// Audio, Speech and Language Processing 14(4), 2006.
pub fn bss_eval(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<Vec<BssEval>> {
    if estimate.dim() != reference.dim() {
        return Err(Error::Shape { estimate: estimate.dim().into(), reference: reference.dim().into() });
    }
    let references = prepare(estimate, reference)?;
    Ok(estimate.axis_iter(Axis(1)).enumerate().map(|(j, estimate)| score(&references, j..=j, estimate)[0]).collect())
}

/// The same of each estimate as one of every reference, (references, estimates).
///
/// The assignment with the largest sum of SIR is the matching of BSS Eval, and the only one that makes sense of
/// convolutive mixtures, in which no estimate correlates with its reference: see
/// [`Matching::Interference`](crate::Matching::Interference).
///
/// # Shapes
///
/// `estimate` (samples, estimates), `reference` (samples, references).
///
/// # Errors
///
/// As [`bss_eval`]'s.
pub fn bss_eval_pairs(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<Array2<BssEval>> {
    let references = prepare(estimate, reference)?;
    let all = 0..=reference.ncols() - 1;
    let scores: Vec<_> = estimate.columns().into_iter().map(|signal| score(&references, all.clone(), signal)).collect();
    Ok(Array2::from_shape_fn((reference.ncols(), estimate.ncols()), |(j, i)| scores[i][j]))
}

/// Checks the signals, and factorises the references.
fn prepare(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<References> {
    if estimate.nrows() != reference.nrows() {
        return Err(Error::Shape { estimate: estimate.dim().into(), reference: reference.dim().into() });
    }
    let (samples, sources) = reference.dim();
    if sources == 0 {
        return Err(Error::Empty { role: Role::Reference });
    }
    if samples == 0 {
        return Err(Error::TooShort { samples, sources });
    }
    if sources > MOST_REFERENCES {
        return Err(Error::TooManyReferences { found: sources, most: MOST_REFERENCES });
    }
    check_finite(estimate, Role::Estimate)?;
    check_finite(reference, Role::Reference)?;
    let scaled = |(column, signal): (usize, ArrayView1<f64>)| {
        scaled(signal).ok_or(Error::Silent { role: Role::Reference, column })
    };
    let signals: Vec<Vec<f64>> = reference.axis_iter(Axis(1)).enumerate().map(scaled).collect::<Result<_>>()?;
    Ok(References::new(&signals, FILTER_TAPS))
}

/// The scores of an estimate as one of these references.
fn score(references: &References, of: RangeInclusive<usize>, estimate: ArrayView1<f64>) -> Vec<BssEval> {
    let Some(mut estimate) = scaled(estimate) else {
        let worst = BssEval { sdr_db: -BSS_EVAL_CAP_DB, sir_db: -BSS_EVAL_CAP_DB, sar_db: -BSS_EVAL_CAP_DB };
        return of.map(|_| worst).collect();
    };
    let products = references.products(&estimate);
    let all = references.project(&products);
    // A filtered reference lasts longer than the reference.
    estimate.resize(all.len(), 0.0);
    let whole = energy(&estimate);
    let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let score = |j: usize| {
        let target = references.project_on(j, &products);
        BssEval {
            sdr_db: ratio_db(energy(&target), apart(&estimate, &target), whole),
            sir_db: ratio_db(energy(&target), apart(&all, &target), whole),
            sar_db: ratio_db(energy(&all), apart(&estimate, &all), whole),
        }
    };
    of.map(score).collect()
}

/// The signal with a peak of 1, which keeps its squares in range; `None` if it is silent.
fn scaled(signal: ArrayView1<f64>) -> Option<Vec<f64>> {
    let peak = signal.fold(0.0_f64, |peak, value| peak.max(value.abs()));
    (peak > 0.0).then(|| signal.iter().map(|value| value / peak).collect())
}

/// What rounding leaves of nothing, as a share of the whole's energy.
const ROUNDING: f64 = 1e-24;

/// The ratio of two energies that are parts of a `whole`.
fn ratio_db(of: f64, to: f64, whole: f64) -> f64 {
    if of <= ROUNDING * whole {
        return -BSS_EVAL_CAP_DB;
    }
    if to <= 0.0 {
        return BSS_EVAL_CAP_DB;
    }
    (10.0 * (of / to).log10()).clamp(-BSS_EVAL_CAP_DB, BSS_EVAL_CAP_DB)
}
