//! How a command ended, as an exit code.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | done; also where the reader of our output went away |
//! | 1 | the input or a setting is wrong |
//! | 2 | usage |
//! | 3 | the run failed: diverged, out of memory, disk full |
//! | 130 | interrupted |

use std::io::{self, Write as _};
use std::process::ExitCode;

/// What makes an error more than wrong input. Put it at the root of an [`anyhow::Error`] or around one as its context;
/// its text says what was saved and how to go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The run failed.
    #[error("{0}")]
    Run(String),
    /// Ctrl-C, after the step was finished and the state saved.
    #[error("{0}")]
    Interrupted(String),
}

/// Prints an error, if there is one, and gives the exit code.
pub(crate) fn of(result: &anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let code = code(error);
    if code != 0 {
        // Nothing is left to tell it to if stderr is closed.
        let _ = writeln!(io::stderr(), "error: {error:#}");
    }
    ExitCode::from(code)
}

/// Prints what clap has to say: help and versions on stdout, errors of usage on stderr.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    let printed = error.print().map_err(anyhow::Error::from);
    if printed.is_err() { of(&printed) } else { ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)) }
}

fn code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Fault>() {
        Some(Fault::Run(_)) => return 3,
        Some(Fault::Interrupted(_)) => return 130,
        None => {}
    }
    let io_kinds = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let of_io = io_kinds.filter_map(|kind| match kind {
        io::ErrorKind::BrokenPipe => Some(0),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::OutOfMemory => Some(3),
        _ => None,
    });
    let of_data = error.chain().filter_map(|cause| match cause.downcast_ref::<bss_train::Error>() {
        Some(bss_train::Error::Data(error)) => Some(error),
        _ => cause.downcast_ref::<bss_data::Error>(),
    });
    let is_failure =
        |error: &bss_data::Error| matches!(error, bss_data::Error::DiskFull { .. } | bss_data::Error::TooLarge { .. });
    of_io.chain(of_data.filter(|error| is_failure(error)).map(|_| 3)).next().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn errors_have_the_code_of_what_is_in_their_chain() {
        let io = |kind: io::ErrorKind| anyhow::Error::from(io::Error::from(kind)).context("cannot write");
        let full = bss_data::Error::DiskFull { path: "a.npy".into() };
        let cases = [
            (anyhow!("no such key"), 1),
            (io(io::ErrorKind::PermissionDenied), 1),
            (io(io::ErrorKind::BrokenPipe), 0),
            (io(io::ErrorKind::StorageFull), 3),
            (anyhow::Error::from(full).context("cannot write the run"), 3),
            (anyhow!(Fault::Run("diverged at iteration 7".into())), 3),
            (anyhow!("loss is NaN").context(Fault::Run("diverged".into())).context("restart 2"), 3),
            (anyhow!(Fault::Interrupted("saved in runs/a".into())), 130),
        ];
        for (error, expected) in cases {
            assert_eq!(code(&error), expected, "{error:#}");
        }
    }

    #[test]
    fn a_context_of_another_kind_changes_nothing() {
        let error: anyhow::Result<()> = Err(Fault::Run("diverged".into())).context("fit");
        assert_eq!(code(&error.unwrap_err()), 3);
    }
}
