//! `bss evaluate` of datasets: many examples, each matched and scored by itself.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, ensure};
use bss_metrics::{Error, ExampleScores, ExampleValues, Metric, evaluate_examples};
use ndarray::Axis;
use serde_json::{Map, Value, json};

use crate::args::EvaluateArgs;
use crate::input::Stored;
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
    ensure!(args.mixture.is_none(), "--mixture {what}: {expected}; leave it out");
    let mut warnings = Warnings::default();
    let scores = scores(asked, estimate, reference, &mut warnings)
        .with_context(|| format!("{} against {}", estimate.at, reference.at))?;
    let outputs = estimate.values.len_of(Axis(1));
    if args.json {
        // On one line: there is a permutation for every example.
        return output::print(&format!("{}\n", to_json(&scores, outputs, &warnings)));
    }
    output::print(&to_text(&scores, outputs))
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

/// Each metric under its name, all of them once more under `metrics`, and what they rest on.
fn to_json(scores: &ExampleScores, outputs: usize, warnings: &Warnings) -> Value {
    let of = |values: &ExampleValues| {
        let ExampleValues { median, mean, per_source, .. } = values;
        json!({ "median": median, "mean": mean, "per_source": per_source })
    };
    let metrics: Map<String, Value> =
        scores.values.iter().map(|(name, values)| ((*name).to_owned(), of(values))).collect();
    let (examples, references) = scores.permutation.dim();
    let mut object = metrics.clone();
    object.insert("metrics".to_owned(), Value::Object(metrics));
    object.insert("examples".to_owned(), json!(examples));
    object.insert("sources".to_owned(), json!(outputs));
    object.insert("references".to_owned(), json!(references));
    object.insert("convention".to_owned(), json!(CONVENTION));
    let permutation: Vec<Vec<usize>> = scores.permutation.outer_iter().map(|row| row.to_vec()).collect();
    object.insert("permutation".to_owned(), json!(permutation));
    if outputs > references {
        object.insert("superfluous".to_owned(), json!(scores.superfluous()));
        object.insert("superfluous_energy".to_owned(), json!(scores.superfluous_energy.mean()));
    }
    object.insert("warnings".to_owned(), json!(warnings.as_slice()));
    Value::Object(object)
}

/// A row for each place of a reference, the median and the mean over all, and a line for what they rest on.
fn to_text(scores: &ExampleScores, outputs: usize) -> String {
    let (examples, references) = scores.permutation.dim();
    let row = |head: String, value: &dyn Fn(&ExampleValues) -> f64| {
        let cell = |(name, values): &(&'static str, ExampleValues)| {
            let digits = if name.ends_with("_db") { 2 } else { 4 };
            format!("{:.digits$}", value(values))
        };
        std::iter::once(head).chain(scores.values.iter().map(cell)).collect::<Vec<String>>()
    };
    let mut rows: Vec<_> =
        (0..references).map(|j| row(j.to_string(), &|values: &ExampleValues| values.per_source[j])).collect();
    rows.push(row("median".to_owned(), &|values: &ExampleValues| values.median));
    rows.push(row("mean".to_owned(), &|values: &ExampleValues| values.mean));
    let head: Vec<&str> = std::iter::once("source").chain(scores.values.iter().map(|(name, _)| *name)).collect();
    let mut text = table::table(&head, &rows);
    let _ = write!(text, "\nmedians over {examples} examples of {references} sources; {CONVENTION}\n");
    if outputs > references {
        let (spare, share) = (outputs - references, 100.0 * scores.superfluous());
        let _ = writeln!(
            text,
            "{spare} of {outputs} outputs to spare: below 1 % of the energy in {share:.1} % of the examples"
        );
    }
    text
}
