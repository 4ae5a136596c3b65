//! What a finished run has come to: recorded, and told.

use std::fmt::Write as _;

use anyhow::Result;
use bss_train::Verdict;
use serde_json::{Value, json};

use super::Session;
use super::usage::{self, Usage};
use crate::args::FitArgs;
use crate::commands::fit::{record, session};
use crate::outcome::Fault;
use crate::{output, shell, table};

/// Judges the finished run, records it, and prints how it ended and what to do next.
///
/// # Errors
/// If the record cannot be written.
pub(super) fn finish(session: &mut Session, args: &FitArgs) -> Result<()> {
    let usage = usage::of(session.trainer.averaged().as_ref(), &session.mixtures, session.config.learning.epochs);
    if let Some(warning) = usage::warning(&usage, usage::expected_peak(&session.mixtures)) {
        session.warnings.push(warning);
    }
    let verdict = session.trainer.tail().verdict(0, session.trainer.schedule().beta);
    let facts = facts(session, verdict, &usage);
    record::write(&session.folder, &session.config, "cpu", facts.clone())?;
    let next = next(session, args);
    if args.json {
        let mut object = facts;
        object["run"] = json!(args.out.display().to_string());
        object["next"] = json!(next.join("\n"));
        return output::print_json(&object);
    }
    let (seconds, loss) = (facts["seconds"].as_f64().unwrap_or_default(), facts["loss"].as_f64().unwrap_or_default());
    let mut text = format!(
        "{verdict} after {seconds:.1} s: {} epochs, loss {loss:.4} nats a value\n",
        session.config.learning.epochs
    );
    if verdict == Verdict::StillImproving {
        text.push_str("the loss was still falling: fit anew with more --epochs\n");
    }
    let row = |(j, usage): (usize, &Usage)| {
        vec![(j + 1).to_string(), format!("{:.1} %", 100.0 * usage.share), format!("{:.3}", usage.peak)]
    };
    let rows: Vec<Vec<String>> = usage.iter().enumerate().map(row).collect();
    let _ = write!(text, "\n{}", table::table(&["source", "of the energy", "mean peak"], &rows));
    for (j, usage) in usage.iter().enumerate().filter(|(_, usage)| !usage.is_used()) {
        let _ = writeln!(text, "source {} is not used: {:.1} % of the energy", j + 1, 100.0 * usage.share);
    }
    if session.were_bytes {
        text.push_str("uint8 values were divided by 255\n");
    }
    let _ = writeln!(text, "\nnext:\n  {}", next.join("\n  "));
    output::print(&text)
}

/// Records a run whose loss is no number any more and takes back its model; the fault says what to try.
///
/// # Errors
/// If a file cannot be written or removed.
pub(super) fn diverged(session: &Session, args: &FitArgs) -> Result<Fault> {
    record::write(&session.folder, &session.config, "cpu", facts(session, Verdict::Diverged, &[]))?;
    session::withdraw_model(&session.folder)?;
    Ok(Fault::Run(format!(
        "diverged at iteration {}; {} keeps the log, but no model; try again with --force and \
         --set learning.learning_rate={}",
        session.trainer.iteration(),
        args.out.display(),
        0.25 * session.config.learning.learning_rate
    )))
}

/// What is recorded and given as JSON.
fn facts(session: &Session, verdict: Verdict, usage: &[Usage]) -> Value {
    let source = |(j, usage): (usize, &Usage)| {
        let (share, peak) = (usage.share, usage.peak);
        let divergence = usage.divergence;
        json!({ "source": j + 1, "energy_share": share, "mean_peak": peak, "divergence": divergence, "used": usage.is_used() })
    };
    let warnings: Vec<String> = session.warnings.as_slice().iter().map(ToString::to_string).collect();
    json!({
        "examples": session.mixtures.examples.len() / session.mixtures.features,
        "shape": session.shape,
        "mix": session.config.data.mix,
        "divided_by_255": session.were_bytes,
        "epochs": session.config.learning.epochs,
        "iterations": session.trainer.iteration(),
        "seconds": record::seconds(&session.folder, session.started, session.was_done),
        "verdict": verdict.to_string(),
        "loss": record::finite(session.trainer.tail().ranking()[0].1),
        "source_usage": usage.iter().enumerate().map(source).collect::<Vec<_>>(),
        "warnings": warnings,
    })
}

/// The commands to run next: where clean examples were mixed, mixtures have to be made first.
fn next(session: &Session, args: &FitArgs) -> Vec<String> {
    let run = shell::word(&args.out.display().to_string());
    let file = |name: &str| shell::word(&args.out.join(name).display().to_string());
    let inputs = shell::words(&args.inputs);
    let separate = |input: &str| format!("bss separate {input} --run {run} --out {} --mask", file("sources.npz"));
    match session.config.data.mix {
        1 => vec![separate(&inputs)],
        mix => {
            let mixed = file("mixtures.npz");
            vec![format!("bss mix {inputs} --mix {mix} --out {mixed}"), separate(&mixed)]
        }
    }
}
