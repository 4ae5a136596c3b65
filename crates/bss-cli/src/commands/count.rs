//! `bss count`.

mod compare;
mod output;

use std::ops::RangeInclusive;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use bss_models::HeldOut;

use crate::args::CountArgs;
use crate::config::{Config, Encoder, Model, Whitening};
use crate::input::{MIN_SAMPLES, Recording, read_recording};
use crate::interrupt;
use crate::outcome::Fault;
use crate::warnings::{Warning, Warnings};
use compare::Comparison;

/// The largest number of sources that is tried without being asked for.
const MOST: usize = 8;
/// Blocks of the held-out part, from whose scatter the standard errors come.
const BLOCKS: usize = 10;

/// Fits models of several numbers of sources to the first part of a recording and compares them on the rest.
///
/// # Errors
/// Wrong settings or input; numbers beyond what the channels span; fits that all diverged; an interrupt.
pub(crate) fn run(args: &CountArgs) -> Result<()> {
    let started = Instant::now();
    super::use_threads(args.threads)?;
    let mut config = settings(args)?;
    let device = args.device.open()?;
    let mut warnings = Warnings::new(args.quiet);
    if !device.is_cpu() {
        warnings.push(Warning::ScanOnHost);
    }
    let recording = read_recording(&args.inputs, &config.data.reading(), &mut warnings)?;
    config.data.sample_rate = recording.sample_rate;
    let held_out = parted(&recording, args.hold_out)?;
    let numbers = numbers(args, &held_out).with_context(|| recording.label.clone())?;
    interrupt::catch()?;
    let candidates = compare::candidates(&config, &held_out, numbers, (&device, args.quiet), &mut warnings)
        .with_context(|| recording.label.clone())?;
    let Some(candidates) = candidates else {
        let again = format!("bss count {}", crate::shell::words(&args.inputs));
        return Err(Fault::Interrupted(format!("interrupted; nothing was saved, begin again with `{again} …`")).into());
    };
    let comparison = Comparison::new(candidates, held_out).with_context(|| {
        Fault::Run(format!(
            "{}: every fit diverged; try --set training.learning_rate={}, or check the input for outliers",
            recording.label,
            0.25 * config.training.learning_rate
        ))
    })?;
    config.sources = Some(comparison.chosen().sources);
    let seconds = started.elapsed().as_secs_f64();
    output::finish(&comparison, args, &config, (seconds, warnings.as_slice()))
}

/// The settings of the fits, as those of `bss fit`, if they are of a model whose numbers of sources compare.
fn settings(args: &CountArgs) -> Result<Config> {
    let is_sources = |set: &String| set.split('=').next().unwrap_or(set).trim() == "sources";
    ensure!(
        !args.set.iter().any(is_sources),
        "sources is what is to be found; give the numbers to compare with --sources, as in --sources 1-6"
    );
    let config = Config::for_fit(&args.of_fit())?;
    let model = config.model;
    ensure!(
        model == Model::ArFlow,
        "{model} has no density of the recording that numbers of sources could be compared by; leave --model out, the \
         number that ar-flow finds serves {model} as well"
    );
    ensure!(
        config.whitening.kind == Whitening::Pca,
        "whitening.kind is {}, but models of different numbers of sources are compared by their principal components; \
         set whitening.kind=pca",
        config.whitening.kind
    );
    ensure!(
        config.encoder.kind != Encoder::PostNonlinear,
        "encoder.kind is post-nonlinear, which needs as many sources as channels: there is nothing to compare; choose \
         encoder.kind=linear or two-layer"
    );
    Ok(config)
}

/// The recording with its end held out.
fn parted(recording: &Recording, share: f64) -> Result<HeldOut> {
    ensure!(share > 0.0 && share < 1.0, "--hold-out is {share}, expected a share between 0 and 1, as in 0.2");
    let samples = recording.values.nrows();
    let fitted = (samples as f64 * (1.0 - share)).round() as usize;
    let label = &recording.label;
    ensure!(
        fitted >= MIN_SAMPLES && samples - fitted >= 2 * BLOCKS,
        "{label}: --hold-out {share} leaves {fitted} of {samples} samples to fit to and {} to score, expected at least \
         {MIN_SAMPLES} and {}",
        samples - fitted,
        2 * BLOCKS
    );
    HeldOut::new(recording.values.view(), fitted, BLOCKS).with_context(|| label.clone())
}

/// The numbers of sources to compare: those that were asked for, if the channels span so many dimensions.
fn numbers(args: &CountArgs, held_out: &HeldOut) -> Result<RangeInclusive<usize>> {
    let rank = held_out.rank();
    let Some(asked) = &args.sources else { return Ok(1..=rank.min(MOST)) };
    ensure!(
        *asked.0.end() <= rank,
        "--sources {asked}, but the channels span only {rank} dimensions, and ar-flow separates no more sources; give \
         --sources 1-{rank}"
    );
    Ok(asked.0.clone())
}
