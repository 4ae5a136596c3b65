//! The report of a run on a dataset.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use bss_metrics::{ExampleScores, Metric};
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
    /// The same of sources refined for each mixture by itself, where the model does.
    pub(crate) refined: Option<Array3<f64>>,
    /// The true sources, (examples, K, features), where they are known, each in the place of the output that it was
    /// matched with; NaN for an output without one.
    pub(crate) reference: Option<Array3<f64>>,
    /// The scores of each estimate over all examples whose truth is known.
    pub(crate) scores: Vec<(&'static str, ExampleScores)>,
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
        ("scores", "Scores", shown(&["psnr"]) + &scores(data)),
        ("sources", "Sources", usage(data)),
        ("training", "Training", shown(&["training"])),
        ("reading", "How to read this", how_to_read(data)),
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

/// A row for each estimate.
fn scores(data: &ExamplesReport) -> String {
    let Some((_, first)) = data.scores.first() else { return String::new() };
    let outputs = data.sources.dim().1;
    let (examples, references) = first.permutation.dim();
    let has_ssim = first.get(Metric::Ssim).is_some();
    let mut head = "<th scope=\"col\">estimate</th><th scope=\"col\" class=\"number\">median PSNR (dB)</th>".to_owned();
    if has_ssim {
        head += "<th scope=\"col\" class=\"number\">median SSIM</th>";
    }
    if outputs > references {
        head += "<th scope=\"col\" class=\"number\">examples without superfluous energy</th>";
    }
    let mut rows = String::new();
    for (name, scores) in &data.scores {
        let medians = [Metric::Psnr, Metric::Ssim].into_iter().filter_map(|metric| scores.get(metric));
        let mut cells: String = medians.map(|values| cell(&number(values.median))).collect();
        if outputs > references {
            cells += &cell(&percentage(scores.superfluous()));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(rows, "<tr><th scope=\"row\">{name}</th>{cells}</tr>");
    }
    table(&format!("Over {examples} examples of {references} true sources each."), &head, &rows)
}

fn how_to_read(data: &ExamplesReport) -> String {
    let mut entries = vec![SOURCES, MASKED];
    if data.refined.is_some() {
        entries.push(REFINED);
    }
    if !data.scores.is_empty() {
        entries.push(SCORES);
    }
    entries.push(UNUSED);
    page::definitions(&entries)
}

const SOURCES: (&str, &str) = (
    "Sources",
    "A mixture is the sum of its sources, so each has the scale that it has in the mixture. Which output holds which source \
     is open in every example anew; true sources, where they are shown, stand in the place of the output that comes \
     nearest as it is decoded; an output to spare has none.",
);

const MASKED: (&str, &str) = (
    "Masked",
    "The mixture, shared out pixel by pixel in proportion to the sources above: what the decoder cannot draw is kept, and \
     the sum is the mixture again.",
);

const REFINED: (&str, &str) = (
    "Refined",
    "The same masks of sources that went on from the encoder's answer, for each mixture by itself, as `bss separate --refine` \
     does. Here that is done for the mixtures that are drawn, so it has no scores.",
);

const SCORES: (&str, &str) = (
    "Scores",
    "The true sources of each example were matched with the outputs that leave the least squared error, for each estimate by \
     itself, and were not used for the separation. The peak is 1, on the scale of the mixture. With more outputs than true \
     sources the others should be silent: an example is without superfluous energy where they carry less than 1 %.",
);

const UNUSED: (&str, &str) = (
    "Unused and uneven sources",
    "An output with less than 1 % of the energy is not used: fewer sources explain the mixtures. Those used of a network \
     share one decoder and one prior, so their mean peaks are alike; where they are not, one of them holds parts of another source.",
);
