//! What can be wrong with the input of a mixing.

/// Why sources could not be mixed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixingError {
    /// No samples or no sources.
    #[error("sources have shape {shape:?}: expected (samples, sources) with at least one of each")]
    Empty {
        /// The shape found.
        shape: [usize; 2],
    },
    /// No channels asked for.
    #[error("0 channels asked for: expected at least 1, see --channels")]
    NoChannels,
    /// NaN or infinite values.
    #[error(
        "sources have {count} values that are NaN or infinite, the first at sample {sample} of \
         source {source_idx}: remove or interpolate them first"
    )]
    NonFinite {
        /// How many there are.
        count: usize,
        /// Sample (row) of the first, counted from 0.
        sample: usize,
        /// Source (column) of the first, counted from 0.
        source_idx: usize,
    },
    /// A noise level that is NaN or infinite.
    #[error(
        "noise level {noise_db} dB: expected a finite signal-to-noise ratio; leave out --noise-db \
         for no noise"
    )]
    NoiseLevel {
        /// The level as given.
        noise_db: f64,
    },
    /// A kind of mixing that is not known.
    #[error("unknown mixing `{name}`: the nearest is `{nearest}`; there are {known}")]
    Unknown {
        /// The name as given.
        name: String,
        /// The known name at the smallest edit distance.
        nearest: &'static str,
        /// All known names, separated by commas.
        known: String,
    },
}
