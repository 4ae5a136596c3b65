//! `bss evaluate`.

mod baseline;
mod beside;
mod datasets;
mod mixing;
mod output;

use anyhow::{Context as _, Result, ensure};
use bss_metrics::{Matching, Metric, Scores, Values, evaluate};
use ndarray::Array2;

use crate::args::EvaluateArgs;
use crate::input::{Matrix, ensure_same_size, read_array, read_matrix};
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
    let asked: Vec<Metric> = args.metrics.iter().map(|name| Ok(name.trim().parse()?)).collect::<Result<_>>()?;
    let estimate = read_array(&args.estimate, "sources")?;
    let reference = read_array(&args.reference, "sources")?;
    if let (Some(own), Some(other)) = (estimate.sample_rate, reference.sample_rate) {
        ensure!(
            own == other,
            "{} has {own} samples per second, but {} has {other}; expected one rate: resample one of them first",
            estimate.at,
            reference.at
        );
    }
    if datasets::are_meant([&estimate, &reference], args.channels_first) {
        return datasets::run(args, &asked, &estimate, &reference);
    }
    let Matrix { values: estimate, at: estimate_at, layout: of_estimate, .. } =
        estimate.into_matrix(args.channels_first)?;
    let Matrix { values: reference, at: reference_at, layout, .. } = reference.into_matrix(args.channels_first)?;
    ensure_same_size((&args.reference, layout.grid), (&args.estimate, of_estimate.grid))?;
    let std = beside::beside(&estimate_at, "std")?;
    let std = std.map(|at| read_matrix(&at.to_string(), "std", args.channels_first)).transpose()?;
    let mut warnings = Warnings::default();
    let std = std.filter(|std| {
        let fits = std.values.dim() == estimate.dim();
        if !fits && args.metrics.is_empty() {
            let reason = format!("{} is {:?}, but the estimate {:?}", std.at, std.values.dim(), estimate.dim());
            warnings.push(Warning::MetricLeftOut { metric: Metric::Coverage.name(), reason });
        }
        fits || !args.metrics.is_empty()
    });
    let metrics = metrics(asked, std.is_some())?;
    let std = std.as_ref().map(|std| std.values.view());
    let matching = if args.match_by_sir { Matching::Interference } else { Matching::Correlation };
    let pair = || format!("{estimate_at} against {reference_at}");

    let mut scores = match evaluate(estimate.view(), std, reference.view(), matching, &metrics) {
        // Among the defaults, but not defined for every reference.
        Err(error @ bss_metrics::Error::RankDeficient { .. }) if args.metrics.is_empty() => {
            warnings.push(Warning::MetricLeftOut { metric: Metric::Amari.name(), reason: error.to_string() });
            let others: Vec<Metric> = metrics.iter().copied().filter(|metric| *metric != Metric::Amari).collect();
            evaluate(estimate.view(), std, reference.view(), matching, &others)
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
    let of_mixture = |file: &String| {
        let mixture = read_matrix(file, "mixture", args.channels_first)?;
        ensure_same_size((&args.reference, layout.grid), (file, mixture.layout.grid))?;
        of_mixture(&mixture, &reference, &scores)
    };
    let mixture = args.mixture.as_ref().map(of_mixture).transpose()?;
    let evaluation = Evaluation { scores, samples: reference.nrows(), amari_of, mixture };
    output::show(&evaluation, &warnings, args.json)
}

/// The metrics that were asked for, or all that there is something to compute them of.
fn metrics(asked: Vec<Metric>, has_std: bool) -> Result<Vec<Metric>> {
    if asked.is_empty() {
        let defined = |&metric: &Metric| has_std || metric != Metric::Coverage;
        return Ok(Metric::OF_RECORDINGS.iter().copied().filter(defined).collect());
    }
    ensure!(
        has_std || !asked.contains(&Metric::Coverage),
        "--metrics coverage: no standard deviations stand beside the estimate; write them with `bss separate --std`"
    );
    Ok(asked)
}

fn of_mixture(mixture: &Matrix, reference: &Array2<f64>, scores: &Scores) -> Result<Vec<(&'static str, Vec<f64>)>> {
    let of_sources = scores.values.iter().filter(|(_, values)| values.per_source.is_some());
    let names: Vec<&'static str> = of_sources.map(|(name, _)| *name).collect();
    baseline::best_channels(mixture.values.view(), reference.view(), &names).with_context(|| mixture.at.to_string())
}
