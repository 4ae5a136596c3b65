//! What can go wrong with a run and its folder.

use std::path::PathBuf;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Data(#[from] bss_data::Error),
    /// A file of the run could not be read or written.
    #[error("{}: could not be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder could not be made.
    #[error("{}: cannot be made a folder; choose another place with --out", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A checkpoint that is not whole, or not one of ours.
    #[error("{}: not a checkpoint of this program: {reason}; fit again with --force", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint of another version.
    #[error("{}: checkpoint format {found}, but this version reads format {expected}; fit again with --force", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The format this version reads.
        expected: u64,
        /// The format found.
        found: String,
    },
    /// A folder that holds a run already.
    #[error("{}: holds a run already; go on with --resume, or replace it with --force", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that does not hold a run.
    #[error("{}: not a run folder: {missing} is missing; make one with `bss fit … --out {}`", path.display(), path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The file that was looked for.
        missing: String,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// A result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
