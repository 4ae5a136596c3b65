//! Scores as a table for people and as JSON for programs.

use std::fmt::Write as _;

use anyhow::Result;
use bss_metrics::{Metric, Values};
use serde_json::{Map, Value, json};

use super::Evaluation;
use crate::warnings::Warnings;
use crate::{output, table};

/// Prints the scores.
pub(super) fn show(evaluation: &Evaluation, warnings: &Warnings, as_json: bool) -> Result<()> {
    if as_json {
        return output::print_json(&to_json(evaluation, warnings));
    }
    output::print(&to_text(evaluation))
}

/// Each metric under its name, all of them once more under `metrics`, and what they rest on.
fn to_json(evaluation: &Evaluation, warnings: &Warnings) -> Value {
    let Evaluation { scores, samples, .. } = evaluation;
    let metrics: Map<String, Value> =
        scores.values.iter().map(|(name, values)| ((*name).to_owned(), metric(evaluation, name, values))).collect();
    let mut object = metrics.clone();
    object.insert("metrics".to_owned(), Value::Object(metrics));
    object.insert("permutation".to_owned(), json!(scores.alignment.permutation));
    let sign: Vec<i8> = scores.alignment.sign.iter().map(|sign| if *sign < 0.0 { -1 } else { 1 }).collect();
    object.insert("sign".to_owned(), json!(sign));
    object.insert("n_sources".to_owned(), json!(scores.alignment.permutation.len()));
    object.insert("samples".to_owned(), json!(samples));
    object.insert("warnings".to_owned(), json!(warnings.as_slice()));
    Value::Object(object)
}

fn metric(evaluation: &Evaluation, name: &str, values: &Values) -> Value {
    let mut object = json!({ "mean": values.mean });
    if let Some(per_source) = &values.per_source {
        object["per_source"] = json!(per_source);
        object["min"] = json!(least(per_source));
    }
    if name == Metric::Amari.name() {
        object["of"] = json!(evaluation.amari_of);
    }
    if let Some(best) = of_mixture(evaluation, name) {
        let gains = values.per_source.iter().flatten().zip(best).map(|(value, best)| value - best);
        object["mixture"] = json!(best);
        object["improvement"] = json!(gains.collect::<Vec<f64>>());
    }
    object
}

/// A row for each reference, the means, and a line for each metric with one value.
fn to_text(evaluation: &Evaluation) -> String {
    let scores = &evaluation.scores;
    let mut columns = Vec::new();
    for (name, values) in &scores.values {
        let Some(per_source) = &values.per_source else { continue };
        columns.push(Column { head: (*name).to_owned(), is_db: name.ends_with("_db"), values: per_source });
        if let Some(values) = of_mixture(evaluation, name) {
            columns.push(Column { head: "(mixture)".to_owned(), is_db: name.ends_with("_db"), values });
        }
    }
    let mut head = vec!["source", "estimate", "sign"];
    head.extend(columns.iter().map(|column| column.head.as_str()));
    let alignment = &scores.alignment;
    let mut rows = Vec::new();
    for (source, (estimate, sign)) in alignment.permutation.iter().zip(&alignment.sign).enumerate() {
        let sign = if *sign < 0.0 { "-" } else { "+" };
        let mut row = vec![source.to_string(), estimate.to_string(), sign.to_owned()];
        row.extend(columns.iter().map(|column| column.cell(column.values[source])));
        rows.push(row);
    }
    if !columns.is_empty() {
        let mut row = vec!["mean".to_owned(), String::new(), String::new()];
        row.extend(columns.iter().map(|column| column.cell(mean(column.values))));
        rows.push(row);
    }
    let mut text = table::table(&head, &rows);
    let mut singles = scores.values.iter().filter(|(_, values)| values.per_source.is_none()).peekable();
    if singles.peek().is_some() {
        text.push('\n');
    }
    for (name, values) in singles {
        let is_amari = *name == Metric::Amari.name();
        let of = if is_amari { format!(" (from {})", evaluation.amari_of) } else { String::new() };
        let _ = writeln!(text, "{name}{of}: {:.4}", values.mean);
    }
    text
}

/// A metric's values, one for each reference.
struct Column<'a> {
    head: String,
    is_db: bool,
    values: &'a [f64],
}

impl Column<'_> {
    fn cell(&self, value: f64) -> String {
        if self.is_db { format!("{value:.2}") } else { format!("{value:.4}") }
    }
}

fn of_mixture<'a>(evaluation: &'a Evaluation, name: &str) -> Option<&'a [f64]> {
    let found = evaluation.mixture.as_ref()?.iter().find(|(metric, _)| *metric == name);
    found.map(|(_, values)| values.as_slice())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
