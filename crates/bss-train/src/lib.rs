//! The training loop: schedules, restarts, checkpoints, run records.
//!
//! A [`Trainer`] takes steps of an [`Objective`](bss_models::Objective) along a [`Schedule`], keeps the losses of the
//! run's [`Tail`] to rank the restarts and reach a [`Verdict`], and saves and restores its whole state bit for bit.
//! A [`RunFolder`] is where a run lives on disk; a [`Checkpoint`] is one file of it.

mod checkpoint;
mod error;
mod run_folder;
mod schedule;
mod trainer;
mod verdict;

pub use checkpoint::{Checkpoint, FORMAT};
pub use error::{Error, Result};
pub use run_folder::RunFolder;
pub use schedule::Schedule;
pub use trainer::{Step, Trainer};
pub use verdict::{Tail, Verdict};
