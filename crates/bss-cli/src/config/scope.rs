//! Which settings belong to which model: those of others are not written, and not taken on the command line.

use anyhow::{Result, bail};

use super::keys::{KEYS, Key};
use super::{Config, Model, SeparationConfig};
use crate::model;

/// The section that every model takes; of its keys, some are of recordings and some of datasets.
const DATA: &str = "data";

impl Config {
    /// The keys that the model takes.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> {
        let model = self.model;
        KEYS.iter().filter(move |key| takes(model, key.path))
    }

    /// Whether the model takes any key of a section.
    pub(super) fn has_section(&self, section: &str) -> bool {
        takes_section(self.model, section)
    }

    /// How the model finds sources unless options say otherwise; models without that section answer at once.
    pub(crate) fn separation(&self) -> SeparationConfig {
        if self.has_section("separation") { self.separation } else { SeparationConfig::PLAIN }
    }

    /// Refuses a known key of another model.
    ///
    /// # Errors
    /// Naming the models that take it.
    pub(super) fn ensure_takes(&self, path: &str) -> Result<()> {
        if !KEYS.iter().any(|key| key.path == path) || takes(self.model, path) {
            return Ok(());
        }
        let others = Model::NAMES.iter().filter_map(|name| Model::of(name)).filter(|&model| takes(model, path));
        let others: Vec<&str> = others.map(Model::name).collect();
        let model = self.model;
        bail!("{path} is a setting of {}, but the model is {model}; leave it out, or choose --model", others.join(", "))
    }
}

fn takes(model: Model, path: &str) -> bool {
    match path.split_once('.') {
        None | Some((DATA, "inputs" | "sample_rate")) => true,
        Some((DATA, key)) => model::kind(model).is_of_datasets() == (key == "mix"),
        Some((section, _)) => takes_section(model, section),
    }
}

fn takes_section(model: Model, section: &str) -> bool {
    section == DATA || model::kind(model).sections.contains(&section)
}
