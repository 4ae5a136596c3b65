//! The fits of several numbers of sources, and how they compare.

use std::ops::RangeInclusive;

use anyhow::Result;
use bss_models::{GaussianLikelihood, HeldOut, Score, simplest_of_the_best};
use bss_train::Verdict;
use candle_core::Device;
use indicatif::ProgressBar;

use crate::config::Config;
use crate::model::ar_flow::{Plan, whiten};
use crate::warnings::{Warning, Warnings};
use crate::{interrupt, progress};

/// Iterations between two messages of the progress bar.
const TOLD: u64 = 10;

/// One number of sources.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) sources: usize,
    /// On the held-out part; not finite where every restart diverged.
    pub(super) score: Score,
    /// The final loss of the restart that was scored.
    pub(super) loss: f64,
    pub(super) verdict: Verdict,
}

/// All candidates, and what follows from them.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) candidates: Vec<Candidate>,
    pub(super) held_out: HeldOut,
    chosen: usize,
    best: usize,
}

/// Fits and scores each number of sources; `None` if an interrupt came.
///
/// # Errors
/// If a fit cannot be started or a step fails.
pub(super) fn candidates(
    config: &Config,
    held_out: &HeldOut,
    numbers: RangeInclusive<usize>,
    (device, quiet): (&Device, bool),
    warnings: &mut Warnings,
) -> Result<Option<Vec<Candidate>>> {
    let fits = numbers.clone().count() as u64;
    let bar = progress::bar(fits * config.training.iterations as u64, 0, quiet);
    let mut candidates = Vec::new();
    for sources in numbers {
        let config = Config { sources: Some(sources), ..config.clone() };
        let Some(candidate) = candidate(&config, sources, held_out, (device, &bar), warnings)? else {
            bar.abandon();
            return Ok(None);
        };
        candidates.push(candidate);
    }
    bar.finish_and_clear();
    Ok(Some(candidates))
}

fn candidate(
    config: &Config,
    sources: usize,
    held_out: &HeldOut,
    (device, bar): (&Device, &ProgressBar),
    warnings: &mut Warnings,
) -> Result<Option<Candidate>> {
    let x = held_out.fitted();
    let whitening = whiten(config, x)?;
    let plan = Plan::new(config, &whitening)?;
    let mut trainer = plan.trainer(x, &whitening, config.training.restarts, device)?;
    while !trainer.is_done() {
        if interrupt::has_come() {
            return Ok(None);
        }
        let step = trainer.step()?;
        if step.iteration.is_multiple_of(TOLD) {
            bar.set_message(format!("{sources} sources"));
        }
        bar.inc(1);
    }
    let ranking = trainer.ranking();
    let (best, loss) = ranking[0];
    let diverged = ranking.iter().filter(|(_, loss)| !loss.is_finite()).count();
    if diverged > 0 {
        warnings.push(Warning::RestartsDiverged { diverged, of: ranking.len() });
    }
    // The noise under which the objective is the bound, once β has come to its end.
    let likelihood = GaussianLikelihood { variance: 0.5 * plan.schedule.beta_end };
    let score = held_out.score(&plan.restart(&trainer, best, device)?, &whitening, likelihood, plan.noise)?;
    let verdict = trainer.tail().verdict(best, plan.schedule.beta_end);
    Ok(Some(Candidate { sources, score, loss, verdict }))
}

impl Comparison {
    /// Chooses; `None` if no candidate has a score.
    pub(super) fn new(candidates: Vec<Candidate>, held_out: HeldOut) -> Option<Self> {
        let scores: Vec<Score> = candidates.iter().map(|candidate| candidate.score.clone()).collect();
        let chosen = simplest_of_the_best(&scores)?;
        let finite = (0..scores.len()).filter(|&i| scores[i].mean().is_finite());
        let best = finite.max_by(|&i, &j| scores[i].mean().total_cmp(&scores[j].mean()))?;
        Some(Self { candidates, held_out, chosen, best })
    }

    /// The number of sources to take.
    pub(super) fn chosen(&self) -> &Candidate {
        &self.candidates[self.chosen]
    }

    /// By how much a candidate falls short of the best, and the standard error of that.
    pub(super) fn behind(&self, candidate: &Candidate) -> (f64, f64) {
        let behind = candidate.score.behind(&self.candidates[self.best].score);
        (behind.mean(), behind.standard_error())
    }

    /// The share of the fitted part's variance that so many principal components hold.
    pub(super) fn variance(&self, sources: usize) -> f64 {
        self.held_out.scree().iter().take(sources).sum()
    }

    /// What the reader should know about the range of numbers: that it ends where the channels do, or that more might be
    /// better.
    pub(super) fn note(&self) -> Option<String> {
        let (rank, last) = (self.held_out.rank(), self.candidates.last()?.sources);
        if last == rank && rank < self.held_out.fitted().ncols() {
            return Some(format!("the channels span only {rank} dimensions: there is no more to compare"));
        }
        if last == rank && self.chosen().sources == last {
            return Some("nothing is left that looks like noise: there may be more sources than channels".to_owned());
        }
        let is_open = last < rank && self.chosen().sources == last;
        is_open.then(|| format!("{last} is the largest number compared: try more with --sources {last}-{rank}"))
    }
}
