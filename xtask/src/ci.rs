//! `cargo xtask ci`: every check that a change has to pass, cheapest first.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::{directions, licences, setup, shell, test, tidy};

/// How the checks are run.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Run the checks that follow a failed one, too
    #[arg(long)]
    keep_going: bool,
}

/// A check: its name, and what runs it and says whether it passed.
type Step = (&'static str, fn() -> Result<bool>);

/// All checks in order.
const STEPS: [Step; 9] = [
    ("format", || cargo(&["fmt", "--all", "--check"])),
    ("tidy", tidy::run),
    ("dependency directions", directions::run),
    ("lock file", lock_file_is_current),
    ("licences", licences::run),
    ("setup", setup::run),
    ("clippy", || cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("tests", test::run_tests),
    ("documentation", documentation),
];

/// Runs the checks and closes with a line for each.
///
/// # Errors
/// When a program that a check needs cannot be started.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    let mut results = Vec::new();
    for (name, check) in STEPS {
        println!("\n== {name}");
        let start = Instant::now();
        let passed = check()?;
        let time = start.elapsed();
        println!("{}", summary(name, passed, time));
        results.push((name, passed, time));
        if !passed && !settings.keep_going {
            break;
        }
    }
    println!();
    for &(name, passed, time) in &results {
        println!("{}", summary(name, passed, time));
    }
    for (name, _) in &STEPS[results.len()..] {
        println!("skipped  {name}");
    }
    let all_passed = results.iter().all(|&(_, passed, _)| passed);
    let total: Duration = results.iter().map(|&(_, _, time)| time).sum();
    println!("{}", summary("ci", all_passed, total));
    Ok(all_passed)
}

fn summary(name: &str, passed: bool, time: Duration) -> String {
    let verdict = if passed { "ok" } else { "FAILED" };
    format!("{verdict:<8} {name} in {:.1} s", time.as_secs_f64())
}

fn cargo(arguments: &[&str]) -> Result<bool> {
    shell::announce_and_run(&mut shell::cargo(arguments))
}

/// Fails where `Cargo.lock` does not follow from the manifests.
fn lock_file_is_current() -> Result<bool> {
    cargo(&["tree", "--locked", "--quiet", "--workspace", "--depth", "0"])
}

/// Builds the documentation, private items included, with every warning an error.
fn documentation() -> Result<bool> {
    let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    let mut command = shell::cargo(&arguments);
    command.env("RUSTDOCFLAGS", "-D warnings");
    shell::announce_and_run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_verdict_name_and_time() {
        let time = Duration::from_millis(1234);
        assert_eq!(summary("tidy", true, time), "ok       tidy in 1.2 s");
        assert_eq!(summary("tidy", false, time), "FAILED   tidy in 1.2 s");
    }
}
