//! Ctrl-C and termination: a flag that a loop looks at between two steps.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt only raises the flag.
///
/// # Errors
/// If the system refuses the handler.
pub(crate) fn catch() -> Result<()> {
    Ok(ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))?)
}

/// Whether an interrupt has come.
pub(crate) fn has_come() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
