//! What can be wrong with the input of a score.

use crate::metric::Metric;
use crate::signal::Role;
use crate::ssim::WINDOW;

/// The result of a score.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a score could not be computed; each message names what was found and the mend.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The two recordings have different numbers of samples.
    #[error(
        "estimate has shape {estimate:?} but reference has shape {reference:?}: both must be \
         (samples, sources) with the same number of samples; {}",
        orientation_hint(*estimate, *reference)
    )]
    Shape {
        /// Shape of the estimate as given.
        estimate: [usize; 2],
        /// Shape of the reference as given.
        reference: [usize; 2],
    },
    /// Two single signals have different lengths.
    #[error("estimate has {estimate} samples but reference has {reference}: cut both to the same span")]
    Length {
        /// Samples of the estimate.
        estimate: usize,
        /// Samples of the reference.
        reference: usize,
    },
    /// There are more references than estimates to match them with.
    #[error(
        "estimate has {estimates} sources but reference has {references}: each reference needs an \
         estimate of its own; separate with at least {references} sources"
    )]
    TooFewEstimates {
        /// Columns of the estimate.
        estimates: usize,
        /// Columns of the reference.
        references: usize,
    },
    /// An array without any source.
    #[error("{role} has no sources: expected (samples, sources) with at least one source")]
    Empty {
        /// Which of the two arrays.
        role: Role,
    },
    /// Too few samples for correlations to mean anything.
    #[error(
        "{samples} samples of {sources} sources are too few, expected more than {}; are the \
         arrays transposed? see --channels-first",
        sources.max(&1)
    )]
    TooShort {
        /// Samples found.
        samples: usize,
        /// Sources found (the larger of the two arrays' numbers).
        sources: usize,
    },
    /// A signal that never changes: correlation with it is undefined.
    #[error("{role} column {column} is silent (constant): {}", silence_hint(*role))]
    Silent {
        /// Which of the two arrays.
        role: Role,
        /// The column, counted from 0.
        column: usize,
    },
    /// NaN or infinite values.
    #[error(
        "{role} has {count} values that are NaN or infinite, the first at sample {sample} of \
         column {column}: remove or interpolate them first"
    )]
    NonFinite {
        /// Which of the two arrays.
        role: Role,
        /// How many there are.
        count: usize,
        /// Sample (row) of the first, counted from 0.
        sample: usize,
        /// Column of the first, counted from 0.
        column: usize,
    },
    /// Two images, spectrograms or the like that cannot be compared.
    #[error("estimate has shape {estimate:?} but reference has shape {reference:?}: give two of one size, not empty")]
    ImageShape {
        /// Shape of the estimate as given.
        estimate: Vec<usize>,
        /// Shape of the reference as given.
        reference: Vec<usize>,
    },
    /// An image smaller than the window of the structural similarity.
    #[error(
        "images of {height} by {width} pixels are too small for `ssim`: its window has {WINDOW} by {WINDOW}; leave out \
         `ssim`"
    )]
    ImageTooSmall {
        /// Height found.
        height: usize,
        /// Width found.
        width: usize,
    },
    /// NaN or infinite values in an array of any number of dimensions.
    #[error(
        "{role} has {count} values that are NaN or infinite, the first at index {at:?} (from 0): replace them first"
    )]
    NonFiniteAt {
        /// Which of the two arrays.
        role: Role,
        /// How many there are.
        count: usize,
        /// Where the first is, an index for each dimension.
        at: Vec<usize>,
    },
    /// Values far beyond the peak that scores of images assume.
    #[error(
        "{role} has magnitudes up to {largest:e}, but the scores of images take 1 for the peak: rescale both arrays"
    )]
    Magnitude {
        /// Which of the two arrays.
        role: Role,
        /// The largest magnitude found.
        largest: f64,
    },
    /// Two datasets that cannot be compared.
    #[error(
        "estimate has shape {estimate:?} but reference has shape {reference:?}: datasets must be (examples, sources, \
         features…), with the same examples and features and at least one of each"
    )]
    ExampleShape {
        /// Shape of the estimate as given.
        estimate: Vec<usize>,
        /// Shape of the reference as given.
        reference: Vec<usize>,
    },
    /// A source of an example that never changes.
    #[error(
        "source {source_idx} of example {example} of the reference is constant or silent (both from 0), so `{metric}` is not defined: \
         leave out the example or `{metric}`"
    )]
    SilentExample {
        /// The metric that is not defined.
        metric: Metric,
        /// The example, counted from 0.
        example: usize,
        /// The source, counted from 0.
        source_idx: usize,
    },
    /// More references than BSS Eval can tell apart.
    #[error(
        "{found} references are more than the {most} that `sdr_db`, `sir_db` and `sar_db` can be computed for: leave those out"
    )]
    TooManyReferences {
        /// References found.
        found: usize,
        /// The most there may be.
        most: usize,
    },
    /// A metric that is not defined for such data.
    #[error("`{metric}` is not defined for {found}: expected {}", metric.expects())]
    NotDefined {
        /// The metric.
        metric: Metric,
        /// What there is instead.
        found: String,
    },
    /// Mixing matrices that cannot be compared.
    #[error(
        "estimated mixing matrix has shape {estimated:?} but the true one {truth:?}: both must be \
         (channels, sources), the same, with at least as many channels as sources"
    )]
    MixingShape {
        /// Shape of the estimated mixing matrix.
        estimated: [usize; 2],
        /// Shape of the true mixing matrix.
        truth: [usize; 2],
    },
    /// Columns that depend linearly on each other, so that no global matrix is defined.
    #[error(
        "the {sources} columns of the {role} have rank {rank}: the Amari distance needs linearly \
         independent ones; remove duplicates or leave out `amari`"
    )]
    RankDeficient {
        /// Whether the estimate's or the reference's columns.
        role: Role,
        /// Numerical rank found.
        rank: usize,
        /// Rank expected.
        sources: usize,
    },
    /// A standard deviation below zero.
    #[error("the standard deviation of sample {sample} is negative: give the estimate's own, not their logarithms")]
    NegativeStd {
        /// The first such sample, counted from 0.
        sample: usize,
    },
    /// Coverage was asked for without standard deviations.
    #[error("`coverage` needs the estimate's standard deviations, (samples, estimates) like itself: {found}")]
    NoStd {
        /// What there is instead.
        found: String,
    },
    /// A metric's name that is not known, or not yet.
    #[error("unknown or not yet available metric `{name}`: the nearest is `{nearest}`; there are {known}")]
    UnknownMetric {
        /// The name as given.
        name: String,
        /// The known name at the smallest edit distance.
        nearest: &'static str,
        /// All known names, separated by commas.
        known: String,
    },
}

/// The mend that fits the two shapes best.
fn orientation_hint(estimate: [usize; 2], reference: [usize; 2]) -> &'static str {
    let transposing_helps = estimate[1] == reference[0] || estimate[0] == reference[1];
    if transposing_helps { "is one of them transposed? see --channels-first" } else { "cut both to the same span" }
}

/// The mend for silence, which has other causes in estimates than in references.
fn silence_hint(role: Role) -> &'static str {
    match role {
        Role::Estimate => "this source collapsed in training; fit again with another seed or fewer sources",
        Role::Reference => "no score is defined against it; leave that column out",
    }
}
