//! `cargo xtask bench fit`: a whole fit by the release binary, with the same model, schedule and restarts as the peer's.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::peer::{self, Peer, PeerSettings};
use super::row::{PeerTime, Row, Rows};
use crate::shell;

const ITERATIONS: u64 = 5000;

/// Said in full, so that a change of the defaults does not change what is measured.
const SETTINGS: [&str; 15] = [
    "whitening.kind=pca",
    "encoder.kind=linear",
    "decoder.kind=tied",
    "prior.kind=ar-flow",
    "prior.base=mixture",
    "prior.components=4",
    "prior.order=1",
    "prior.hidden=8",
    "training.learning_rate=0.02",
    "training.learning_rate_end=0.0004",
    "training.beta=0.2",
    "training.beta_end=0.02",
    "training.anneal_from=0.5",
    "training.anneal_to=0.9",
    "training.clip_norm=5.0",
];

/// The peer's words for the same; its --beta-end is a factor, the rest is fixed in it.
const OPTIONS: &str = "--sources 3 --base mixture --iterations 5000 --restarts 6 --beta 0.2 --beta-end 0.1 --lr 0.02 \
                       --hidden 8 --seed 0 --tied";

/// Fits one mixture, and right after it with the peer.
///
/// # Errors
/// When a command fails, or the fit ended before its last iteration.
pub(super) fn run(json: bool, peers: &PeerSettings) -> Result<()> {
    let peer = peers.find("arflow_fit.py", &["numpy", "jax", "optax"])?;
    let build = shell::cargo(&["build", "--release", "--package", "bss-cli"]).status().context("cannot start cargo")?;
    ensure!(build.success(), "`cargo build --release --package bss-cli` failed; what it said stands above");
    let work = shell::target_dir().join("bench").join("fit");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let files = Files::below(&work);
    bss(&["synth", "sine+square+ar", "--samples", "1000", "--seed", "0", "--out", &files.sources])?;
    bss(&["mix", &files.sources, "--seed", "0", "--out", &files.mixture])?;

    let (seconds, threads) = ours(&files)?;
    let peer = peer.map(|peer| theirs(&peer, &files)).transpose()?;
    let mut rows = Rows::new(json);
    rows.add(Row { case: "fit", n: 3, hidden: 8, length: 1000, batch: 6, threads, ms: 1e3 * seconds, peer });
    rows.finish();
    Ok(())
}

/// What the fit reads and writes.
struct Files {
    sources: String,
    mixture: String,
    run: String,
    estimate: String,
    peer_estimate: String,
}

impl Files {
    fn below(work: &Path) -> Self {
        let file = |name: &str| work.join(name).display().to_string();
        Self {
            sources: file("sources.npy"),
            mixture: file("mixture.npy"),
            run: file("run"),
            estimate: file("estimate.npy"),
            peer_estimate: file("peer.npy"),
        }
    }
}

/// Our seconds and threads.
fn ours(files: &Files) -> Result<(f64, usize)> {
    let iterations = ITERATIONS.to_string();
    let mut words = vec!["fit", &files.mixture, "--out", &files.run, "--force", "--quiet", "--sources", "3"];
    words.extend(["--iterations", &iterations, "--restarts", "6", "--seed", "0"]);
    words.extend(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
    let started = Instant::now();
    bss(&words)?;
    let whole = started.elapsed().as_secs_f64();
    let path = Path::new(&files.run).join("run.json");
    let record = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (seconds, threads) = of_record(&record).with_context(|| format!("{} is not as it must be", path.display()))?;
    bss(&["separate", &files.mixture, "--run", &files.run, "--out", &files.estimate])?;
    let correlation = smallest_correlation(&files.estimate, &files.sources)?;
    eprintln!("bss fit: {seconds:.2} s ({whole:.2} s the whole process), smallest correlation {correlation:.4}");
    Ok((seconds, threads))
}

/// The seconds and threads that `run.json` tells of a fit that did every iteration.
fn of_record(text: &str) -> Result<(f64, usize)> {
    let record: Value = serde_json::from_str(text).context("it is not JSON")?;
    ensure!(
        record["iterations"] == ITERATIONS,
        "iterations is {}, expected {ITERATIONS}: a fit that ends early is no comparison; switch that off in the \
         settings of xtask/src/bench/fit.rs",
        record["iterations"]
    );
    let seconds = record["seconds"].as_f64().context("seconds is no number")?;
    let threads = record["machine"]["threads"].as_u64().context("machine.threads is no whole number")?;
    Ok((seconds, threads as usize))
}

fn theirs(peer: &Peer, files: &Files) -> Result<PeerTime> {
    let mut words = vec![files.mixture.clone(), files.peer_estimate.clone()];
    words.extend(OPTIONS.split_whitespace().map(str::to_owned));
    let seconds = peer::number(&peer.run(&words)?, "seconds")?;
    let correlation = smallest_correlation(&files.peer_estimate, &files.sources)?;
    eprintln!(
        "arflow_fit.py: {seconds:.2} s (without its start, with JAX's compilation), smallest correlation {correlation:.4}"
    );
    Ok(PeerTime { name: "jax".to_owned(), ms: 1e3 * seconds })
}

/// The smallest |correlation| of the true sources with the estimates that match them.
fn smallest_correlation(estimate: &str, reference: &str) -> Result<f64> {
    let scores = ["evaluate", "--estimate", estimate, "--reference", reference, "--metrics", "correlation", "--json"];
    let scores: Value = serde_json::from_str(&bss(&scores)?)?;
    let values = scores["correlation"]["per_source"].as_array().context("`bss evaluate` gave no correlation")?;
    Ok(values.iter().filter_map(Value::as_f64).map(f64::abs).fold(1.0, f64::min))
}

/// The standard output of the release binary with these arguments.
fn bss(arguments: &[&str]) -> Result<String> {
    let binary = shell::target_dir().join("release").join("bss").with_extension(std::env::consts::EXE_EXTENSION);
    let output = shell::command(&binary, arguments).output();
    let output = output.with_context(|| format!("cannot start {}", binary.display()))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`bss {}` failed: {error}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fit_that_did_every_iteration_counts() {
        let record = r#"{"iterations": 5000, "seconds": 4.5, "machine": {"threads": 2}}"#;
        assert_eq!(of_record(record).unwrap(), (4.5, 2));
        let error = of_record(&record.replace("5000", "3000")).unwrap_err().to_string();
        assert!(error.contains("iterations is 3000, expected 5000"), "{error}");
        assert!(OPTIONS.contains(&format!("--iterations {ITERATIONS} ")));
    }
}
