//! `bss evaluate` of datasets: many examples, each matched and scored by itself.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use bss_metrics::{Error, ExampleScores, ExampleValues, Metric, evaluate_examples};
use ndarray::Axis;
use serde_json::{Map, Value, json};

use crate::args::EvaluateArgs;
use crate::input::{Stored, read_array};
use crate::warnings::{Warning, Warnings};
use crate::{output, table};

/// What the numbers rest on: of the mixtures that `bss mix` makes; of others, only the peak.
const CONVENTION: &str = "x = (s1+…+sM)/M, sources s/M, peak 1";

/// Whether the arrays are (examples, sources, features…): those of four dimensions or more, and those of three with
/// fewer sources than features. Of images (height, width, sources) the last axis is the shorter one.
pub(super) fn are_meant(arrays: [&Stored; 2], channels_first: bool) -> bool {
    arrays.into_iter().any(|array| match *array.values.shape() {
        [_, sources, features] => sources < features && !channels_first,
        ref shape => shape.len() > 3,
    })
}

/// Scores estimates against references, example by example.
///
/// # Errors
/// Options of recordings, arrays that do not fit each other, and whatever has no score.
pub(super) fn run(args: &EvaluateArgs, asked: &[Metric], estimate: &Stored, reference: &Stored) -> Result<()> {
    let (what, expected) = ("is for recordings and images", "datasets are (examples, sources, features…)");
    ensure!(!args.channels_first, "--channels-first {what}: {expected}; leave it out");
    ensure!(!args.match_by_sir, "--match-by-sir {what}: {expected}, matched by the least squared error; leave it out");
    let mut warnings = Warnings::default();
    let scores = scores(asked, estimate, reference, &mut warnings)
        .with_context(|| format!("{} against {}", estimate.at, reference.at))?;
    let outputs = estimate.values.len_of(Axis(1));
    let shared = args.mixture.as_ref().map(|file| scores_of_mixture(file, reference, &scores)).transpose()?;
    let scored = Scored { scores, outputs, shared };
    if args.json {
        // On one line: there is a permutation for every example.
        return output::print(&format!("{}\n", scored.to_json(&warnings)));
    }
    output::print(&scored.to_text())
}

/// The same metrics of the mixtures (examples, features…), shared out evenly.
fn scores_of_mixture(file: &str, reference: &Stored, scores: &ExampleScores) -> Result<ExampleScores> {
    let mixture = read_array(file, "mixture")?;
    let of_first = reference.values.index_axis(Axis(1), 0);
    ensure!(
        mixture.values.shape() == of_first.shape(),
        "{}: has the shape {:?}, expected that of the references without their sources, {:?}",
        mixture.at,
        mixture.values.shape(),
        of_first.shape()
    );
    let share = mixture.values / reference.values.len_of(Axis(1)) as f64;
    let shares = share.insert_axis(Axis(1));
    let shares = shares.broadcast(reference.values.raw_dim()).context("a share for each source")?;
    let metrics: Vec<Metric> = scores.values.iter().map(|(name, _)| Ok(name.parse()?)).collect::<Result<_>>()?;
    evaluate_examples(shares, reference.values.view(), &metrics).with_context(|| mixture.at.to_string())
}

/// All that is known at the end.
struct Scored {
    scores: ExampleScores,
    outputs: usize,
    /// Of the mixture shared out evenly, if it is given.
    shared: Option<ExampleScores>,
}

/// The metrics that were asked for, or all that are defined for these arrays.
fn scores(asked: &[Metric], estimate: &Stored, reference: &Stored, warnings: &mut Warnings) -> Result<ExampleScores> {
    let are_images = reference.values.ndim() == 4;
    let defined = |&metric: &Metric| are_images || metric != Metric::Ssim;
    let mut metrics: Vec<Metric> = Metric::OF_EXAMPLES.iter().copied().filter(defined).collect();
    if !asked.is_empty() {
        metrics = asked.to_vec();
    }
    loop {
        let error = match evaluate_examples(estimate.values.view(), reference.values.view(), &metrics) {
            Ok(scores) => return Ok(scores),
            Err(error) => error,
        };
        let metric = match error {
            // Among the defaults, but not defined for every reference.
            Error::ImageTooSmall { .. } if asked.is_empty() => Metric::Ssim,
            Error::SilentExample { metric, .. } if asked.is_empty() => metric,
            error => return Err(error.into()),
        };
        metrics.retain(|other| *other != metric);
        warnings.push(Warning::MetricLeftOut { metric: metric.name(), reason: error.to_string() });
    }
}

impl Scored {
    /// Each metric under its name, all of them once more under `metrics`, and what they rest on.
    fn to_json(&self, warnings: &Warnings) -> Value {
        let Self { scores, outputs, shared } = self;
        let of = |values: &ExampleValues| {
            let ExampleValues { median, mean, per_source, .. } = values;
            json!({ "median": median, "mean": mean, "per_source": per_source })
        };
        let mut metrics: Map<String, Value> =
            scores.values.iter().map(|(name, values)| ((*name).to_owned(), of(values))).collect();
        for (name, values) in shared.iter().flat_map(|shared| &shared.values) {
            metrics[*name]["mixture"] = of(values);
        }
        let (examples, references) = scores.permutation.dim();
        let mut object = metrics.clone();
        object.insert("metrics".to_owned(), Value::Object(metrics));
        object.insert("examples".to_owned(), json!(examples));
        object.insert("sources".to_owned(), json!(outputs));
        object.insert("references".to_owned(), json!(references));
        object.insert("convention".to_owned(), json!(CONVENTION));
        let permutation: Vec<Vec<usize>> = scores.permutation.outer_iter().map(|row| row.to_vec()).collect();
        object.insert("permutation".to_owned(), json!(permutation));
        if *outputs > references {
            object.insert("superfluous".to_owned(), json!(scores.superfluous()));
            object.insert("superfluous_energy".to_owned(), json!(scores.superfluous_energy.mean()));
        }
        object.insert("warnings".to_owned(), json!(warnings.as_slice()));
        Value::Object(object)
    }

    /// A row for each place of a reference, the median and the mean over all, the mixture's median if it is given, and a
    /// line for what they rest on.
    fn to_text(&self) -> String {
        let Self { scores, outputs, shared } = self;
        let (examples, references) = scores.permutation.dim();
        let row = |head: String, of: &ExampleScores, value: &dyn Fn(&ExampleValues) -> f64| {
            let cell = |(name, values): &(&'static str, ExampleValues)| {
                let digits = if name.ends_with("_db") { 2 } else { 4 };
                format!("{:.digits$}", value(values))
            };
            std::iter::once(head).chain(of.values.iter().map(cell)).collect::<Vec<String>>()
        };
        let median = |values: &ExampleValues| values.median;
        let mut rows: Vec<_> =
            (0..references).map(|j| row(j.to_string(), scores, &|values| values.per_source[j])).collect();
        rows.push(row("median".to_owned(), scores, &median));
        rows.push(row("mean".to_owned(), scores, &|values| values.mean));
        rows.extend(shared.iter().map(|shared| row(format!("x/{references}"), shared, &median)));
        let head: Vec<&str> = std::iter::once("source").chain(scores.values.iter().map(|(name, _)| *name)).collect();
        let mut text = table::table(&head, &rows);
        let _ = write!(text, "\nmedians over {examples} examples of {references} sources; {CONVENTION}\n");
        if shared.is_some() {
            let _ = writeln!(text, "x/{references} is the median of the mixture shared out evenly");
        }
        if *outputs > references {
            let (spare, share) = (outputs - references, 100.0 * scores.superfluous());
            let _ = writeln!(
                text,
                "{spare} of {outputs} outputs to spare: below 1 % of the energy in {share:.1} % of the examples"
            );
        }
        text
    }
}
