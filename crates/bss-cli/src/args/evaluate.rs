//! `bss evaluate`.

use clap::Args;

/// Score estimates against the true sources.
///
/// Both are arrays (samples, sources), or images of one size (height, width, sources). References are first matched with estimates (the assignment with the largest
/// sum of absolute correlations) and signs follow from the match. Of a file with several arrays, `sources` is taken
/// unless another is named. Where both files hold `mixing` beside `sources`, `amari` compares those matrices, else it
/// is computed from the sources by least squares. Where `std` stands beside the estimate (`separate --std` puts it
/// there), `coverage` says in which share of the samples the truth lies within 1.96 of them: 0.95 if they are right.
///
/// With --json, each metric stands under its name as {per_source, mean, min}, and all of them once more under
/// `metrics`, beside `permutation` (the estimate of each reference, from 0), `sign`, `n_sources` and `samples`.
///
/// For sound there is BSS Eval, on request: `sdr_db`, `sir_db` and `sar_db`, each allowing for a filter of 512 taps.
///
/// Datasets are (examples, sources, features…): arrays of four dimensions or more, and those of three with fewer sources
/// than features. Every example is matched by itself, with the least squared error, and scored by `psnr_db` (peak 1),
/// `correlation` (with its sign), `si_sdr_db` and, of images (examples, sources, height, width), `ssim`. Each metric
/// stands as {median, mean, per_source} over all examples, beside `examples`, `sources`, `references`, `permutation` and
/// `convention`; where there are more sources than references, `superfluous` is the share of the examples in which those
/// left over carry less than 1 % of the energy. With --mixture (examples, features…), each metric also has `mixture`: what
/// the mixture scores, shared out evenly.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_long_help = "Examples:
  bss evaluate --estimate estimate.npz --reference mixture.npz:sources
  bss evaluate --estimate estimate.npy --reference sources.npy --metrics si_sdr_db,amari --json
  bss evaluate --estimate stems --reference truth.wav --metrics si_sdr_db,sdr_db,sir_db,sar_db
  bss evaluate --estimate digits.npz --reference test.npz:sources --mixture test.npz --metrics psnr_db,ssim")]
pub(crate) struct EvaluateArgs {
    /// Estimated sources, FILE or FILE:ARRAY, or a folder of one .wav a source
    #[arg(long, value_name = "FILE")]
    pub(crate) estimate: String,

    /// True sources, in the same way
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: String,

    /// The mixture: also say how much better the estimates are than its best channels, or of a dataset than it shared out
    #[arg(long, value_name = "FILE")]
    pub(crate) mixture: Option<String>,

    /// Metrics to compute, separated by commas [default: all but those of BSS Eval: sdr_db, sir_db, sar_db]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) metrics: Vec<String>,

    /// Match by the largest sum of SIR, as BSS Eval does: for convolutive mixtures, whose estimates are filtered sources
    #[arg(long)]
    pub(crate) match_by_sir: bool,

    /// Arrays are (sources, samples)
    #[arg(long)]
    pub(crate) channels_first: bool,

    /// Print the result as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
