//! Separating a dataset, example by example.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use bss_data::{Dtype, Named};
use bss_models::ratio_mask;
use bss_nn::Noise;
use ndarray::{ArrayD, IxDyn};
use serde_json::json;

use super::{song, sound};
use crate::args::{Scale, SeparateArgs};
use crate::config::Config;
use crate::device::DeviceName;
use crate::front_end::FrontEnd;
use crate::input::{Examples, are_notes, read_examples};
use crate::model::ExampleSeparator;
use crate::output;
use crate::progress;
use crate::warnings::Warnings;

/// Draws from the posterior for a standard deviation.
const DRAWS: usize = 16;

/// Mixtures between two moves of the progress bar: as many as the models separate at once, or a multiple of them.
const PART: usize = 512;

/// Separates mixtures (examples, features…) into (examples, sources, features…).
///
/// # Errors
/// Options that are for recordings; examples of another shape; a file that cannot be written.
pub(super) fn run(
    args: &SeparateArgs,
    separator: &ExampleSeparator,
    config: &Config,
    sample_rate: Option<f64>,
) -> Result<()> {
    // The standard deviations are of the encoder's posterior, and go with its answer.
    let separation = config.separation().overruled(args.refine.or(args.std.then_some(0)), args.rounds);
    let config = &Config { separation, ..config.clone() };
    ensure_options(args, separator, config)?;
    // What is separated has the rate of what the run was fitted to.
    let front_end = FrontEnd::of(config)?.map(|front_end| FrontEnd { sample_rate, ..front_end });
    if let (Some(front_end), [input]) = (&front_end, args.inputs.as_slice())
        && are_notes(&args.inputs)
        && !Path::new(input).is_dir()
    {
        return song::run(args, separator, config, front_end, (input, sample_rate));
    }
    ensure_file(args)?;
    let examples = read(args, config, front_end.as_ref())?;
    let mut warnings = Warnings::new(args.quiet);
    examples.tell_silent(&mut warnings);
    let (run, shape) = (args.run.display(), &separator.shape);
    ensure!(
        examples.shape == *shape,
        "{}: holds {}, but {run} was fitted to examples of shape {shape:?} with {}; expected an array (examples, {})",
        examples.label,
        examples.extent(),
        config.model,
        shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );
    if let Some(front_end) = &front_end {
        return sound::run(args, separator, config, front_end, (&examples, &warnings));
    }
    let mut sources = sources_of_all(separator, config, &examples, args.quiet)?;
    if args.mask {
        sources = ratio_mask(&examples.values, &sources, examples.features());
    }
    let spread = || separator.model.spread(&examples.values, DRAWS, Noise::new(config.seed));
    let std = args.std.then(spread).flatten();
    let count = separator.model.sources();
    let dims = IxDyn(&[&[examples.count(), count], &shape[..]].concat());
    let array = |values: Vec<f32>| ArrayD::from_shape_vec(dims.clone(), values.into_iter().map(f64::from).collect());
    let (sources, std) = (array(sources)?, std.map(array).transpose()?);
    let is_finite = sources.iter().chain(std.iter().flatten()).all(|value| value.is_finite());
    ensure!(
        is_finite,
        "{}: the sources are not finite; fit {run} again with a lower learning.learning_rate",
        examples.label
    );
    let mut arrays = vec![Named { name: "sources", values: &sources }];
    arrays.extend(std.as_ref().map(|values| Named { name: "std", values }));
    bss_data::write(&args.out, &arrays, Dtype::F32, None)?;
    let written = super::beside(&args.out, args.std)?;
    if args.json {
        return output::print_json(&json!({
            "run": run.to_string(),
            "input": examples.label,
            "out": written,
            "examples": examples.count(),
            "shape": shape,
            "sources": count,
            "mask": args.mask,
            "refine": separation.refine,
            "rounds": separation.rounds,
            "divided_by_255": examples.were_bytes,
            "warnings": warnings.as_slice(),
        }));
    }
    let masked = if args.mask { ", masked" } else { "" };
    let bytes = if examples.were_bytes { " (uint8 values were divided by 255)" } else { "" };
    output::print(&format!("wrote {}: {} in {count} sources{masked}{bytes}\n", written.join(", "), examples.extent()))
}

/// The sources of a dataset, with a progress bar.
fn sources_of_all(separator: &ExampleSeparator, config: &Config, of: &Examples, quiet: bool) -> Result<Vec<f32>> {
    let bar = progress::bar(of.count() as u64, 0, quiet);
    let mut all = Vec::with_capacity(of.values.len() * separator.model.sources());
    for x in of.values.chunks(PART * of.features()) {
        all.extend(sources(separator, config, x)?);
        bar.inc((x.len() / of.features()) as u64);
    }
    bar.finish_and_clear();
    Ok(all)
}

/// The sources of mixtures as the model sees them, refined where that is asked for.
///
/// # Errors
/// Refinement of a model that cannot.
pub(super) fn sources(separator: &ExampleSeparator, config: &Config, x: &[f32]) -> Result<Vec<f32>> {
    let Some(refinement) = config.separation.refinement(&config.learning) else {
        return Ok(separator.model.separate(x));
    };
    let refined = separator.model.separate_refined(x, refinement);
    refined.with_context(|| format!("--refine: {} has no encoder to go on from; leave --refine out", config.model))
}

/// Refuses what is for recordings, and what cannot be had together.
fn ensure_options(args: &SeparateArgs, separator: &ExampleSeparator, config: &Config) -> Result<()> {
    let (run, model, device) = (args.run.display(), config.model, args.device);
    args.data.ensure_none(&format!("{run} was fitted with {model} to examples, which are separated as they are"))?;
    ensure!(device == DeviceName::Cpu, "--device {device}: {model} computes on the processor; leave --device out");
    ensure!(
        args.scale == Scale::Unit,
        "--scale is for recordings: the sources of {run} have the scale of the mixture; leave it out"
    );
    ensure!(args.noise_db.is_none(), "--noise-db is for recordings; leave it out");
    ensure!(
        !args.std || separator.model.has_posterior(),
        "--std: {model} gives one estimate and does not say how sure it is; leave --std out, or fit with --model neri"
    );
    ensure!(
        !(args.std && args.mask),
        "--std is that of the sources as they are decoded, not of masked ones; leave --std or --mask out"
    );
    let refines = config.separation.refine > 0;
    ensure!(
        !(args.std && (refines || args.rounds.is_some_and(|rounds| rounds > 0))),
        "--std is that of the encoder's posterior, not of refined sources; leave --std out, or --refine and --rounds"
    );
    ensure!(
        refines || args.rounds.is_none_or(|rounds| rounds == 0),
        "--rounds: nothing is refined; give --refine STEPS as well, for neri or ae, or leave --rounds out"
    );
    Ok(())
}

/// Refuses a folder to write a dataset to.
fn ensure_file(args: &SeparateArgs) -> Result<()> {
    let out = args.out.display();
    ensure!(
        !args.out.is_dir() && args.out.extension().is_some(),
        "{out}: a folder gets the sources of a recording; of a dataset, name a file such as {out}.npz"
    );
    Ok(())
}

/// The mixtures: those named, or those that the run was fitted to.
fn read(args: &SeparateArgs, config: &Config, front_end: Option<&FrontEnd>) -> Result<Examples> {
    let mix = config.data.mix;
    if args.inputs.is_empty() && mix > 1 {
        bail!(
            "no input: {} was fitted to clean examples; name mixtures of them, such as `bss mix FILE --mix {mix}` makes",
            args.run.display()
        );
    }
    let inputs = if args.inputs.is_empty() { &config.data.inputs } else { &args.inputs };
    read_examples(inputs, Some("mixture"), front_end.into())
}
