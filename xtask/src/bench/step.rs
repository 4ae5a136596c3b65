//! `cargo xtask bench step`: one training step of the default model, the prior in it, and the rest.

use anyhow::Result;

use super::cores;
use super::row::{Row, Rows};
use super::target::Target;

const TARGET: Target = Target { package: "bss-train", name: "step" };

/// Measures steps of one restart and of six, with one thread and with one for each core.
///
/// # Errors
/// As of [`Target`].
pub(super) fn run(json: bool) -> Result<()> {
    TARGET.build()?;
    let mut threads = vec![1, cores()];
    threads.dedup();
    let mut rows = Rows::new(json);
    for batch in [1, 6] {
        for &threads in &threads {
            eprintln!("step: restarts {batch}, threads {threads}");
            let measured = TARGET.measure(&format!("^step/(whole|scan)-{batch}/{threads}$"), Some(threads))?;
            let step = measured.median_ms(&format!("step/whole-{batch}/{threads}"))?;
            let scan = measured.median_ms(&format!("step/scan-{batch}/{threads}"))?;
            for (case, ms) in [("step", step), ("scan", scan), ("rest", step - scan)] {
                rows.add(Row { case, n: 3, hidden: 8, length: 1000, batch, threads, ms, peer: None });
            }
        }
    }
    rows.finish();
    Ok(())
}
