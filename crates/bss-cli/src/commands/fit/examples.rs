//! A fit to a dataset: batches of mixtures, one step at a time, or all at once.

mod dataset;
mod direct;
mod earlier;
mod outcome;
mod start;
mod usage;

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bss_train::{ExampleTrainer, Mixtures, RunFolder};
use serde_json::json;

use super::session;
use crate::args::FitArgs;
use crate::config::Config;
use crate::model::{self, Network};
use crate::outcome::Fault;
use crate::warnings::Warnings;
use crate::{interrupt, progress};
use dataset::Dataset;

pub(super) use direct::run as run_direct;

/// Fits a model to a dataset and writes the run.
///
/// # Errors
/// Wrong settings or input; a run that failed or was interrupted.
pub(super) fn run(args: &FitArgs, config: Config, network: Network) -> Result<()> {
    let mut session = start::start(args, config, network)?;
    interrupt::catch()?;
    let go_on = super::go_on(args);
    // On a thread of the pool: to wake the pool from outside takes as long as a fifth of a step.
    let end = rayon::scope(|_| session.train(args.quiet));
    let saved = end.and_then(|end| if end == End::Diverged { Ok(end) } else { session.checkpoint().map(|()| end) });
    let end = saved.with_context(|| session::stopped(&session.folder, session.trainer.iteration(), &go_on))?;
    match end {
        End::Done => outcome::finish(&mut session, args),
        End::Diverged => Err(outcome::diverged(&session, args)?.into()),
        End::Interrupted => {
            let at = format!("{} of {} iterations", session.trainer.iteration(), session.trainer.schedule().iterations);
            Err(Fault::Interrupted(format!("interrupted after {at}; all is saved, go on with {go_on}")).into())
        }
    }
}

/// A run in progress, with all that it was started from.
struct Session {
    config: Config,
    trainer: ExampleTrainer,
    dataset: Dataset,
    folder: RunFolder,
    log: File,
    warnings: Warnings,
    started: Instant,
    /// Whether there was nothing left to do when the sitting began.
    was_done: bool,
}

/// How a sitting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All iterations are done.
    Done,
    /// An interrupt came.
    Interrupted,
    /// The loss is no number any more.
    Diverged,
}

impl Session {
    /// Takes steps until the run is done or has diverged, or an interrupt comes.
    ///
    /// # Errors
    /// If a file cannot be written.
    fn train(&mut self, quiet: bool) -> Result<End> {
        let learning = &self.config.learning;
        let bar = progress::bar(self.trainer.schedule().iterations, self.trainer.iteration(), quiet);
        let every = Duration::try_from_secs_f64(learning.checkpoint_seconds).unwrap_or(Duration::MAX);
        let log_every = learning.log_every as u64;
        let (per_epoch, epochs) = (self.dataset.mixtures.per_epoch(), learning.epochs);
        let draws = self.trainer.model.draws(self.dataset.mixtures.batch);
        let mixtures = Mixtures { pairs: self.trainer.model.learns_from_pairs(), ..self.dataset.mixtures.clone() };
        let batches = mixtures.from_step(self.trainer.iteration(), draws);
        let mut saved = Instant::now();
        while !self.trainer.is_done() {
            if interrupt::has_come() {
                bar.abandon();
                return Ok(End::Interrupted);
            }
            let step = self.trainer.step(&batches.recv().context("the thread that mixes the examples has ended")?);
            let is_last = self.trainer.is_done();
            if step.iteration.is_multiple_of(log_every) || is_last {
                self.folder.append(&mut self.log, &self.trainer.log_line(&step))?;
                let epoch = step.iteration / per_epoch + 1;
                bar.set_message(format!("epoch {epoch}/{epochs}  loss {:.2}", step.loss));
            }
            if !step.loss.is_finite() {
                bar.abandon();
                return Ok(End::Diverged);
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

    /// Saves the state, and the model with averaged weights.
    ///
    /// # Errors
    /// If a file cannot be written.
    fn checkpoint(&self) -> Result<()> {
        // The log first: a state never speaks of lines that a power cut could take.
        self.log.sync_data()?;
        let about = json!({ "config": self.config.to_toml(), "data": self.dataset.fingerprint });
        self.trainer.save_state(&self.folder.state(), about)?;
        let (iteration, seed) = (self.trainer.iteration(), self.config.seed);
        let about =
            json!({ "restart": 0, "iteration": iteration, "seed": seed, "sample_rate": self.dataset.sample_rate });
        let tensors = model::network_tensors(self.trainer.averaged().as_ref(), &self.dataset.shape)?;
        model::save_examples(tensors, &self.config, about, &self.folder.model())
    }
}
