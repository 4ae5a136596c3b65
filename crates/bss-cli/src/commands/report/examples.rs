//! The report of a run on a dataset.

use anyhow::{Context as _, Result, ensure};
use bss_metrics::ExampleScores;
use bss_models::{Refinement, ratio_mask};
use bss_nn::Noise;
use bss_train::{Mixtures, RunFolder};
use ndarray::{Array3, ArrayD, IxDyn};
use serde_json::{Map, Value, json};

use super::matched::{self, OF_VALUES};
use super::{record, sound, summary, traces};
use crate::args::ReportArgs;
use crate::config::Config;
use crate::front_end::FrontEnd;
use crate::input::{Take, read_examples};
use crate::model::ExampleSeparator;
use crate::report::{ExamplesReport, write_examples};
use crate::{model, output};

/// Mixtures that are drawn.
const SHOWN: usize = 10;
/// How the sources of these are refined: by steps, in rounds.
const REFINED: (usize, usize) = (50, 2);

/// Mixtures (examples, features), and what they are made of where that is known, (examples, M, features…).
struct Mixed {
    mixture: Vec<f32>,
    truth: Option<ArrayD<f64>>,
}

/// Writes the figures of a run on a dataset and the page that shows them.
///
/// # Errors
/// Input that has changed, a reference of other examples, files that cannot be written.
pub(super) fn run(
    args: &ReportArgs,
    separator: &ExampleSeparator,
    config: &Config,
    sample_rate: Option<f64>,
) -> Result<()> {
    let folder = RunFolder::open(&args.run)?;
    let record = record(&folder)?;
    let shown = match FrontEnd::of(config)? {
        None => of_values(args, separator, config)?,
        Some(front_end) => sound::shown(args, separator, config, &FrontEnd { sample_rate, ..front_end })?,
    };
    let usage = record["source_usage"].as_array().map_or(&[][..], Vec::as_slice);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let mut rows = summary(config, &record);
    rows.insert(1, ("sources".to_owned(), separator.model.sources().to_string()));
    let mut warnings: Vec<String> = serde_json::from_value(record["warnings"].clone()).unwrap_or_default();
    if record.is_null() {
        warnings.push("the run is not finished: what is shown is its last saved state".to_owned());
    }
    let data = ExamplesReport {
        title: format!("{} with {}", config.data.inputs.join(", "), config.model),
        usage: usage.iter().map(|of| (number(&of["energy_share"]), number(&of["mean_peak"]))).collect(),
        traces: traces::of(&folder.read_log()?, 0, &[]),
        summary: rows,
        warnings,
        ..shown
    };
    let page = write_examples(&data, &args.out.clone().unwrap_or_else(|| args.run.join("report")))?;
    let page = page.display().to_string();
    if args.json {
        let (sources, scores) = (usage, medians(&data));
        return output::print_json(
            &json!({ "page": page, "sources": sources, "scores": scores, "warnings": data.warnings }),
        );
    }
    output::print(&format!("wrote {page}\n"))
}

/// What is shown of examples whose values add up.
fn of_values(args: &ReportArgs, separator: &ExampleSeparator, config: &Config) -> Result<ExamplesReport> {
    let features: usize = separator.shape.iter().product();
    let Mixed { mixture, truth } = match &args.reference {
        Some(file) => of_reference(file, &separator.shape)?,
        None => of_run(config, &separator.shape)
            .with_context(|| format!("the examples that {} was fitted to cannot be shown", args.run.display()))?,
    };
    let outputs = separator.model.sources();
    let sources = separator.model.separate(&mixture);
    let masked = ratio_mask(&mixture, &sources, features);
    let shown = &mixture[..mixture.len().min(SHOWN * features)];
    let refinement = refinement(config);
    let refined = separator.model.separate_refined(shown, refinement);
    let refined =
        refined.map(|sources| first(&ratio_mask(shown, &sources, features), outputs, features)).transpose()?;
    let (mut scores, mut reference) = (Vec::new(), None);
    if let (Some(truth), Some(file)) = (&truth, &args.reference) {
        for (name, estimate) in [("decoded", &sources), ("masked", &masked)] {
            let estimate = dataset(estimate, outputs, &separator.shape)?;
            let found = matched::scores(estimate.view(), truth.view(), OF_VALUES);
            scores.push((name, found.with_context(|| format!("{} against {file}", args.run.display()))?));
        }
        // As decoded: masks and refinement leave each source in its output.
        reference = Some(matched::in_place(truth, &scores[0].1, (shown.len() / features, outputs)));
    }
    Ok(ExamplesReport {
        shape: separator.shape.clone(),
        mixture: first(&mixture, 1, features)?,
        sources: first(&sources, outputs, features)?,
        masked: first(&masked, outputs, features)?,
        refined,
        reference,
        scores,
        ..ExamplesReport::default()
    })
}

/// How the sources of the mixtures that are drawn are refined.
pub(super) fn refinement(config: &Config) -> Refinement {
    let (steps, rounds) = REFINED;
    Refinement { steps, rounds, beta: config.learning.beta, ..Refinement::default() }
}

/// The medians of each estimate, and where there are more outputs than true sources, the share of the examples whose
/// others are silent.
fn medians(data: &ExamplesReport) -> Value {
    let of = |scores: &ExampleScores| {
        let medians = scores.values.iter().map(|(metric, values)| ((*metric).to_owned(), json!(values.median)));
        let mut all: Map<String, Value> = medians.collect();
        if data.sources.dim().1 > scores.permutation.ncols() {
            all.insert("superfluous".to_owned(), json!(scores.superfluous()));
        }
        all
    };
    data.scores.iter().map(|(name, scores)| ((*name).to_owned(), Value::Object(of(scores)))).collect()
}

/// Mixtures as the sums of true sources (examples, M, features…), which have the scale that they have in the mixture.
fn of_reference(file: &str, shape: &[usize]) -> Result<Mixed> {
    let truth = read_examples(&[file.to_owned()], Some("sources"), Take::Unit)?;
    let features: usize = shape.iter().product();
    let [count, of_source @ ..] = truth.shape.as_slice() else { unreachable!("an example has a dimension") };
    ensure!(
        of_source == shape,
        "{}: holds {}, expected true sources (examples, sources, features…) of examples of shape {shape:?}, as `bss mix \
         --mix` writes them",
        truth.label,
        truth.extent()
    );
    let sum = |example: &[f32], i: usize| example[i..].iter().step_by(features).sum::<f32>();
    let examples = truth.values.chunks_exact(count * features);
    let mixture = examples.flat_map(|example| (0..features).map(move |i| sum(example, i))).collect();
    Ok(Mixed { mixture, truth: Some(dataset(&truth.values, *count, shape)?) })
}

/// Mixtures that the run was fitted to, or where it mixed clean examples, such as it might have been.
fn of_run(config: &Config, shape: &[usize]) -> Result<Mixed> {
    let mix = model::mixed(config);
    let examples = read_examples(&config.data.inputs, (mix == 1).then_some("mixture"), Take::Unit)?;
    ensure!(
        examples.shape == shape && examples.count() >= mix,
        "{}: holds {}, but the run was fitted to examples of shape {shape:?}; the file has changed since",
        examples.label,
        examples.extent()
    );
    let (features, count) = (examples.features(), examples.count());
    let noise = Noise::new(config.seed);
    let (sum, batch) = (examples.sum, SHOWN.min(count / mix));
    let mixtures = Mixtures { examples: examples.values.into(), features, mix, sum, pairs: false, batch, noise };
    Ok(Mixed { mixture: mixtures.batch(0, 0).x, truth: None })
}

/// The examples to be drawn of values (examples, rows, features).
fn first(values: &[f32], rows: usize, features: usize) -> Result<Array3<f64>> {
    let examples = SHOWN.min(values.len() / (rows * features));
    let drawn = values.iter().take(examples * rows * features).copied().map(f64::from);
    Ok(Array3::from_shape_vec((examples, rows, features), drawn.collect())?)
}

/// Values as (examples, rows, features…).
fn dataset(values: &[f32], rows: usize, shape: &[usize]) -> Result<ArrayD<f64>> {
    let examples = values.len() / (rows * shape.iter().product::<usize>());
    let dims = IxDyn(&[&[examples, rows], shape].concat());
    Ok(ArrayD::from_shape_vec(dims, values.iter().copied().map(f64::from).collect())?)
}
