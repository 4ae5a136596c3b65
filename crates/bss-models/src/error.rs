//! What can be wrong with a recording or a setting, from a model's point of view.

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No samples.
    #[error("the recording is empty")]
    Empty,
    /// The channels do not span enough dimensions.
    #[error(
        "{channels} channels span only {rank} dimensions, but {sources} sources were asked for{}; ask for at most {rank} \
         with --sources {rank}", because(.constant)
    )]
    Rank {
        /// The dimensions spanned.
        rank: usize,
        /// The channels given.
        channels: usize,
        /// The sources asked for.
        sources: usize,
        /// Channels that are constant, counted from 0.
        constant: Vec<usize>,
    },
    /// Fewer channels than sources.
    #[error(
        "ar-flow separates at most as many sources as there are channels: {sources} sources were asked for and \
         {channels} channels given; lower --sources; many one-channel mixtures, as a dataset, are for --model neri"
    )]
    TooFewChannels {
        /// The channels given.
        channels: usize,
        /// The sources asked for.
        sources: usize,
    },
    /// A recording of another number of channels than the model was fitted to.
    #[error("has {found} channels, but the model was fitted to {expected}; select the same ones with --columns")]
    Channels {
        /// The channels the model knows.
        expected: usize,
        /// The channels found.
        found: usize,
    },
    /// Channels in units so far apart that the weaker principal components are lost to rounding.
    #[error(
        "the {components} strongest components differ too much in size to be told from rounding; rescale the channels to \
         similar magnitudes, or separate into as many sources as channels"
    )]
    Scales {
        /// The components asked for.
        components: usize,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

fn because(constant: &[usize]) -> String {
    match constant {
        [] => " (some channels are sums of others)".to_owned(),
        [one] => format!(" (channel {} is constant)", one + 1),
        many => {
            let list = many.iter().map(|c| (c + 1).to_string()).collect::<Vec<_>>().join(", ");
            format!(" (channels {list} are constant)")
        }
    }
}

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
