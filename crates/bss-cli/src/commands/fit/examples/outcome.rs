//! What a finished run has come to: recorded, and told.

use std::fmt::Write as _;

use anyhow::Result;
use bss_train::{Mixtures, RunFolder, Verdict};
use serde_json::{Value, json};

use super::usage::{self, Usage};
use super::{Dataset, Session};
use crate::args::FitArgs;
use crate::commands::fit::{record, session};
use crate::config::Config;
use crate::outcome::Fault;
use crate::warnings::Warnings;
use crate::{model, output, shell, table};

/// How a fit to a dataset ended.
pub(super) struct Ended<'a> {
    pub(super) folder: &'a RunFolder,
    pub(super) config: &'a Config,
    pub(super) dataset: &'a Dataset,
    pub(super) verdict: Verdict,
    /// What each source is used for; none where the run diverged.
    pub(super) usage: &'a [Usage],
    pub(super) warnings: &'a Warnings,
    pub(super) seconds: f64,
    pub(super) iterations: u64,
    /// Passes over the data and the loss at the end, in nats a value, of what is trained.
    pub(super) trained: Option<(usize, f64)>,
    /// What to do where there was still something to improve.
    pub(super) unfinished: Option<&'a str>,
}

/// Judges the finished run, records it, and prints how it ended and what to do next.
///
/// # Errors
/// If the record cannot be written.
pub(super) fn finish(session: &mut Session, args: &FitArgs) -> Result<()> {
    let mixtures = Mixtures { mix: model::mixed(&session.config), ..session.dataset.mixtures.clone() };
    let usage = usage::of(session.trainer.averaged().as_ref(), &mixtures, session.config.learning.epochs);
    if let Some(warning) = usage::warning(&usage, usage::expected_peak(&mixtures)) {
        session.warnings.push(warning);
    }
    let verdict = session.trainer.tail().verdict(0, session.trainer.schedule().beta.end);
    let advice = "the loss was still falling: fit anew with more --epochs";
    let unfinished = (verdict == Verdict::StillImproving).then_some(advice);
    Ended { unfinished, ..session.ended(verdict, &usage) }.tell(args)
}

/// Records a run whose loss is no number any more and takes back its model; the fault says what to try.
///
/// # Errors
/// If a file cannot be written or removed.
pub(super) fn diverged(session: &Session, args: &FitArgs) -> Result<Fault> {
    session.ended(Verdict::Diverged, &[]).record()?;
    session::withdraw_model(&session.folder)?;
    Ok(Fault::Run(format!(
        "diverged at iteration {}; {} keeps the log, but no model; try again with --force and \
         --set learning.learning_rate={}",
        session.trainer.iteration(),
        args.out.display(),
        0.25 * session.config.learning.learning_rate
    )))
}

impl Session {
    fn ended<'a>(&'a self, verdict: Verdict, usage: &'a [Usage]) -> Ended<'a> {
        Ended {
            folder: &self.folder,
            config: &self.config,
            dataset: &self.dataset,
            verdict,
            usage,
            warnings: &self.warnings,
            seconds: record::seconds(&self.folder, self.started, self.was_done),
            iterations: self.trainer.iteration(),
            trained: Some((self.config.learning.epochs, self.trainer.tail().ranking()[0].1)),
            unfinished: None,
        }
    }
}

impl Ended<'_> {
    /// Records the run, and prints how it ended and what to do next.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub(super) fn tell(&self, args: &FitArgs) -> Result<()> {
        let facts = self.record()?;
        let next = match self.dataset.sample_rate {
            Some(_) => vec![of_sound(args)],
            None => next(model::mixed(self.config), args),
        };
        if args.json {
            let mut object = facts;
            object["run"] = json!(args.out.display().to_string());
            object["next"] = json!(next.join("\n"));
            return output::print_json(&object);
        }
        // A learning rate that has fallen to its end flattens any loss: that is no convergence.
        let is_trained = self.trained.is_some() && self.verdict == Verdict::Converged;
        let verdict = if is_trained { "finished".to_owned() } else { self.verdict.to_string() };
        let mut text = format!("{verdict} after {:.1} s: ", self.seconds);
        let _ = match self.trained {
            Some((epochs, loss)) => writeln!(text, "{epochs} epochs, loss {loss:.4} nats a value"),
            None => writeln!(text, "{} iterations", self.iterations),
        };
        if let Some(advice) = self.unfinished {
            let _ = writeln!(text, "{advice}");
        }
        let row = |(j, usage): (usize, &Usage)| {
            vec![(j + 1).to_string(), format!("{:.1} %", 100.0 * usage.share), format!("{:.3}", usage.peak)]
        };
        let rows: Vec<Vec<String>> = self.usage.iter().enumerate().map(row).collect();
        let _ = write!(text, "\n{}", table::table(&["source", "of the energy", "mean peak"], &rows));
        for (j, usage) in self.usage.iter().enumerate().filter(|(_, usage)| !usage.is_used()) {
            let _ = writeln!(text, "source {} is not used: {:.1} % of the energy", j + 1, 100.0 * usage.share);
        }
        if self.dataset.were_bytes {
            text.push_str("uint8 values were divided by 255\n");
        }
        let _ = writeln!(text, "\nnext:\n  {}", next.join("\n  "));
        output::print(&text)
    }

    /// Writes the record, and returns what of it is given as JSON as well.
    fn record(&self) -> Result<Value> {
        let source = |(j, usage): (usize, &Usage)| {
            let (share, peak) = (usage.share, usage.peak);
            let divergence = usage.divergence;
            json!({ "source": j + 1, "energy_share": share, "mean_peak": peak, "divergence": divergence, "used": usage.is_used() })
        };
        let warnings: Vec<String> = self.warnings.as_slice().iter().map(ToString::to_string).collect();
        let facts = json!({
            "examples": self.dataset.mixtures.count(),
            "shape": self.dataset.shape,
            "mix": self.config.data.mix,
            "divided_by_255": self.dataset.were_bytes,
            "epochs": self.trained.map(|(epochs, _)| epochs),
            "iterations": self.iterations,
            "seconds": self.seconds,
            "verdict": self.verdict.to_string(),
            "loss": self.trained.and_then(|(_, loss)| record::finite(loss)),
            "source_usage": self.usage.iter().enumerate().map(source).collect::<Vec<_>>(),
            "warnings": warnings,
        });
        record::write(self.folder, self.config, "cpu", facts.clone())?;
        Ok(facts)
    }
}

/// The command to run next with a model of sound.
fn of_sound(args: &FitArgs) -> String {
    let (run, stems) = (&args.out, args.out.join("stems"));
    let word = |path: &std::path::Path| shell::word(&path.display().to_string());
    format!("bss separate SONG --run {} --out {} --mask", word(run), word(&stems))
}

/// The commands to run next: where clean examples were mixed, mixtures have to be made first.
fn next(mix: usize, args: &FitArgs) -> Vec<String> {
    let run = shell::word(&args.out.display().to_string());
    let file = |name: &str| shell::word(&args.out.join(name).display().to_string());
    let inputs = shell::words(&args.inputs);
    let separate = |input: &str| format!("bss separate {input} --run {run} --out {} --mask", file("sources.npz"));
    match mix {
        1 => vec![separate(&inputs)],
        mix => {
            let mixed = file("mixtures.npz");
            vec![format!("bss mix {inputs} --mix {mix} --out {mixed}"), separate(&mixed)]
        }
    }
}
