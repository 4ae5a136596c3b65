//! The report of a run: figures as SVG and PNG, and one self-contained page that shows them.

mod examples;
mod page;
mod tables;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bss_data::Grid;
use ndarray::Array2;

use crate::figures::{self, Figure};

pub(crate) use examples::{Clip, ExamplesReport, REFINED, Sound, write_examples};

/// All that a report shows. Rows are samples throughout; R is their number and n that of the sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReportData {
    /// The page's title.
    pub(crate) title: String,
    /// Samples per second, if known.
    pub(crate) sample_rate: Option<f64>,
    /// The pixels that the samples are, of images.
    pub(crate) grid: Option<Grid>,
    /// The mixture as the user gave it, (R, channels).
    pub(crate) mixture: Array2<f64>,
    /// Names of the channels; missing ones are numbered.
    pub(crate) channel_names: Vec<String>,
    /// Posterior means with unit variance, (R, n).
    pub(crate) sources: Array2<f64>,
    /// Posterior standard deviations on the scale of `sources`, (R, n), where the model gives some.
    pub(crate) std: Option<Array2<f64>>,
    /// The mixing matrix of a linear decoder, (channels, n).
    pub(crate) mixing: Option<Array2<f64>>,
    /// Each source's share of the mixture's variance.
    pub(crate) explained: Vec<f64>,
    /// The true sources in the order and with the signs of `sources`, (R, n).
    pub(crate) reference: Option<Array2<f64>>,
    /// Metrics by name, with a value for each source.
    pub(crate) scores: Vec<(String, Vec<f64>)>,
    /// The course of the best restart.
    pub(crate) traces: Traces,
    /// Every restart with its final loss.
    pub(crate) restarts: Vec<(usize, f64)>,
    /// What else to tell: model, seed, iterations, wall time, verdict, command.
    pub(crate) summary: Vec<(String, String)>,
    /// What the reader should be wary of.
    pub(crate) warnings: Vec<String>,
}

/// Values logged while training, one for each logged iteration. Any of them may be empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces {
    /// The iterations at which the others were logged.
    pub(crate) iteration: Vec<u64>,
    /// The objective.
    pub(crate) loss: Vec<f64>,
    /// Its reconstruction term.
    pub(crate) reconstruction: Vec<f64>,
    /// The KL divergence of the posterior from the prior.
    pub(crate) kl: Vec<f64>,
    /// The posterior's variance, `[source][t]`.
    pub(crate) posterior_variance: Vec<Vec<f64>>,
    /// The prior's AR coefficients, `[lag][source][t]`.
    pub(crate) ar_coefficient: Vec<Vec<Vec<f64>>>,
    /// The scale of the prior's innovations, `[source][t]`.
    pub(crate) innovation_scale: Vec<Vec<f64>>,
    /// The mean absolute correlation with the truth, matched anew each time; for linear encoders with a reference.
    pub(crate) correlation: Vec<f64>,
    /// The largest absolute correlation of any source with the truth that this source was matched to at the end,
    /// `[source][t]`.
    pub(crate) best_correlation: Vec<Vec<f64>>,
    /// The weight of the KL divergence.
    pub(crate) beta: Vec<f64>,
    /// The optimiser's learning rate.
    pub(crate) learning_rate: Vec<f64>,
}

impl ReportData {
    /// The name of a channel, or its number (from 1) if it has none.
    pub(crate) fn channel_name(&self, channel: usize) -> String {
        let name = self.channel_names.get(channel).filter(|name| !name.trim().is_empty());
        name.map_or_else(|| format!("channel {}", channel + 1), Clone::clone)
    }

    /// The sample rate, if it is one: finite and positive.
    pub(crate) fn known_sample_rate(&self) -> Option<f64> {
        self.sample_rate.filter(|rate| rate.is_finite() && *rate > 0.0)
    }
}

/// Writes every figure as `NAME.svg` and `NAME.png`, and then `index.html`, whose path it returns.
///
/// Each file is written under a temporary name and renamed, so a reader never sees half of one.
///
/// # Errors
/// If the folder cannot be created or a file cannot be written.
pub(crate) fn write_report(data: &ReportData, folder: &Path) -> Result<PathBuf> {
    let figures = figures::draw_all(data)?;
    write_all(&figures, &page::html(data, &figures), folder)
}

fn write_all(figures: &[Figure], page: &str, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for figure in figures {
        write(&folder.join(format!("{}.svg", figure.name)), figure.document().as_bytes())?;
        write(&folder.join(format!("{}.png", figure.name)), &figure.png()?)?;
    }
    let index = folder.join("index.html");
    write(&index, page.as_bytes())?;
    Ok(index)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    bss_data::write_bytes_atomically(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// `text` with the characters that HTML and XML reserve escaped, and those that XML forbids left out.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}
