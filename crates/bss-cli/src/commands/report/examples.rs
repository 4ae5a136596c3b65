//! The report of a run on a dataset.

use anyhow::{Context as _, Result, ensure};
use bss_metrics::ExampleScores;
use bss_models::ratio_mask;
use bss_train::RunFolder;
use ndarray::Array3;
use serde_json::{Map, Value, json};

use super::matched::{self, OF_VALUES};
use super::mixed::{Mixed, Refining, dataset};
use super::{record, sound, summary, traces};
use crate::args::ReportArgs;
use crate::config::Config;
use crate::front_end::FrontEnd;
use crate::input::{Take, read_examples};
use crate::model::ExampleSeparator;
use crate::output;
use crate::report::{ExamplesReport, REFINED, write_examples};

/// Mixtures that are drawn.
const SHOWN: usize = 10;

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
    let Mixed { stored: mixture, truth, .. } = match &args.reference {
        Some(file) => of_reference(file, &separator.shape)?,
        None => Mixed::of_run(config, &separator.shape, Take::Unit, SHOWN)
            .with_context(|| format!("the examples that {} was fitted to cannot be shown", args.run.display()))?,
    };
    let outputs = separator.model.sources();
    let sources = separator.model.separate(&mixture);
    let masked = ratio_mask(&mixture, &sources, features);
    let drawn = mixture.len().min(SHOWN * features);
    let refining = Refining::of(args, config);
    let refined = refining.sources(separator, config, &mixture, drawn)?;
    let refined = refined.map(|sources| ratio_mask(&mixture[..sources.len() / outputs], &sources, features));
    let (mut scores, mut reference) = (Vec::new(), None);
    if let (Some(truth), Some(file)) = (&truth, &args.reference) {
        let scored = refined.as_ref().filter(|_| refining.all);
        for (name, estimate) in [("decoded", Some(&sources)), ("masked", Some(&masked)), (REFINED, scored)] {
            let Some(estimate) = estimate else { continue };
            let estimate = dataset(estimate.iter().copied().map(f64::from).collect(), outputs, &separator.shape)?;
            let found = matched::scores(estimate.view(), truth.view(), OF_VALUES);
            scores.push((name, found.with_context(|| format!("{} against {file}", args.run.display()))?));
        }
        // As decoded: masks and refinement leave each source in its output.
        reference = Some(matched::in_place(truth, &scores[0].1, (drawn / features, outputs)));
    }
    Ok(ExamplesReport {
        shape: separator.shape.clone(),
        mixture: first(&mixture, 1, features)?,
        sources: first(&sources, outputs, features)?,
        masked: first(&masked, outputs, features)?,
        refined: refined.map(|refined| first(&refined, outputs, features)).transpose()?,
        refinement: refining.refinement,
        reference,
        scores,
        ..ExamplesReport::default()
    })
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
    let values = truth.values.iter().copied().map(f64::from).collect();
    Ok(Mixed { stored: mixture, truth: Some(dataset(values, *count, shape)?), sample_rate: None })
}

/// The examples to be drawn of values (examples, rows, features).
fn first(values: &[f32], rows: usize, features: usize) -> Result<Array3<f64>> {
    let examples = SHOWN.min(values.len() / (rows * features));
    let drawn = values.iter().take(examples * rows * features).copied().map(f64::from);
    Ok(Array3::from_shape_vec((examples, rows, features), drawn.collect())?)
}
