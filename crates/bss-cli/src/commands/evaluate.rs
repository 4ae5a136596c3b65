//! `bss evaluate`.

mod baseline;
mod beside;
mod mixing;
mod output;

use anyhow::{Context as _, Result, ensure};
use bss_metrics::{Metric, Scores, Values, evaluate};
use ndarray::Array2;

use crate::args::EvaluateArgs;
use crate::input::read_matrix;
use crate::warnings::{Warning, Warnings};

/// All that is known at the end.
struct Evaluation {
    scores: Scores,
    samples: usize,
    /// What `amari` compares: `mixing` matrices, or `sources` by least squares.
    amari_of: &'static str,
    /// The scores of the mixture's best channels, if one is given.
    mixture: Option<Vec<(&'static str, Vec<f64>)>>,
}

/// Scores estimates against references.
///
/// # Errors
/// Files that cannot be read, arrays that do not fit each other, and whatever has no score.
pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let (estimate, estimate_at, _) = read_matrix(&args.estimate, "sources", args.channels_first)?;
    let (reference, reference_at, _) = read_matrix(&args.reference, "sources", args.channels_first)?;
    let std = beside::beside(&estimate_at, "std")?;
    let std = std.map(|std| if args.channels_first { std.reversed_axes() } else { std });
    let metrics = metrics(&args.metrics, std.is_some())?;
    let std = std.as_ref().map(|std| std.view());
    let pair = || format!("{estimate_at} against {reference_at}");

    let mut warnings = Warnings::default();
    let mut scores = match evaluate(estimate.view(), std, reference.view(), &metrics) {
        // Among the defaults, but not defined for every reference.
        Err(error @ bss_metrics::Error::RankDeficient { .. }) if args.metrics.is_empty() => {
            warnings.push(Warning::MetricLeftOut { metric: Metric::Amari.name(), reason: error.to_string() });
            let others: Vec<Metric> = metrics.iter().copied().filter(|metric| *metric != Metric::Amari).collect();
            evaluate(estimate.view(), std, reference.view(), &others)
        }
        scores => scores,
    }
    .with_context(pair)?;

    let mut amari_of = "sources";
    if let Some((_, values)) = scores.values.iter_mut().find(|(name, _)| *name == Metric::Amari.name())
        && let Some(distance) =
            mixing::distance((&estimate_at, &estimate), (&reference_at, &reference)).with_context(pair)?
    {
        *values = Values { per_source: None, mean: distance };
        amari_of = "mixing";
    }
    let mixture = args.mixture.as_ref().map(|file| of_mixture(file, &reference, &scores, args)).transpose()?;
    let evaluation = Evaluation { scores, samples: reference.nrows(), amari_of, mixture };
    output::show(&evaluation, &warnings, args.json)
}

/// The metrics that were asked for, or all that there is something to compute them of.
fn metrics(names: &[String], has_std: bool) -> Result<Vec<Metric>> {
    if names.is_empty() {
        return Ok(Metric::ALL.iter().copied().filter(|&metric| has_std || metric != Metric::Coverage).collect());
    }
    let metrics: Vec<Metric> = names.iter().map(|name| Ok(name.trim().parse()?)).collect::<Result<_>>()?;
    ensure!(
        has_std || !metrics.contains(&Metric::Coverage),
        "--metrics coverage: no standard deviations stand beside the estimate; write them with `bss separate --std`"
    );
    Ok(metrics)
}

fn of_mixture(
    file: &str,
    reference: &Array2<f64>,
    scores: &Scores,
    args: &EvaluateArgs,
) -> Result<Vec<(&'static str, Vec<f64>)>> {
    let (mixture, at, _) = read_matrix(file, "mixture", args.channels_first)?;
    let of_sources = scores.values.iter().filter(|(_, values)| values.per_source.is_some());
    let names: Vec<&'static str> = of_sources.map(|(name, _)| *name).collect();
    baseline::best_channels(mixture.view(), reference.view(), &names).with_context(|| at.to_string())
}
