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
    /// A recording that cannot be whitened.
    #[error(transparent)]
    Whitening(#[from] bss_models::Error),
}

fn no_lag(lag: Option<usize>) -> String {
    lag.map_or_else(|| "there is no lag".to_owned(), |lag| format!("lag {lag} cannot be taken"))
}

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
