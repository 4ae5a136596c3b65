//! `cargo xtask bench scan`: the prior's log-density with all gradients.

use anyhow::Result;

use super::cores;
use super::peer::{self, Peer, PeerSettings};
use super::row::{PeerTime, Row, Rows};
use super::target::Target;

const TARGET: Target = Target { package: "bss-priors", name: "scan" };

/// Name, sources, hidden units, steps and batch: the table of `crates/bss-priors/benches/scan.rs`.
const CASES: [(&str, usize, usize, usize, usize); 6] = [
    ("small", 3, 8, 1000, 1),
    ("batch", 3, 8, 1000, 6),
    ("long", 3, 8, 10_000, 1),
    ("wide", 8, 16, 10_000, 1),
    ("many", 64, 32, 2000, 1),
    ("crowd", 64, 8, 1000, 6),
];

/// Steps that JAX compiles into one turn of its loop, of which the best counts.
const UNROLLS: [usize; 5] = [1, 4, 8, 16, 32];

/// The case that PyTorch is measured on; its loop over steps takes minutes on others.
const OF_TORCH: &str = "small";

/// Measures each case, and right after it the peers on the same.
///
/// # Errors
/// As of [`Target`] and [`Peer`].
pub(super) fn run(json: bool, peers: &PeerSettings) -> Result<()> {
    let peer = peers.find("arflow_prior.py", &["numpy", "jax", "torch"])?;
    TARGET.build()?;
    let mut rows = Rows::new(json);
    for (case, n, hidden, length, batch) in CASES {
        eprintln!("{case}: {n} sources, {hidden} hidden units, {length} steps, batch of {batch}");
        let measured = TARGET.measure(&format!("^scan/{case}/"), None)?;
        let row = |threads: usize, peer: Option<PeerTime>| -> Result<Row> {
            let ms = measured.median_ms(&format!("scan/{case}/{threads}"))?;
            Ok(Row { case, n, hidden, length, batch, threads, ms, peer })
        };
        // Peers take all cores, so they stand beside our row of all cores; nothing stands beside one thread.
        if cores() > 1 {
            rows.add(row(1, None)?);
        }
        let Some(peer) = &peer else {
            rows.add(row(cores(), None)?);
            continue;
        };
        let shape = [("--n", n), ("--hidden", hidden), ("--length", length), ("--batch", batch)];
        rows.add(row(cores(), Some(jax(peer, &shape)?))?);
        if case == OF_TORCH {
            let ms = time(peer, "torch", &shape)?;
            rows.add(row(cores(), Some(PeerTime { name: "torch".to_owned(), ms }))?);
        }
    }
    rows.finish();
    Ok(())
}

fn jax(peer: &Peer, shape: &[(&str, usize)]) -> Result<PeerTime> {
    let mut times = Vec::new();
    for unroll in UNROLLS {
        times.push((unroll, time(peer, "jax", &[shape, &[("--unroll", unroll)]].concat())?));
    }
    Ok(fastest(&times))
}

/// One call of the program that times itself, in milliseconds.
fn time(peer: &Peer, backend: &str, options: &[(&str, usize)]) -> Result<f64> {
    let mut arguments = ["time", "--backend", backend].map(str::to_owned).to_vec();
    arguments.extend(options.iter().flat_map(|(name, value)| [(*name).to_owned(), value.to_string()]));
    let ms = peer::number(&peer.run(&arguments)?, "ms")?;
    eprintln!("  {}: {ms:.3} ms", arguments[2..].join(" "));
    Ok(ms)
}

fn fastest(times: &[(usize, f64)]) -> PeerTime {
    let best = times.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let &(unroll, ms) = best.expect("there is a time for every unrolling");
    PeerTime { name: format!("jax unroll {unroll}"), ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_unrolling_counts() {
        let best = fastest(&[(1, 3.0), (4, 1.5), (8, 1.25), (16, 2.0)]);
        assert_eq!(best, PeerTime { name: "jax unroll 8".to_owned(), ms: 1.25 });
    }

    #[test]
    fn the_benchmark_has_the_same_cases() {
        let path = crate::shell::root().join("crates/bss-priors/benches/scan.rs");
        let table = |text: &str| -> Vec<String> {
            let lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with("const CASES"));
            lines.take_while(|line| *line != "];").map(str::to_owned).collect()
        };
        let (here, there) = (table(include_str!("scan.rs")), table(&std::fs::read_to_string(path).unwrap()));
        assert_eq!(here.len(), CASES.len() + 1);
        assert_eq!(here, there);
    }
}
