//! `cargo xtask bench neri-step`: Neri's MNIST network in training and in use, beside the same in PyTorch.

use anyhow::Result;

use super::cores;
use super::peer::{self, PeerSettings};
use super::row::{PeerTime, Row, Rows};
use super::target::Target;
use crate::shell;

const TARGET: Target = Target { package: "bss-train", name: "neri_step" };

/// Measures both for K = 2 and 3 with one thread for each core, and right after each the peer.
///
/// # Errors
/// As of [`Target`]; when the peer fails.
pub(super) fn run(json: bool, peers: &PeerSettings) -> Result<()> {
    let steps = peers.find("neri_step.py", &["torch"])?;
    // The reference program trains only.
    let program = shell::root().join("xtask").join("src").join("bench").join("neri_separate.py");
    let separations = steps.as_ref().map(|peer| peer.with_program(program));
    TARGET.build()?;
    let threads = cores();
    let mut rows = Rows::new(json);
    for sources in [2, 3] {
        for (case, id, batch, peer, time, options) in [
            ("neri-step", "step", 128, &steps, "step_ms", &["--fused"][..]),
            ("neri-separate", "separate", 500, &separations, "separate_ms", &[]),
        ] {
            eprintln!("{case}: K = {sources}, threads {threads}");
            let id = format!("neri/{id}-{sources}/{threads}");
            let ms = TARGET.measure(&format!("^{id}$"), Some(threads))?.median_ms(&id)?;
            let mut words: Vec<String> = options.iter().map(ToString::to_string).collect();
            words.extend(["--sources", &sources.to_string(), "--threads", &threads.to_string()].map(str::to_owned));
            let theirs = peer.as_ref().map(|peer| peer::number(&peer.run(&words)?, time)).transpose()?;
            let peer = theirs.map(|ms| PeerTime { name: "torch".to_owned(), ms });
            rows.add(Row { case, n: sources, hidden: 700, length: 784, batch, threads, ms, peer });
        }
    }
    rows.finish();
    Ok(())
}
