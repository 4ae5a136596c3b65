//! The training loop: schedules, restarts, checkpoints, run records.
