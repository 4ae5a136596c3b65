//! `bss report`.

mod correlations;
mod examples;
mod matched;
mod mixed;
mod reference;
mod sound;
mod traces;

use std::fs;

use anyhow::{Context as _, Result, ensure};
use bss_train::RunFolder;
use candle_core::Device;
use serde_json::{Value, json};

use crate::args::ReportArgs;
use crate::config::Config;
use crate::input::read_recording;
use crate::model::{self, Fitted, FittedModel, Separates};
use crate::output;
use crate::report::{ReportData, Traces, write_report};
use crate::warnings::Warnings;

/// Writes a run's figures and the page that shows them.
///
/// # Errors
/// A folder that holds no finished run, input that has changed, files that cannot be written.
pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    let Fitted { model, config, restart, sample_rate, .. } = Fitted::load(&args.run, &Device::Cpu)?;
    match model {
        Separates::Recordings(model) => {
            let (run, model_name) = (args.run.display(), config.model);
            for (option, given) in [("--refine", args.refine), ("--rounds", args.rounds)] {
                ensure!(
                    given.is_none(),
                    "{option} is for datasets; {run} was fitted to a recording with {model_name}: leave it out"
                );
            }
            recording(args, model.as_ref(), &config, restart)
        }
        Separates::Examples(separator) => examples::run(args, &separator, &config, sample_rate),
    }
}

fn recording(args: &ReportArgs, model: &dyn FittedModel, config: &Config, restart: usize) -> Result<()> {
    let folder = RunFolder::open(&args.run)?;
    let mut warnings = Warnings::new(args.json);
    let recording = read_recording(&config.data.inputs, &config.data.reading(), &mut warnings)
        .with_context(|| format!("the recording that {} was fitted to cannot be read", args.run.display()))?;
    let estimate = model.separate(recording.values.view())?;
    let record = record(&folder)?;
    let read_reference = |file| reference::read(file, estimate.sources.view(), &recording);
    let reference = args.reference.as_deref().map(read_reference).transpose()?;
    let log = folder.read_log()?;
    let mut traces = traces::of(&log, restart, &model.convention().order);
    if let (Some(reference), Some(whitening)) = (&reference, model.whitening()) {
        let z = whitening.apply(recording.values.view())?;
        if let Some(course) = correlations::course(&log, restart, z.view(), reference.values.view()) {
            let of = |j: &Option<usize>| j.map_or_else(Vec::new, |j| course.best[j].clone());
            traces.best_correlation = reference.of_estimate.iter().map(of).collect();
            traces.correlation = course.mean;
        }
    }
    let mut all_warnings: Vec<String> = warnings.as_slice().iter().map(ToString::to_string).collect();
    if record.is_null() {
        all_warnings.push("the run is not finished: what is shown is its last saved state".to_owned());
    }
    let data = ReportData {
        title: format!("{} with {}", recording.label, config.model),
        sample_rate: recording.sample_rate,
        grid: recording.layout.grid,
        mixture: recording.values,
        channel_names: recording.channel_names,
        sources: estimate.sources,
        std: model.gives_std().then_some(estimate.std),
        mixing: estimate.mixing,
        explained: model.convention().explained.clone(),
        scores: reference.as_ref().map_or_else(Vec::new, |reference| reference.scores.clone()),
        reference: reference.as_ref().map(|reference| reference.matched.clone()),
        traces,
        restarts: restarts(&record),
        summary: summary(config, &record),
        warnings: all_warnings,
    };
    let page = write_report(&data, &args.out.clone().unwrap_or_else(|| args.run.join("report")))?;
    if args.json {
        let sources = sources(&data, reference.as_ref().map_or(&[][..], |reference| &reference.of_estimate));
        let page = page.display().to_string();
        return output::print_json(&json!({ "page": page, "sources": sources, "warnings": data.warnings }));
    }
    output::print(&format!("wrote {}\n", page.display()))
}

/// What is known of each source: its share of the variance, its reference and scores, where its parameters ended.
fn sources(data: &ReportData, references: &[Option<usize>]) -> Vec<Value> {
    let Traces { posterior_variance, ar_coefficient, innovation_scale, .. } = &data.traces;
    let one = |k: usize| {
        let end = |traces: &[Vec<f64>]| traces.get(k).and_then(|trace| trace.last()).copied();
        let mut source = json!({
            "explained_variance": data.explained.get(k),
            "posterior_variance": end(posterior_variance),
            "ar_coefficient": ar_coefficient.iter().map(|of_lag| end(of_lag)).collect::<Vec<_>>(),
            "innovation_scale": end(innovation_scale),
            "reference": references.get(k).copied().flatten(),
        });
        for (metric, values) in &data.scores {
            source[metric] = json!(values.get(k));
        }
        source
    };
    (0..data.sources.ncols()).map(one).collect()
}

/// `run.json`, or null while the run is not finished.
fn record(folder: &RunFolder) -> Result<Value> {
    let path = folder.record();
    if !path.is_file() {
        return Ok(Value::Null);
    }
    let unreadable = || format!("{}: cannot be read", path.display());
    let text = fs::read_to_string(&path).with_context(unreadable)?;
    serde_json::from_str(&text).with_context(unreadable)
}

fn restarts(record: &Value) -> Vec<(usize, f64)> {
    let of = |entry: &Value| Some((entry["restart"].as_u64()? as usize, entry["loss"].as_f64().unwrap_or(f64::NAN)));
    record["restarts"].as_array().map(|list| list.iter().filter_map(of).collect()).unwrap_or_default()
}

/// What the page's table says about the run.
fn summary(config: &Config, record: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut rows = vec![("model".to_owned(), config.model.to_string())];
    let facts = (model::kind(config.model).facts)(config);
    rows.extend(facts.into_iter().map(|(name, value)| (name.to_owned(), value)));
    rows.extend(config.data.traversal.map(|order| ("traversal".to_owned(), order.to_string())));
    rows.push(("seed".to_owned(), config.seed.to_string()));
    for (name, key) in [("verdict", "verdict"), ("iterations", "iterations"), ("final loss", "loss")] {
        if !record[key].is_null() {
            rows.push((name.to_owned(), text(&record[key])));
        }
    }
    if let Some(seconds) = record["seconds"].as_f64() {
        rows.push(("wall time".to_owned(), format!("{seconds:.1} s")));
    }
    let changes = config.changes().into_iter().filter(|(key, _)| !key.starts_with("data."));
    let changes: Vec<String> = changes.map(|(key, value)| format!("{key} = {value}")).collect();
    if !changes.is_empty() {
        rows.push(("settings".to_owned(), changes.join(", ")));
    }
    rows
}
