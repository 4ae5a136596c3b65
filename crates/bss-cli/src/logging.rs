//! Where the libraries' log goes: to stderr, filtered by `BSS_LOG`.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Writes events to stderr: warnings and errors, with `quiet` errors only, or what `BSS_LOG` says (as in
/// `BSS_LOG=bss_train=debug`).
pub(crate) fn init(quiet: bool) {
    let level = if quiet { LevelFilter::ERROR } else { LevelFilter::WARN };
    // What a decoder skips between packets is nothing to worry about; what it cannot decode is an error of ours.
    let decoders = "symphonia=error".parse().expect("a directive");
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .with_env_var("BSS_LOG")
        .from_env_lossy()
        .add_directive(decoders);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
