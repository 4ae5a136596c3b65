//! Which estimate belongs to which reference, and with which sign.

use ndarray::{Array2, ArrayView2};

use crate::assignment::largest_sum;
use crate::bss_eval::{BSS_EVAL_CAP_DB, BssEval, bss_eval_pairs};
use crate::correlation::correlation_and_silence;
use crate::error::{Error, Result};
use crate::signal::{Role, check_finite};

/// How estimates are matched with references.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Matching {
    /// The largest sum of absolute correlations, as [`align`](crate::align()) finds it.
    #[default]
    Correlation,
    /// The largest sum of SIR, as [`align_by_sir`] finds it.
    Interference,
}

/// A matching of estimates with references.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Reference j is estimated by column `permutation[j]` of the estimate.
    pub permutation: Vec<usize>,
    /// +1 or −1 for each reference: multiplied with its estimate it makes their correlation positive.
    pub sign: Vec<f64>,
    /// |Pearson correlation| of each reference with its estimate.
    pub correlation: Vec<f64>,
}

impl Alignment {
    /// The signs and magnitudes of correlations (references, estimates) in this order.
    fn new(permutation: Vec<usize>, correlation: ArrayView2<f64>) -> Self {
        let matched = |(row, &column): (usize, &usize)| correlation[[row, column]];
        let matched: Vec<f64> = permutation.iter().enumerate().map(matched).collect();
        Self {
            permutation,
            sign: matched.iter().map(|&rho| if rho < 0.0 { -1.0 } else { 1.0 }).collect(),
            correlation: matched.iter().map(|rho| rho.abs()).collect(),
        }
    }
}

/// Matches every reference with an estimate of its own.
///
/// The assignment π is the one with the largest sum of absolute correlations, found by the
/// Kuhn-Munkres algorithm, and the signs follow from it:
///
/// ```text
/// π = argmax_π Σⱼ |ρ(sⱼ, ŝ_π(j))|
/// ```
///
/// More estimates than references are allowed: those that fit worst are left over, and a silent
/// one is only matched where nothing else is left, which is an error.
///
/// # Shapes
///
/// `estimate` (samples, estimates), `reference` (samples, references), estimates ≥ references.
///
/// # Errors
///
/// Different numbers of samples, too few samples or estimates, non-finite values, a silent
/// reference, fewer estimates with sound than references.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let reference = array![[0.0, 1.0], [1.0, -1.0], [2.0, 0.5], [3.0, 0.0]];
/// let estimate = array![[2.0, 0.0], [-2.0, -1.0], [1.0, -2.0], [0.0, -3.0]];
/// let alignment = bss_metrics::align(estimate.view(), reference.view())?;
/// assert_eq!(alignment.permutation, [1, 0]);
/// assert_eq!(alignment.sign, [-1.0, 1.0]);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn align(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<Alignment> {
    let (correlation, silent) = correlation_and_silence(estimate, reference)?;
    sounding(matched(correlation.view(), &silent), &silent)
}

/// What a dB of SDR weighs beside one of SIR.
const TIE: f64 = 1e-6;

/// Matches every reference with an estimate of its own, by the largest sum of SIR, as BSS Eval does; SDR decides between
/// equals, such as all estimates of a single reference.
///
/// Filters of up to [`FILTER_TAPS`](crate::FILTER_TAPS) between a source and its estimate do not matter, as they do to
/// the correlation that [`align`](crate::align()) goes by. The sign is that of the correlation, and means little there.
///
/// # Shapes
///
/// As [`align`](crate::align())'s.
///
/// # Errors
///
/// As [`align`](crate::align())'s.
///
/// # Examples
///
/// ```
/// use ndarray::Array2;
///
/// let reference = Array2::from_shape_fn((2000, 2), |(t, j)| ((1.0 + j as f64) * (t * t % 991) as f64).sin());
/// // In the other order and late: no sample of the delayed ones resembles that of the reference.
/// let estimate = Array2::from_shape_fn((2000, 2), |(t, j)| if t < 50 { 0.0 } else { reference[[t - 50, 1 - j]] });
/// let alignment = bss_metrics::align_by_sir(estimate.view(), reference.view())?;
/// assert_eq!(alignment.permutation, [1, 0]);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn align_by_sir(estimate: ArrayView2<f64>, reference: ArrayView2<f64>) -> Result<Alignment> {
    Ok(align_and_score(estimate, reference)?.0)
}

/// The same with the scores of every pair, (references, estimates), that it rests on.
pub(crate) fn align_and_score(
    estimate: ArrayView2<f64>,
    reference: ArrayView2<f64>,
) -> Result<(Alignment, Array2<BssEval>)> {
    let (correlation, silent) = correlation_and_silence(estimate, reference)?;
    let weight = |score: BssEval| (score.sir_db + TIE * score.sdr_db) / (BSS_EVAL_CAP_DB * (1.0 + TIE));
    let scores = bss_eval_pairs(estimate, reference)?;
    let permutation = largest_sum(scores.mapv(weight).view());
    Ok((sounding(Alignment::new(permutation, correlation.view()), &silent)?, scores))
}

/// The alignment, unless a reference has been left with a silent estimate.
fn sounding(alignment: Alignment, silent: &[usize]) -> Result<Alignment> {
    match alignment.permutation.iter().find(|column| silent.contains(column)) {
        Some(&column) => Err(Error::Silent { role: Role::Estimate, column }),
        None => Ok(alignment),
    }
}

/// The matching of [`align`](crate::align()) where the correlations are known already.
///
/// # Shapes
///
/// `correlation` (references, estimates), estimates ≥ references, as
/// [`correlation_matrix`](crate::correlation_matrix) gives it.
///
/// # Errors
///
/// No reference, fewer estimates than references, NaN or infinite values.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let correlation = array![[0.9, -0.8, 0.0], [0.9, 0.1, 0.2]];
/// let alignment = bss_metrics::assign(correlation.view())?;
/// assert_eq!(alignment.permutation, [1, 0]); // 0.8 + 0.9 is the largest sum
/// assert_eq!(alignment.sign, [-1.0, 1.0]);
/// # Ok::<(), bss_metrics::Error>(())
/// ```
pub fn assign(correlation: ArrayView2<f64>) -> Result<Alignment> {
    let (references, estimates) = correlation.dim();
    if references == 0 {
        return Err(Error::Empty { role: Role::Reference });
    }
    if estimates < references {
        return Err(Error::TooFewEstimates { estimates, references });
    }
    check_finite(correlation, Role::Estimate)?;
    Ok(matched(correlation, &[]))
}

/// The best assignment for correlations (references, estimates); silent estimates are taken last.
fn matched(correlation: ArrayView2<f64>, silent: &[usize]) -> Alignment {
    // Below every real correlation, so that silence comes last.
    let weight = |((_, column), rho): ((usize, usize), &f64)| if silent.contains(&column) { -1.0 } else { rho.abs() };
    let weights: Vec<f64> = correlation.indexed_iter().map(weight).collect();
    let weights = ArrayView2::from_shape(correlation.dim(), &weights).expect("a weight for each correlation");
    let permutation = largest_sum(weights);
    Alignment::new(permutation, correlation)
}

/// The estimate in the references' order and sign; its gain stays, and what is not matched goes.
///
/// # Shapes
///
/// `estimate` (samples, estimates) as given to [`align`](crate::align()); result (samples, references).
///
/// # Panics
///
/// If `estimate` lacks a column that `alignment` names.
///
/// # Examples
///
/// ```
/// use bss_metrics::{Alignment, apply};
/// use ndarray::array;
///
/// let alignment =
///     Alignment { permutation: vec![1, 0], sign: vec![-1.0, 1.0], correlation: vec![1.0, 1.0] };
/// let aligned = apply(&alignment, array![[1.0, 2.0], [3.0, 4.0]].view());
/// assert_eq!(aligned, array![[-2.0, 1.0], [-4.0, 3.0]]);
/// ```
#[must_use]
pub fn apply(alignment: &Alignment, estimate: ArrayView2<f64>) -> Array2<f64> {
    let sources = alignment.permutation.len();
    Array2::from_shape_fn((estimate.nrows(), sources), |(sample, reference)| {
        alignment.sign[reference] * estimate[[sample, alignment.permutation[reference]]]
    })
}
