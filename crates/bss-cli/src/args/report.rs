//! `bss report`.

use std::path::PathBuf;

use clap::Args;

/// Write a run's figures and a page that shows them.
///
/// The folder gets every figure as .svg and .png and index.html, a page that needs no other file. Of a dataset it shows some
/// mixtures: those of the reference, or else of the data that the run was fitted to; of sound, their spectrograms, and what to
/// listen to.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_long_help = "Examples:
  bss report runs/ecg
  bss report runs/a --reference mixture.npz:sources --out report
  bss report runs/digits --reference mixtures.npz
  bss report runs/digits --reference mixtures.npz --refine 50")]
pub(crate) struct ReportArgs {
    /// Folder that `bss fit` wrote
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// True sources to compare with, FILE or FILE:ARRAY
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<String>,

    /// Of a dataset: refine the sources of all mixtures by so many steps, as `bss separate` does, and score them; 0: only
    /// those that are drawn, by 50 steps in 2 rounds, without scores [default: the run's separation.refine]
    #[arg(long, value_name = "STEPS", requires = "reference")]
    pub(crate) refine: Option<usize>,

    /// When refining: in so many rounds [default: the run's separation.rounds]
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<usize>,

    /// Folder to write to [default: RUN/report]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
