//! The report of a run on a dataset.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ndarray::Array3;

use super::tables::{cell, facts, number, percentage, table};
use super::{Traces, page, write_all};
use crate::figures;

/// All that such a report shows; k counts the sources of an example, and there are some examples to look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExamplesReport {
    /// The page's title.
    pub(crate) title: String,
    /// The features of an example, by axis.
    pub(crate) shape: Vec<usize>,
    /// Mixtures, (examples, 1, features).
    pub(crate) mixture: Array3<f64>,
    /// Their sources, (examples, K, features).
    pub(crate) sources: Array3<f64>,
    /// The same, masked.
    pub(crate) masked: Array3<f64>,
    /// The true sources, (examples, M, features), where they are known.
    pub(crate) reference: Option<Array3<f64>>,
    /// Each output's share of the energy and mean peak, as the end of the run found them.
    pub(crate) usage: Vec<(f64, f64)>,
    /// The course of the training.
    pub(crate) traces: Traces,
    /// What else to tell.
    pub(crate) summary: Vec<(String, String)>,
    /// What the reader should be wary of.
    pub(crate) warnings: Vec<String>,
}

/// Writes every figure and `index.html`, whose path it returns.
///
/// # Errors
/// As [`write_report`](super::write_report).
pub(crate) fn write_examples(data: &ExamplesReport, folder: &Path) -> Result<PathBuf> {
    let figures = figures::draw_examples(data)?;
    let shown = |names: &[&str]| page::shown(&figures, names);
    let sections = [
        ("summary", "Summary", facts(&[], &data.summary)),
        ("examples", "Examples", shown(&["examples"])),
        ("sources", "Sources", usage(data)),
        ("training", "Training", shown(&["training"])),
        ("reading", "How to read this", page::definitions(&READING)),
    ];
    write_all(&figures, &page::document(&data.title, &data.summary, &data.warnings, &sections), folder)
}

/// A row for each output.
fn usage(data: &ExamplesReport) -> String {
    if data.usage.is_empty() {
        return String::new();
    }
    let mut rows = String::new();
    for (k, (share, peak)) in data.usage.iter().enumerate() {
        let cells = cell(&percentage(*share)) + &cell(&number(*peak));
        // Writing to a string cannot fail.
        let _ = writeln!(rows, "<tr><th scope=\"row\">source {}</th>{cells}</tr>", k + 1);
    }
    let head = "<th scope=\"col\">source</th><th scope=\"col\" class=\"number\">share of the energy</th>\
                <th scope=\"col\" class=\"number\">mean peak</th>";
    table("What each output of the model is used for, on mixtures of the data it was fitted to.", head, &rows)
}

const READING: [(&str, &str); 3] = [
    (
        "Sources",
        "A mixture is the sum of its sources, so each has the scale that it has in the mixture. Which output holds which \
         source is open in every example anew; true sources, where they are shown, stand in the order of their file.",
    ),
    (
        "Masked",
        "The mixture, shared out pixel by pixel in proportion to the sources above: what the decoder cannot draw is kept, \
         and the sum is the mixture again.",
    ),
    (
        "Unused and uneven sources",
        "An output with less than 1 % of the energy is not used: fewer sources explain the mixtures. Those used of a network \
         share one decoder and one prior, so their mean peaks are alike; where they are not, one of them holds parts of \
         another source.",
    ),
];
