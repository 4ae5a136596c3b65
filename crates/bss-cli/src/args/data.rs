//! How a recording is to be read, the same for every command that reads one.

use bss_data::Columns;
use clap::{Args, ValueEnum};

/// How to read a recording.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct DataArgs {
    /// Columns to take as channels, from 0: 1-8,10
    #[arg(long, value_name = "LIST")]
    pub(crate) columns: Option<Columns>,

    /// Arrays are (channels, samples): take and give the transpose
    #[arg(long)]
    pub(crate) channels_first: bool,

    /// Samples per second, where the file does not say (or to overrule it); for files of sound, the rate to resample to
    #[arg(long, value_name = "HZ")]
    pub(crate) sample_rate: Option<f64>,

    /// What to do about NaN and infinity; without this option they are an error
    #[arg(long, value_name = "HOW")]
    pub(crate) on_nan: Option<OnNan>,

    /// Arrays are images (height, width, channels), whose pixels become samples in this order
    #[arg(long, value_name = "ORDER")]
    pub(crate) traversal: Option<Traversal>,
}

crate::named::named! {
    /// What to do about values that are NaN or infinite.
    #[derive(ValueEnum)]
    enum OnNan {
        /// Leave out every sample that holds one
        Drop = "drop",
        /// Interpolate linearly within the channel, with the nearest value at the ends
        Interpolate = "interpolate",
    }
}

crate::named::named! {
    /// The order in which the pixels of images become samples.
    #[derive(ValueEnum)]
    enum Traversal {
        /// Row by row, each from left to right
        Raster = "raster",
        /// Row by row, there and back
        Serpentine = "serpentine",
        /// Along a Hilbert curve, on which near samples are near in the image
        Hilbert = "hilbert",
    }
}

impl From<Traversal> for bss_data::Traversal {
    fn from(traversal: Traversal) -> Self {
        match traversal {
            Traversal::Raster => Self::Raster,
            Traversal::Serpentine => Self::Serpentine,
            Traversal::Hilbert => Self::Hilbert,
        }
    }
}
