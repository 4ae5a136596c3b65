//! `cargo xtask bench WHAT`: measures the prior, a training step or a whole fit, and sets peers in Python beside it.
//!
//! Times are medians on this machine as it is: ratios of what was measured one after the other mean more than the times.
//! Only the result goes to standard output; how far it has come is told on standard error.

mod fit;
mod neri_step;
mod peer;
mod row;
mod scan;
mod step;
mod target;

use anyhow::Result;
use clap::{Args, Subcommand};

use peer::PeerSettings;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The log-density of the AR-flow prior with all gradients, by shape and number of threads
    Scan {
        #[command(flatten)]
        format: Format,
        #[command(flatten)]
        peers: PeerSettings,
    },
    /// A fit of 1000 samples and three sources: 5000 iterations, six restarts
    ///
    /// Our time is that of the fit as run.json has it; the peer's is without its start, but with JAX's compilation.
    Fit {
        #[command(flatten)]
        format: Format,
        #[command(flatten)]
        peers: PeerSettings,
    },
    /// One training step of Neri's MNIST network (batch 128), and separating 500 mixtures, for K = 2 and 3
    NeriStep {
        #[command(flatten)]
        format: Format,
        #[command(flatten)]
        peers: PeerSettings,
    },
    /// One training step of the default model, the prior in it, and the rest
    Step {
        #[command(flatten)]
        format: Format,
    },
}

/// How to tell the result.
#[derive(Debug, Clone, Copy, Args)]
struct Format {
    /// Print one JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// When a measurement fails, and before any of them when a peer cannot run.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    match &settings.what {
        What::Scan { format, peers } => scan::run(format.json, peers)?,
        What::Fit { format, peers } => fit::run(format.json, peers)?,
        What::NeriStep { format, peers } => neri_step::run(format.json, peers)?,
        What::Step { format } => step::run(format.json)?,
    }
    Ok(true)
}

/// The number of threads of those rows that use the whole machine, as the benches count it.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
