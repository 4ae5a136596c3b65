//! One sitting of a run: steps, log lines, checkpoints, and the result.

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bss_models::{ArFlowObjective, ArFlowSeparator, Whitening};
use bss_train::{RunFolder, Trainer, Verdict};
use candle_core::Device;
use serde_json::json;

use super::record;
use crate::config::Config;
use crate::input::Recording;
use crate::model::ar_flow::Plan;
use crate::model::{self, FittedModel as _};
use crate::outcome::Fault;
use crate::warnings::{Warning, Warnings};
use crate::{interrupt, progress};

/// A run in progress, with all that it was started from.
pub(super) struct Session {
    pub(super) config: Config,
    pub(super) plan: Plan,
    pub(super) whitening: Whitening,
    pub(super) recording: Recording,
    pub(super) trainer: Trainer<ArFlowObjective>,
    pub(super) folder: RunFolder,
    pub(super) log: File,
    /// Tells whether a run is resumed on the data it was started on.
    pub(super) fingerprint: String,
    pub(super) warnings: Warnings,
    pub(super) started: Instant,
    /// Whether there was nothing left to do when the sitting began.
    pub(super) was_done: bool,
    pub(super) device: Device,
}

/// How a sitting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All iterations are done.
    Done,
    /// An interrupt came.
    Interrupted,
}

/// What a finished run has come to.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    /// The restart with the lowest final loss; `None` where there are no restarts.
    pub(super) best: Option<usize>,
    /// Its final loss; infinite if every restart diverged, NaN where there is no loss.
    pub(super) loss: f64,
    /// Every restart with its final loss, best first.
    pub(super) ranking: Vec<(usize, f64)>,
    pub(super) verdict: Verdict,
    pub(super) iterations: u64,
    /// What to do where there was still something to improve.
    pub(super) unfinished: Option<String>,
    /// The share of the recording's variance that each source explains.
    pub(super) explained: Vec<f64>,
    /// Whether the model says how sure it is.
    pub(super) gives_std: bool,
    /// The ratio of signal to noise in each channel, in dB, as the model estimates it.
    pub(super) noise_db: Option<f64>,
    pub(super) seconds: f64,
    pub(super) warnings: Vec<String>,
}

impl Session {
    /// Takes steps until the run is done or an interrupt comes.
    ///
    /// # Errors
    /// If a step fails or a file cannot be written.
    pub(super) fn train(&mut self, quiet: bool) -> Result<End> {
        let bar = progress::bar(self.trainer.schedule().iterations, self.trainer.iteration(), quiet);
        let every = Duration::try_from_secs_f64(self.config.training.checkpoint_seconds).unwrap_or(Duration::MAX);
        let mut saved = Instant::now();
        while !self.trainer.is_done() {
            if interrupt::has_come() {
                bar.abandon();
                return Ok(End::Interrupted);
            }
            let step = self.trainer.step()?;
            let is_last = self.trainer.is_done();
            if step.iteration.is_multiple_of(self.config.training.log_every as u64) || is_last {
                let line = self.trainer.log_line(&step)?;
                self.folder.append(&mut self.log, &line)?;
                let lowest = step.loss.iter().copied().fold(f64::INFINITY, f64::min);
                bar.set_message(format!("loss {lowest:.5}"));
            }
            bar.set_position(self.trainer.iteration());
            if saved.elapsed() >= every && !is_last {
                self.checkpoint()?;
                saved = Instant::now();
            }
        }
        bar.finish_and_clear();
        Ok(End::Done)
    }

    /// Saves the state, and the best restart so far as the model: what separates is never a restart that diverged.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(super) fn checkpoint(&self) -> Result<()> {
        // The log first: a state never speaks of lines that a power cut could take.
        self.log.sync_data()?;
        let about = json!({ "config": self.config.to_toml(), "data": self.fingerprint });
        self.trainer.save_state(&self.folder.state(), about)?;
        let (best, loss) = self.trainer.ranking()[0];
        if !loss.is_finite() {
            return Ok(());
        }
        let about = json!({
            "restart": best,
            "iteration": self.trainer.iteration(),
            "seed": self.config.seed,
            "sample_rate": self.recording.sample_rate,
            "channel_names": self.recording.channel_names,
        });
        model::save(&self.separator(best)?, &self.config, about, &self.folder.model())
    }

    /// One restart, ready to separate.
    fn separator(&self, restart: usize) -> Result<ArFlowSeparator> {
        let model = self.plan.restart(&self.trainer, restart, &self.device)?;
        Ok(ArFlowSeparator::new(model, self.whitening.clone(), self.recording.values.view())?)
    }

    /// What the finished run has come to.
    ///
    /// # Errors
    /// If a tensor operation fails.
    pub(super) fn result(&mut self) -> Result<Fit> {
        let ranking = self.trainer.ranking();
        let (best, loss) = ranking[0];
        let diverged = ranking.iter().filter(|(_, loss)| !loss.is_finite()).count();
        if diverged > 0 && loss.is_finite() {
            self.warnings.push(Warning::RestartsDiverged { diverged, of: ranking.len() });
        }
        let separator = self.separator(best)?;
        let verdict = self.trainer.tail().verdict(best, self.trainer.schedule().beta_end);
        let advice = "the loss was still falling: fit anew with more --iterations";
        Ok(Fit {
            best: Some(best),
            loss,
            verdict,
            iterations: self.trainer.iteration(),
            unfinished: (verdict == Verdict::StillImproving).then(|| advice.to_owned()),
            gives_std: separator.gives_std(),
            noise_db: separator.noise_db(),
            explained: separator.convention.explained,
            seconds: record::seconds(&self.folder, self.started, self.was_done),
            ranking,
            warnings: self.warnings.as_slice().iter().map(ToString::to_string).collect(),
        })
    }
}

/// Removes the model that a run saved before it diverged.
///
/// # Errors
/// If the file cannot be removed.
pub(super) fn withdraw_model(folder: &RunFolder) -> Result<()> {
    let path = folder.model();
    if path.exists() {
        std::fs::remove_file(&path).with_context(|| format!("{}: cannot be removed", path.display()))?;
    }
    Ok(())
}

/// What is left where a sitting could not go on.
pub(super) fn stopped(folder: &RunFolder, at: u64, go_on: &str) -> Fault {
    Fault::Run(if folder.state().exists() {
        format!("the run stopped at iteration {at}; its last saved state is kept, go on with {go_on}")
    } else {
        format!("the run stopped at iteration {at} before its first state was saved; begin again with {go_on}")
    })
}
