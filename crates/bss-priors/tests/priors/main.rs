//! The laws of priors and bijectors over a table of all of them, and the AR-flow prior against references.

mod closed_forms;
mod golden;
mod gradients;
mod laws;
mod long;
mod table;
