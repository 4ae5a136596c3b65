//! What can be wrong with a recording or a setting.

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No sources were asked for.
    #[error("0 sources were asked for, expected at least 1; raise --sources")]
    NoSources,
    /// Fewer channels than sources.
    #[error(
        "this method separates at most as many sources as there are channels: {sources} sources were asked for and \
         {channels} channels given; lower --sources to at most {channels}"
    )]
    TooFewChannels {
        /// The channels given.
        channels: usize,
        /// The sources asked for.
        sources: usize,
    },
    /// Fewer samples than the method needs.
    #[error("{samples} samples are too few {why}, expected at least {needed}; give a longer recording")]
    TooFewSamples {
        /// The samples given.
        samples: usize,
        /// The fewest that would do.
        needed: usize,
        /// What they are needed for.
        why: &'static str,
    },
    /// A lag that leaves no samples, or none at all.
    #[error("{}, expected lags from 1 to {most}; change sobi.lags, or give a longer recording", no_lag(*.lag))]
    Lag {
        /// The lag; `None` where there is no lag at all.
        lag: Option<usize>,
        /// The longest that the recording allows.
        most: usize,
    },
    /// More sources than the cumulants of which fit the memory.
    #[error(
        "jade keeps a matrix for each pair of sources, which is too much for {sources} sources, expected at most {most}; \
         lower --sources, or take picard or fastica"
    )]
    TooManySources {
        /// The sources asked for.
        sources: usize,
        /// The most that the method takes.
        most: usize,
    },
    /// A value that is NaN or infinite.
    #[error(
        "the value at sample {sample} of channel {} is not finite (samples count from 0); leave it out or fill it in",
        channel + 1
    )]
    NotFinite {
        /// The sample, from 0.
        sample: usize,
        /// The channel, from 0.
        channel: usize,
    },
    /// Values whose squares overflow or vanish.
    #[error("the largest magnitude is {largest:e}, expected one from 1e-100 to 1e100; rescale the recording")]
    Magnitude {
        /// The largest magnitude.
        largest: f64,
    },
    /// Templates that cannot be told from the examples.
    #[error(
        "{sources} sources of {templates} templates each cannot be found in {examples} examples of {features} features: \
         expected at least 1 template for each source, and no more templates in all than examples or features; change \
         nmf.templates or --sources"
    )]
    Templates {
        /// Templates of each source.
        templates: usize,
        /// The sources asked for.
        sources: usize,
        /// The examples given.
        examples: usize,
        /// The features of each.
        features: usize,
    },
    /// A value that is negative, NaN or infinite.
    #[error(
        "the value at feature {feature} of example {example} is {value} (both count from 0), expected finite values from 0 \
         up; give magnitudes"
    )]
    Negative {
        /// The example, from 0.
        example: usize,
        /// The feature, from 0.
        feature: usize,
        /// What is there.
        value: f32,
    },
    /// Examples of another kind than those that were fitted.
    #[error("the examples have {found} features, but those of the fit had {expected}; give examples of the same size")]
    Features {
        /// The features given.
        found: usize,
        /// Those of the templates.
        expected: usize,
    },
    /// An exponent that makes no share.
    #[error("the exponent of the ratio mask is {exponent}, expected a number above 0, such as 1 or 2")]
    Exponent {
        /// As given.
        exponent: f64,
    },
    /// A source to make masks of whose value is NaN or infinite.
    #[error(
        "source {source_idx} of example {example} is not finite at feature {feature} (all count from 0); mend it first"
    )]
    Masked {
        /// The example, from 0.
        example: usize,
        /// The source, from 0.
        source_idx: usize,
        /// The feature, from 0.
        feature: usize,
    },
    /// Mixtures that do not fit the masks.
    #[error("the mixtures have shape {found:?}, expected (examples, features) as the masks have, {expected:?}")]
    Mixtures {
        /// The mixtures' shape.
        found: [usize; 2],
        /// The shape that fits.
        expected: [usize; 2],
    },
    /// A recording that cannot be whitened.
    #[error(transparent)]
    Whitening(#[from] bss_models::Error),
}

fn no_lag(lag: Option<usize>) -> String {
    lag.map_or_else(|| "there is no lag".to_owned(), |lag| format!("lag {lag} cannot be taken"))
}

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
