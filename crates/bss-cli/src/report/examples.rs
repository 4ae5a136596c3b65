//! The report of a run on a dataset.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bss_metrics::{ExampleScores, Metric};
use bss_models::Refinement;
use ndarray::Array3;

use super::tables::{cell, facts, number, percentage, table};
use super::{Traces, page, write_all};
use crate::figures;

/// The name of the estimate that is refined for each mixture by itself.
pub(crate) const REFINED: &str = "refined";

/// All that such a report shows; k counts the sources of an example, and there are some examples to look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExamplesReport {
    /// The page's title.
    pub(crate) title: String,
    /// The features of an example, by axis; of sound, (bins, frames).
    pub(crate) shape: Vec<usize>,
    /// What else is known of sound, whose magnitudes the values are then.
    pub(crate) sound: Option<Sound>,
    /// Mixtures, (examples, 1, features).
    pub(crate) mixture: Array3<f64>,
    /// Their sources, (examples, K, features).
    pub(crate) sources: Array3<f64>,
    /// The same, masked.
    pub(crate) masked: Array3<f64>,
    /// The same of sources refined for each mixture by itself, where the model does.
    pub(crate) refined: Option<Array3<f64>>,
    /// How they were refined.
    pub(crate) refinement: Refinement,
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

/// What is shown of sound besides its magnitudes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sound {
    /// The frequency of the uppermost bin in Hz and the seconds of an example, where they are known.
    pub(crate) extent: Option<(f64, f64)>,
    /// What can be listened to.
    pub(crate) clips: Vec<Clip>,
}

/// A row of the figure to listen to.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    /// The row's name.
    pub(crate) row: String,
    /// A WAV file for each example.
    pub(crate) files: Vec<Vec<u8>>,
}

impl Sound {
    /// What the axes of a spectrogram are.
    pub(crate) fn axes(&self) -> String {
        match self.extent {
            Some((top, seconds)) => format!("0 to {:.1} kHz upwards, {seconds:.2} s to the right", top / 1e3),
            None => "frequency upwards, time to the right".to_owned(),
        }
    }
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
        ("listen", "Listen", data.sound.as_ref().map_or_else(String::new, listen)),
        ("scores", "Scores", shown(&["psnr", "si-sdr"]) + &scores(data)),
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

/// A player for each example and row of the figure.
fn listen(sound: &Sound) -> String {
    let Some(first) = sound.clips.first() else { return String::new() };
    let mut head = "<th scope=\"col\"></th>".to_owned();
    for example in 1..=first.files.len() {
        // Writing to a string cannot fail.
        let _ = write!(head, "<th scope=\"col\">mixture {example}</th>");
    }
    let mut rows = String::new();
    for Clip { row: name, files } in &sound.clips {
        let _ = write!(rows, "<tr><th scope=\"row\">{name}</th>");
        for (example, clip) in files.iter().enumerate() {
            let source = BASE64_STANDARD.encode(clip);
            let _ = write!(
                rows,
                "<td><audio controls=\"controls\" preload=\"none\" aria-label=\"{name} of mixture {}\" \
                 src=\"data:audio/wav;base64,{source}\"></audio></td>",
                example + 1
            );
        }
        rows += "</tr>\n";
    }
    table(
        "The mixtures of the figure, each as loud as it can be, and what was found in them in the same scale.",
        &head,
        &rows,
    )
}

/// The metrics that are shown where they are there, and their names.
const METRICS: [(Metric, &str); 5] = [
    (Metric::Psnr, "PSNR (dB)"),
    (Metric::Ssim, "SSIM"),
    (Metric::SiSdr, "SI-SDR (dB)"),
    (Metric::Sir, "SIR (dB)"),
    (Metric::Sar, "SAR (dB)"),
];

/// A row for each estimate.
fn scores(data: &ExamplesReport) -> String {
    let Some((_, first)) = data.scores.first() else { return String::new() };
    let outputs = data.sources.dim().1;
    let (examples, references) = first.permutation.dim();
    let metrics = METRICS.iter().filter(|(metric, _)| first.get(*metric).is_some());
    let mut head = "<th scope=\"col\">estimate</th>".to_owned();
    for (_, label) in metrics.clone() {
        let _ = write!(head, "<th scope=\"col\" class=\"number\">median {label}</th>");
    }
    if outputs > references {
        head += "<th scope=\"col\" class=\"number\">examples without superfluous energy</th>";
    }
    let mut rows = String::new();
    for (name, scores) in &data.scores {
        let medians = metrics.clone().filter_map(|(metric, _)| scores.get(*metric));
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
    let is_sound = data.sound.is_some();
    let mut entries = vec![SOURCES, if is_sound { MASKED_SOUND } else { MASKED }];
    let refined = refined(data);
    if data.refined.is_some() {
        entries.push(("Refined", &refined));
    }
    if !data.scores.is_empty() {
        entries.push(if is_sound { SCORES_OF_SOUND } else { SCORES });
    }
    entries.push(UNUSED);
    page::definitions(&entries)
}

/// What refined sources are, and of which mixtures.
fn refined(data: &ExamplesReport) -> String {
    let Refinement { steps, rounds, .. } = data.refinement;
    let of_all = data.scores.iter().any(|(name, _)| *name == REFINED);
    let drawn = if of_all {
        ""
    } else {
        " Here that is done for the mixtures that are drawn alone, so it has no scores; with a reference, `--refine STEPS` \
         scores it for all."
    };
    format!(
        "The same masks of sources that went on from the encoder's answer, for each mixture by itself, as `bss separate \
         --refine {steps} --rounds {rounds}` does.{drawn}"
    )
}

const SOURCES: (&str, &str) = (
    "Sources",
    "What the model says at once, before anything is refined. A mixture is the sum of its sources, so each has the scale that it has in the mixture. Which output holds which source \
     is open in every example anew; true sources, where they are shown, stand in the place of the output that comes \
     nearest as it is decoded; an output to spare has none.",
);

const MASKED: (&str, &str) = (
    "Masked",
    "The mixture, shared out pixel by pixel in proportion to the sources above: what the decoder cannot draw is kept, and \
     the sum is the mixture again.",
);

const MASKED_SOUND: (&str, &str) = (
    "Masked",
    "The mixture's spectrogram, shared out in proportion to the sources above, with the mixture's phase: the sum is the \
     mixture again. Without the mask each source has the magnitudes that the decoder gives it.",
);

const SCORES: (&str, &str) = (
    "Scores",
    "The true sources of each example were matched with the outputs that leave the least squared error, for each estimate by \
     itself, and were not used for the separation. The peak is 1, on the scale of the mixture. With more outputs than true \
     sources the others should be silent: an example is without superfluous energy where they carry less than 1 %.",
);

const SCORES_OF_SOUND: (&str, &str) = (
    "Scores",
    "The true sources of each mixture were matched with the outputs that leave the least squared error, for each estimate by \
     itself, and were not used for the separation. SI-SDR counts everything that is not the source in any scale; SIR counts \
     what is left of the other sources, and SAR what belongs to none (BSS Eval, filters of 512 taps).",
);

const UNUSED: (&str, &str) = (
    "Unused and uneven sources",
    "An output with less than 1 % of the energy is not used: fewer sources explain the mixtures. Those used of a network \
     share one decoder and one prior, so their mean peaks are alike; where they are not, one of them holds parts of another source.",
);
