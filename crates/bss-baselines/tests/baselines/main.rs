//! Every method against other programs, against the laws of demixing, and against what it cannot take.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail where they stand")]

mod errors;
mod golden;
mod laws;
mod masks;
mod table;
