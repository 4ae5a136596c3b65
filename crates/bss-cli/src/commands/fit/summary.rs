//! What `fit` prints at its end.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use super::record::{finite, restarts};
use super::session::Fit;
use crate::args::FitArgs;
use crate::{output, shell, table};

/// What is farther below the signal is as good as no noise.
const NO_NOISE_DB: f64 = 59.5;

/// Prints the verdict, the sources' shares, and the command to run next.
pub(super) fn print(fit: &Fit, args: &FitArgs) -> Result<()> {
    let run = args.out.display().to_string();
    let word = shell::word(&run);
    // Several inputs were joined; that is what `separate` reads where it is given none.
    let input = if let [input] = args.inputs.as_slice() { format!("{} ", shell::word(input)) } else { String::new() };
    let sources = args.out.join("sources.npz").display().to_string();
    let std = if fit.gives_std { " --std" } else { "" };
    let next = format!("bss separate {input}--run {word} --out {}{std}", shell::word(&sources));
    if args.json {
        return output::print_json(&json!({
            "run": run,
            "verdict": fit.verdict.to_string(),
            "best_restart": fit.best,
            "loss": finite(fit.loss),
            "iterations": fit.iterations,
            "restarts": restarts(fit),
            "explained_variance": fit.explained,
            "noise_db": fit.noise_db,
            "seconds": fit.seconds,
            "warnings": fit.warnings,
            "next": next,
        }));
    }
    let mut text = format!("{} after {:.1} s: ", fit.verdict, fit.seconds);
    let _ = match fit.best {
        Some(best) => {
            let restarts = fit.ranking.len();
            writeln!(text, "restart {} of {restarts} has the lowest loss, {:.5}", best + 1, fit.loss)
        }
        None => writeln!(text, "{} iterations", fit.iterations),
    };
    if let Some(advice) = &fit.unfinished {
        let _ = writeln!(text, "{advice}");
    }
    let share = |(j, share): (usize, &f64)| vec![(j + 1).to_string(), format!("{:.1} %", 100.0 * share)];
    let rows: Vec<Vec<String>> = fit.explained.iter().enumerate().map(share).collect();
    let _ = write!(text, "\n{}", table::table(&["source", "of the variance"], &rows));
    if let Some(noise_db) = fit.noise_db {
        let found =
            if noise_db < NO_NOISE_DB { format!("about {noise_db:.0} dB below the signal") } else { "none".into() };
        let _ =
            writeln!(text, "\nnoise of the sensors, or sources beyond these, as far as the recording tells: {found}");
    }
    let _ = writeln!(text, "\nnext:\n  {next}\n  bss report {word}");
    output::print(&text)
}
