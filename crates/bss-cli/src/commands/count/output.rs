//! What `count` prints and writes at its end.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::compare::{Candidate, Comparison};
use crate::args::CountArgs;
use crate::config::Config;
use crate::figures::{self, CountData};
use crate::warnings::Warning;
use crate::{output, shell, table};

/// Writes the folder, if there is to be one, and prints the comparison with the command to run next.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn finish(
    comparison: &Comparison,
    args: &CountArgs,
    config: &Config,
    (seconds, warnings): (f64, &[Warning]),
) -> Result<()> {
    let next = next(comparison, args);
    let record = record(comparison, &next, (seconds, warnings));
    if let Some(folder) = &args.out {
        write(folder, comparison, config, &record)?;
    }
    if args.json { output::print_json(&record) } else { output::print(&text(comparison, args, &next, seconds)) }
}

/// The fit of the chosen number, with the options that were given here; from the folder where there is one.
fn next(comparison: &Comparison, args: &CountArgs) -> String {
    let mut words = vec!["bss".to_owned(), "fit".to_owned()];
    words.extend(args.inputs.iter().cloned());
    let mut option = |name: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    };
    option("--sources", Some(comparison.chosen().sources.to_string()));
    if let Some(folder) = &args.out {
        option("--config", Some(folder.join("config.toml").display().to_string()));
        option("--out", Some(folder.join("run").display().to_string()));
        return shell::words(&words);
    }
    option("--config", args.config.as_ref().map(|file| file.display().to_string()));
    for set in &args.set {
        option("--set", Some(set.clone()));
    }
    option("--seed", args.seed.map(|seed| seed.to_string()));
    option("--restarts", args.restarts.map(|restarts| restarts.to_string()));
    option("--iterations", args.iterations.map(|iterations| iterations.to_string()));
    option("--columns", args.data.columns.as_ref().map(ToString::to_string));
    option("--sample-rate", args.data.sample_rate.map(|rate| rate.to_string()));
    option("--on-nan", args.data.on_nan.map(|how| how.to_string()));
    option("--traversal", args.data.traversal.map(|order| order.to_string()));
    option("--out", Some("run".to_owned()));
    if args.data.channels_first {
        words.push("--channels-first".to_owned());
    }
    shell::words(&words)
}

fn text(comparison: &Comparison, args: &CountArgs, next: &str, seconds: f64) -> String {
    let chosen = comparison.chosen().sources;
    let row = |candidate: &Candidate| {
        let (behind, error) = comparison.behind(candidate);
        let of_score = |number: f64| if number.is_finite() { format!("{number:.4}") } else { "diverged".to_owned() };
        vec![
            candidate.sources.to_string(),
            of_score(candidate.score.mean()),
            of_score(candidate.score.standard_error()),
            of_score(behind),
            of_score(error),
            format!("{:.1} %", 100.0 * comparison.variance(candidate.sources)),
            if candidate.sources == chosen { "chosen".to_owned() } else { String::new() },
        ]
    };
    let rows: Vec<Vec<String>> = comparison.candidates.iter().map(row).collect();
    let head = ["sources", "elbo", "error", "behind", "error", "of the variance", ""];
    let plural = if chosen == 1 { "source" } else { "sources" };
    let mut text = format!("{chosen} {plural}, after {seconds:.1} s\n\n{}", table::table(&head, &rows));
    text += "\nelbo: on the held-out part, in nats a sample; behind: what it lacks to the best\n";
    if let Some(note) = comparison.note() {
        let _ = writeln!(text, "{note}");
    }
    if let Some(folder) = &args.out {
        let _ = writeln!(text, "wrote {}", folder.join("count.json").display());
    }
    let _ = writeln!(text, "\nnext:\n  {next}");
    text
}

fn record(comparison: &Comparison, next: &str, (seconds, warnings): (f64, &[Warning])) -> Value {
    let held_out = &comparison.held_out;
    let candidate = |candidate: &Candidate| {
        let (behind, error) = comparison.behind(candidate);
        json!({
            "sources": candidate.sources,
            "elbo": candidate.score.mean(),
            "standard_error": candidate.score.standard_error(),
            "behind": behind,
            "behind_standard_error": error,
            "variance": comparison.variance(candidate.sources),
            "loss": candidate.loss,
            "verdict": candidate.verdict.to_string(),
        })
    };
    json!({
        "sources": comparison.chosen().sources,
        "candidates": comparison.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "scree": held_out.scree(),
        "rank": held_out.rank(),
        "fitted_samples": held_out.fitted().nrows(),
        "held_out_samples": held_out.held_out_samples(),
        "note": comparison.note(),
        "seconds": seconds,
        "warnings": warnings,
        "next": next,
    })
}

fn write(folder: &Path, comparison: &Comparison, config: &Config, record: &Value) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let figure = figures::draw_count(&CountData {
        sources: comparison.candidates.iter().map(|candidate| candidate.sources).collect(),
        behind: comparison.candidates.iter().map(|candidate| comparison.behind(candidate)).collect(),
        chosen: comparison.chosen().sources,
        scree: comparison.held_out.scree().to_vec(),
    })?;
    let json = serde_json::to_string_pretty(record)? + "\n";
    let files = [
        ("config.toml", config.to_toml().into_bytes()),
        ("count.svg", figure.document().into_bytes()),
        ("count.png", figure.png()?),
        ("count.json", json.into_bytes()),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        bss_data::write_bytes_atomically(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
