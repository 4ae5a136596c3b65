//! Models between the settings and the disk: what [`crate::config`] asks for, built, saved and loaded.

mod file;
mod settings;

pub(crate) use file::{Fitted, save};
pub(crate) use settings::{Plan, whiten};
