//! Everything before the first step: data, model, the run's folder, and the state of a run that is resumed.

use std::time::Instant;

use anyhow::{Context as _, Result};
use bss_train::RunFolder;

use super::session::Session;
use super::settings::{ensure_same, fingerprint};
use crate::args::FitArgs;
use crate::config::Config;
use crate::input::read_recording;
use crate::model::ar_flow::{Plan, whiten};
use crate::warnings::{Warning, Warnings};

/// A session at its first step, or where the run in the folder was saved last.
pub(super) fn start(args: &FitArgs, mut config: Config) -> Result<Session> {
    let started = Instant::now();
    let device = args.device.open()?;
    let mut warnings = Warnings::new(args.quiet);
    if !device.is_cpu() {
        warnings.push(Warning::ScanOnHost);
    }
    let recording = read_recording(&args.inputs, &config.data.reading(), &mut warnings)?;
    config.sources = Some(config.sources.unwrap_or(recording.values.ncols()));
    config.data.sample_rate = recording.sample_rate;
    let whitening = whiten(&config, recording.values.view()).with_context(|| recording.label.clone())?;
    let plan = Plan::new(&config, &whitening).with_context(|| recording.label.clone())?;
    let trainer = plan.trainer(recording.values.view(), &whitening, config.training.restarts, &device);
    let mut trainer = trainer.with_context(|| recording.label.clone())?;

    let fingerprint = fingerprint(recording.values.shape(), recording.values.iter().map(|v| v.to_bits()));
    let folder = if args.resume { RunFolder::open(&args.out)? } else { RunFolder::create(&args.out, args.force)? };
    if args.resume && folder.state().exists() {
        let description = trainer.load_state(&folder.state())?;
        ensure_same(&description, &fingerprint, &config, &folder, &recording.label)?;
    } else {
        bss_data::write_bytes_atomically(&folder.config(), config.to_toml().as_bytes())?;
    }
    let log = folder.log(trainer.iteration())?;
    let was_done = trainer.is_done();
    Ok(Session {
        config,
        plan,
        whitening,
        recording,
        trainer,
        folder,
        log,
        fingerprint,
        warnings,
        started,
        was_done,
        device,
    })
}
