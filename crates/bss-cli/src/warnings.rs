//! What the user should know though the command goes on: each says what happened and what to try.

use std::fmt;
use std::io::{self, Write as _};

use serde::{Serialize, Serializer};

/// A warning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Warning {
    /// An array with more channels than samples, which is usually the transpose of what was meant.
    MoreChannelsThanSamples {
        /// The file.
        label: String,
        /// The samples or pixels, as the array was read, in words.
        extent: String,
        /// Channels, as the array was read.
        channels: usize,
        /// Whether `--channels-first` was given.
        channels_first: bool,
    },
    /// Channels that never change.
    ConstantChannels {
        /// Their names.
        names: Vec<String>,
    },
    /// Channels that are equal to an earlier one in every sample.
    DuplicateChannels {
        /// The earlier and the later one of each pair.
        pairs: Vec<(String, String)>,
    },
    /// Samples that were left out because they held values that are not finite.
    Dropped {
        /// How many.
        samples: usize,
        /// Of how many.
        of: usize,
    },
    /// Values that were not finite and were interpolated.
    Interpolated {
        /// How many.
        values: usize,
        /// Of how many.
        of: usize,
    },
    /// A metric that is among the defaults but not defined for these sources.
    MetricLeftOut {
        /// Its name.
        metric: &'static str,
        /// Why.
        reason: String,
    },
    /// Restarts whose loss is no number.
    RestartsDiverged {
        /// How many.
        diverged: usize,
        /// Of how many.
        of: usize,
    },
    /// A device for which the prior has no kernel.
    ScanOnHost,
    /// Standard deviations that know little.
    PosteriorStd,
    /// A matrix with more columns than rows where a dataset was expected.
    MoreFeaturesThanExamples {
        /// The file.
        label: String,
        /// Rows.
        examples: usize,
        /// Columns.
        features: usize,
    },
    /// Recordings that are no examples because nothing is to be heard.
    SilentExamples {
        /// How many.
        silent: usize,
        /// The first of them.
        first: String,
    },
    /// A posterior that is the prior, whatever the mixture.
    PosteriorCollapsed,
    /// A source of a dataset that cannot be one alone.
    MixedSource {
        /// The source, counted from 1.
        source: usize,
        /// Its mean peak.
        peak: f64,
        /// That of the clean examples, as they are in a mixture.
        expected: f64,
    },
    /// Sources of a dataset that cannot all be sources.
    UnevenSources {
        /// The source with the lowest mean peak and the one with the highest, counted from 1, with their peaks.
        peaks: [(usize, f64); 2],
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MoreChannelsThanSamples { label, extent, channels, channels_first } => {
                let mend = if *channels_first { "leave out --channels-first" } else { "give --channels-first" };
                write!(f, "{label}: {channels} channels of only {extent}; if it is the other way round, {mend}")
            }
            Self::ConstantChannels { names } => {
                let (are, they) = if names.len() == 1 { ("is", "it holds") } else { ("are", "they hold") };
                write!(
                    f,
                    "{} {are} constant: {they} nothing to separate; choose other channels with --columns",
                    names.join(", ")
                )
            }
            Self::DuplicateChannels { pairs } => {
                let pairs: Vec<String> = pairs.iter().map(|(first, second)| format!("{first} = {second}")).collect();
                write!(f, "duplicate channels add nothing: {}; leave the second out with --columns", pairs.join(", "))
            }
            Self::Dropped { samples, of } => write!(
                f,
                "{samples} of {of} samples held NaN or infinity and were left out: time has gaps there; \
                 --on-nan interpolate keeps them"
            ),
            Self::Interpolated { values, of } => write!(
                f,
                "{values} of {of} values were NaN or infinite and were interpolated: do not read much into the sources \
                 there; --on-nan drop leaves the samples out"
            ),
            Self::RestartsDiverged { diverged, of } => {
                write!(
                    f,
                    "{diverged} of {of} restarts diverged and were left out; a lower training.learning_rate helps"
                )
            }
            Self::PosteriorStd => write!(
                f,
                "the encoder is not linear, so the standard deviations are those of the factorised posterior: they follow \
                 training.beta_end and know nothing of a wrong demixing, and are often too small"
            ),
            Self::ScanOnHost => write!(
                f,
                "the prior's scan has no kernel for this device yet and runs on the host; small recordings are faster with \
                 --device cpu"
            ),
            Self::MoreFeaturesThanExamples { label, examples, features } => write!(
                f,
                "{label}: was taken for {examples} examples of {features} values; if it is a recording, choose a model of \
                 recordings, such as --model ar-flow"
            ),
            Self::SilentExamples { silent: 1, first } => write!(f, "{first} is silent and was left out"),
            Self::SilentExamples { silent, first } => {
                write!(f, "{silent} recordings are silent and were left out, the first {first}")
            }
            Self::PosteriorCollapsed => write!(
                f,
                "the sources are the same whatever the mixture: the posterior has collapsed onto the prior; try a longer \
                 learning.warm_up_epochs, more --epochs, or a lower learning.beta"
            ),
            Self::MixedSource { source, peak, expected } => write!(
                f,
                "source {source} peaks at {peak:.3} on average, an example in a mixture at {expected:.3}: it holds parts of \
                 several; try another --seed, a shorter learning.warm_up_epochs, or more --sources if they are fewer than \
                 --mix"
            ),
            Self::UnevenSources { peaks: [(low, least), (high, most)] } => write!(
                f,
                "source {low} peaks at {least:.3} on average, source {high} at {most:.3}: the fit may have ended where one \
                 source holds parts of another; try another --seed, a shorter learning.warm_up_epochs, or fewer --sources"
            ),
            Self::MetricLeftOut { metric, reason } => write!(f, "{metric} is left out: {reason}"),
        }
    }
}

/// A warning is its sentence in JSON.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The warnings of a command: each is printed as it comes, and kept for `--json` and for reports.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    quiet: bool,
    list: Vec<Warning>,
}

impl Warnings {
    /// None yet; with `quiet` they are kept but not printed.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, list: Vec::new() }
    }

    /// Adds a warning, and prints it to stderr unless quiet.
    pub(crate) fn push(&mut self, warning: Warning) {
        if !self.quiet {
            // Nothing is left to tell it to if stderr is closed.
            let _ = writeln!(io::stderr(), "warning: {warning}");
        }
        self.list.push(warning);
    }

    /// All so far.
    pub(crate) fn as_slice(&self) -> &[Warning] {
        &self.list
    }
}
