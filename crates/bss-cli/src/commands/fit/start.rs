//! Everything before the first step: settings, data, the run's folder, and the state of a run that is resumed.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use bss_models::ArFlowObjective;
use bss_train::{RunFolder, Trainer};
use candle_core::{Device, Tensor};
use ndarray::Array2;

use super::session::Session;
use crate::args::FitArgs;
use crate::config::{self, Config};
use crate::input::{Recording, read_recording};
use crate::model::{Plan, whiten};
use crate::warnings::{Warning, Warnings};

/// A session at its first step, or where the run in the folder was saved last.
pub(super) fn start(args: &FitArgs) -> Result<Session> {
    let started = Instant::now();
    let mut config = if args.resume { resumed_config(args)? } else { Config::for_fit(args)? };
    let device = args.device.open()?;
    let mut warnings = Warnings::new(args.quiet);
    if !device.is_cpu() {
        warnings.push(Warning::ScanOnHost);
    }
    let recording = read_recording(&args.inputs, &config.data.reading(), &mut warnings)?;
    let channels = recording.values.ncols();
    config.sources = Some(config.sources.unwrap_or(channels));
    config.data.sample_rate = recording.sample_rate;
    let plan = Plan::new(&config, channels).with_context(|| recording.label.clone())?;
    let (samples, order) = (recording.values.nrows(), config.prior.order);
    ensure!(
        order < samples || config.prior.kind == config::Prior::Gaussian,
        "{}: prior.order is {order}, expected less than the {samples} samples there are",
        recording.label
    );
    let whitening = whiten(&config, recording.values.view()).with_context(|| recording.label.clone())?;

    let model = plan.model(config.training.restarts, &device)?;
    let z = whitening.apply(recording.values.view())?;
    ensure_finite(&z, &recording)?;
    let z = Tensor::from_vec(z.iter().copied().collect::<Vec<f64>>(), z.dim(), &Device::Cpu)?;
    let objective = ArFlowObjective::new(model, &z, plan.noise)?;
    let mut trainer = Trainer::new(objective, plan.adam, plan.schedule)?;

    let fingerprint = fingerprint(&recording.values);
    let folder = if args.resume { RunFolder::open(&args.out)? } else { RunFolder::create(&args.out, args.force)? };
    if args.resume && folder.state().exists() {
        let description = trainer.load_state(&folder.state())?;
        ensure!(
            description["data"] == fingerprint.as_str(),
            "{}: was fitted to other data than {}; resume with the same input, or start anew with --force",
            args.out.display(),
            recording.label
        );
        ensure!(
            description["config"] == config.to_toml().as_str(),
            "{}: was changed since the run's state was saved; undo the change, or start anew with --force",
            folder.config().display()
        );
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

/// The settings of the run in the folder; options that say something else are refused.
///
/// What neither options nor `--config` say was found out at the start of the run, such as the number of sources.
fn resumed_config(args: &FitArgs) -> Result<Config> {
    let path = RunFolder::open(&args.out)?.config();
    let saved = Config::load(Some(&path), &[])?;
    let asked = Config::for_fit(&FitArgs { config: args.config.clone().or(Some(path.clone())), ..args.clone() })?;
    for (key, was, now) in saved.differences(&asked) {
        // The same file may be reached by another path; its values are compared instead.
        if key != "data.inputs" && now != "none" {
            bail!(
                "{key} is {was} in {}, but {now} was asked for; a run is resumed with its own settings: leave that out, \
                 or start anew with --force",
                path.display()
            );
        }
    }
    Ok(saved)
}

fn ensure_finite(z: &Array2<f64>, recording: &Recording) -> Result<()> {
    let finite = z.iter().all(|v| v.is_finite());
    ensure!(finite, "{}: values are too large or too small to be whitened; rescale them", recording.label);
    Ok(())
}

/// A number that tells recordings apart: Fowler, Noll and Vo's hash of shape and bits.
fn fingerprint(values: &Array2<f64>) -> String {
    let words = [values.nrows() as u64, values.ncols() as u64].into_iter().chain(values.iter().map(|v| v.to_bits()));
    let hash = words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
