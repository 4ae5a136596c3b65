//! The report of a run on a dataset.

use anyhow::{Context as _, Result, ensure};
use bss_models::ratio_mask;
use bss_nn::Noise;
use bss_train::{Mixtures, RunFolder};
use ndarray::Array3;
use serde_json::{Value, json};

use super::{record, summary, traces};
use crate::args::ReportArgs;
use crate::config::Config;
use crate::input::read_examples;
use crate::model::ExampleSeparator;
use crate::output;
use crate::report::{ExamplesReport, write_examples};

/// Mixtures that are shown.
const SHOWN: usize = 10;

/// Mixtures (examples, features), and what they are made of where that is known, (examples, M, features).
struct Shown {
    mixture: Vec<f32>,
    reference: Option<Array3<f64>>,
}

/// Writes the figures of a run on a dataset and the page that shows them.
///
/// # Errors
/// Input that has changed, a reference of other examples, files that cannot be written.
pub(super) fn run(args: &ReportArgs, separator: &ExampleSeparator, config: &Config) -> Result<()> {
    let folder = RunFolder::open(&args.run)?;
    let record = record(&folder)?;
    let features: usize = separator.shape.iter().product();
    let Shown { mixture, reference } = match &args.reference {
        Some(file) => of_reference(file, &separator.shape)?,
        None => of_run(config, &separator.shape)
            .with_context(|| format!("the examples that {} was fitted to cannot be shown", args.run.display()))?,
    };
    let sources = separator.model.separate(&mixture);
    let masked = ratio_mask(&mixture, &sources, features);
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
        shape: separator.shape.clone(),
        mixture: stacked(&mixture, 1, features)?,
        sources: stacked(&sources, separator.model.sources(), features)?,
        masked: stacked(&masked, separator.model.sources(), features)?,
        reference,
        usage: usage.iter().map(|of| (number(&of["energy_share"]), number(&of["mean_peak"]))).collect(),
        traces: traces::of(&folder.read_log()?, 0, &[]),
        summary: rows,
        warnings,
    };
    let page = write_examples(&data, &args.out.clone().unwrap_or_else(|| args.run.join("report")))?;
    let page = page.display().to_string();
    if args.json {
        return output::print_json(&json!({ "page": page, "sources": usage, "warnings": data.warnings }));
    }
    output::print(&format!("wrote {page}\n"))
}

/// Mixtures as the sums of true sources (examples, M, features…), which have the scale that they have in the mixture.
fn of_reference(file: &str, shape: &[usize]) -> Result<Shown> {
    let truth = read_examples(&[file.to_owned()], Some("sources"))?;
    let features: usize = shape.iter().product();
    let [count, of_source @ ..] = truth.shape.as_slice() else { unreachable!("an example has a dimension") };
    ensure!(
        of_source == shape,
        "{}: holds {}, expected true sources (examples, sources, features…) of examples of shape {shape:?}, as `bss mix \
         --mix` writes them",
        truth.label,
        truth.extent()
    );
    let values = &truth.values[..truth.values.len().min(SHOWN * count * features)];
    let sum = |example: &[f32], i: usize| example[i..].iter().step_by(features).sum::<f32>();
    let examples = values.chunks_exact(count * features);
    let mixture = examples.flat_map(|example| (0..features).map(move |i| sum(example, i))).collect();
    Ok(Shown { mixture, reference: Some(stacked(values, *count, features)?) })
}

/// Mixtures that the run was fitted to, or where it mixed clean examples, such as it might have been.
fn of_run(config: &Config, shape: &[usize]) -> Result<Shown> {
    let mix = config.data.mix;
    let examples = read_examples(&config.data.inputs, (mix == 1).then_some("mixture"))?;
    ensure!(
        examples.shape == shape && examples.count() >= mix,
        "{}: holds {}, but the run was fitted to examples of shape {shape:?}; the file has changed since",
        examples.label,
        examples.extent()
    );
    let (features, count) = (examples.features(), examples.count());
    let noise = Noise::new(config.seed);
    let mixtures = Mixtures { examples: examples.values.into(), features, mix, batch: SHOWN.min(count / mix), noise };
    Ok(Shown { mixture: mixtures.batch(0, 0).x, reference: None })
}

/// Values as (examples, rows, features).
fn stacked(values: &[f32], rows: usize, features: usize) -> Result<Array3<f64>> {
    let dim = (values.len() / (rows * features), rows, features);
    Ok(Array3::from_shape_vec(dim, values.iter().copied().map(f64::from).collect())?)
}
