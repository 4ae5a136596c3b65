//! A fit by one call: nothing to log on the way, to interrupt or to go on with.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use bss_train::{Checkpoint, RunFolder, Verdict};
use ndarray::ArrayView2;
use serde_json::json;

use super::record;
use super::session::Fit;
use super::settings::fingerprint;
use super::summary;
use crate::args::FitArgs;
use crate::config::Config;
use crate::device::DeviceName;
use crate::input::read_recording;
use crate::model::{self, Direct};
use crate::warnings::Warnings;

/// Fits, and writes the run at its end; a run that was ended before has left no trace, and `--resume` fits again, which
/// comes to the same.
///
/// # Errors
/// Wrong settings or input; files that cannot be written.
pub(super) fn run(
    args: &FitArgs,
    mut config: Config,
    fit: fn(&Config, ArrayView2<f64>) -> Result<Direct>,
) -> Result<()> {
    let started = Instant::now();
    let (device, named) = (args.device, config.model);
    ensure!(device == DeviceName::Cpu, "--device {device}: {named} computes on the processor; leave --device out");
    ensure_free(args)?;
    let mut warnings = Warnings::new(args.quiet);
    let recording = read_recording(&args.inputs, &config.data.reading(), &mut warnings)?;
    config.sources = Some(config.sources.unwrap_or(recording.values.ncols()));
    config.data.sample_rate = recording.sample_rate;
    let data = fingerprint(recording.values.shape(), recording.values.iter().map(|v| v.to_bits()));
    let folder = if args.resume { Some(resumed(args, &data, &recording.label)?) } else { None };
    let Direct { model, changes, unfinished } =
        fit(&config, recording.values.view()).with_context(|| recording.label.clone())?;

    let folder = folder.map_or_else(|| RunFolder::create(&args.out, args.force), Ok)?;
    bss_data::write_bytes_atomically(&folder.config(), config.to_toml().as_bytes())?;
    write_log(&folder, &changes)?;
    let about = json!({
        "restart": 0,
        "iteration": changes.len(),
        "seed": config.seed,
        "sample_rate": recording.sample_rate,
        "channel_names": recording.channel_names,
        "data": data,
    });
    model::save(model.as_ref(), &config, about, &folder.model())?;
    let fit = Fit {
        best: None,
        loss: f64::NAN,
        ranking: Vec::new(),
        verdict: if unfinished.is_some() { Verdict::StillImproving } else { Verdict::Converged },
        iterations: changes.len() as u64,
        unfinished,
        explained: model.convention().explained.clone(),
        gives_std: model.gives_std(),
        noise_db: model.noise_db(),
        seconds: started.elapsed().as_secs_f64(),
        warnings: warnings.as_slice().iter().map(ToString::to_string).collect(),
    };
    record::write(&folder, &config, "cpu", record::of_recording(&recording, &fit))?;
    summary::print(&fit, args)
}

/// Refuses to replace a run unasked, before anything takes time.
pub(super) fn ensure_free(args: &FitArgs) -> Result<()> {
    if RunFolder::open(&args.out).is_ok() && !args.resume && !args.force {
        return Err(bss_train::Error::Exists { path: args.out.clone() }.into());
    }
    Ok(())
}

/// Writes the log: a line with what each iteration changed.
pub(super) fn write_log(folder: &RunFolder, changes: &[f64]) -> Result<()> {
    let line = |(iteration, change)| json!({ "iteration": iteration, "change": change }).to_string() + "\n";
    let log: String = changes.iter().enumerate().map(line).collect();
    Ok(bss_data::write_bytes_atomically(&folder.metrics(), log.as_bytes())?)
}

/// The folder of the run that is to be resumed, if it was fitted to these data.
pub(super) fn resumed(args: &FitArgs, data: &str, label: &str) -> Result<RunFolder> {
    let folder = RunFolder::open(&args.out)?;
    if folder.model().is_file() {
        let description = Checkpoint::load(&folder.model())?.description;
        ensure!(
            description["data"] == data,
            "{}: was fitted to other data than {label}; resume with the same input, or start anew with --force",
            args.out.display()
        );
    }
    Ok(folder)
}
