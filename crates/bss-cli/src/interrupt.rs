//! Ctrl-C and termination: a flag that a loop looks at between two steps; the second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on the first interrupt only raises the flag.
///
/// Whoever sends a second one does not want to wait for the step. Nothing is lost that was saved: all files but the log
/// are written aside and renamed, and half a line of the log is dropped on resuming.
///
/// # Errors
/// If the system refuses the handler.
pub(crate) fn catch() -> Result<()> {
    Ok(ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            #[allow(clippy::exit, reason = "no code of ours may be reached any more")]
            std::process::exit(130);
        }
    })?)
}

/// Whether an interrupt has come.
pub(crate) fn has_come() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
