//! Where the libraries' log goes: to stderr, filtered by `BSS_LOG`.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Writes events to stderr: warnings and errors, with `quiet` errors only, or what `BSS_LOG` says (as in
/// `BSS_LOG=bss_train=debug`).
pub(crate) fn init(quiet: bool) {
    let level = if quiet { LevelFilter::ERROR } else { LevelFilter::WARN };
    // What a decoder skips between packets is nothing to worry about; what it cannot decode is an error of ours.
    let asked = std::env::var("BSS_LOG").unwrap_or_else(|_| "symphonia=error".to_owned());
    let filter = EnvFilter::builder().with_default_directive(level.into()).parse_lossy(asked);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
