//! Putting settings together: defaults, then a TOML file, then `--set`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use toml::{Table, Value};

use super::keys::{KEYS, Key, SECTIONS};
use super::{Config, Decoder, Encoder};
use crate::nearest;

impl Config {
    /// Settings from the text of a TOML file over the defaults.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub(crate) fn from_toml(text: &str) -> Result<Self> {
        let mut config = Self::default();
        config.apply_toml(text)?;
        config.validate()?;
        Ok(config)
    }

    /// The defaults, overruled by a TOML file and then by `KEY=VALUE`s.
    ///
    /// # Errors
    /// A file that cannot be read or is no TOML; an unknown key, with the nearest one; a value of another type or out
    /// of its range; settings that do not go together.
    pub(crate) fn load(toml: Option<&Path>, sets: &[String]) -> Result<Self> {
        let config = Self::default().overruled(toml, sets)?;
        config.validate()?;
        Ok(config)
    }

    /// These settings, overruled by a TOML file and then by `KEY=VALUE`s, without the check that they go together.
    pub(super) fn overruled(self, toml: Option<&Path>, sets: &[String]) -> Result<Self> {
        let mut config = self;
        if let Some(path) = toml {
            let text = fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
            config.apply_toml(&text).with_context(|| path.display().to_string())?;
        }
        for set in sets {
            config.apply_set(set)?;
        }
        Ok(config)
    }

    pub(super) fn apply_toml(&mut self, text: &str) -> Result<()> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| anyhow!("no valid TOML\n{error}"))?;
        let is_section = |name: &str| SECTIONS.iter().any(|(section, _)| *section == name);
        for (name, value) in &table {
            match value {
                Value::Table(section) if is_section(name) => {
                    for (key, value) in section {
                        self.apply(&format!("{name}.{key}"), value)?;
                    }
                }
                _ => self.apply(name, value)?,
            }
        }
        Ok(())
    }

    /// `KEY=VALUE`; a value that is no TOML is a string.
    fn apply_set(&mut self, set: &str) -> Result<()> {
        let (key, value) =
            set.split_once('=').with_context(|| format!("--set {set}: expected KEY=VALUE, as in prior.kind=ar"))?;
        let (key, value) = (key.trim(), value.trim());
        let parsed = format!("value = {value}").parse::<Table>().ok().filter(|table| table.len() == 1);
        let parsed = parsed.and_then(|mut table| table.remove("value"));
        self.apply(key, &parsed.unwrap_or_else(|| Value::String(value.to_owned())))
    }

    /// Sets one key.
    pub(super) fn apply(&mut self, path: &str, value: &Value) -> Result<()> {
        find(path)?.assign(self, value).map_err(|complaint| anyhow!(complaint))
    }

    /// Checks that every value is in its range and that the settings go together.
    ///
    /// # Errors
    /// A sentence naming the keys.
    pub(crate) fn validate(&self) -> Result<()> {
        let mut copy = self.clone();
        for key in KEYS {
            if let Some(value) = key.value(self) {
                key.assign(&mut copy, &value).map_err(|complaint| anyhow!(complaint))?;
            }
        }
        let training = &self.training;
        ensure!(
            training.anneal_from <= training.anneal_to,
            "training.anneal_from is {}, expected at most training.anneal_to, which is {}",
            training.anneal_from,
            training.anneal_to
        );
        ensure!(
            self.decoder.kind != Decoder::Tied || self.encoder.kind != Encoder::Mlp,
            "decoder.kind is tied, which needs an encoder that can be undone, but encoder.kind is mlp; choose \
             decoder.kind=auto"
        );
        Ok(())
    }
}

fn find(path: &str) -> Result<Key> {
    if let Some(key) = KEYS.iter().find(|key| key.path == path) {
        return Ok(*key);
    }
    if SECTIONS.iter().any(|(section, _)| *section == path) {
        let of_section = KEYS.iter().map(|key| key.path).filter(|key| key.starts_with(&format!("{path}.")));
        bail!("{path} is a section; set one of {}", of_section.collect::<Vec<_>>().join(", "));
    }
    let nearest = nearest::nearest(path, KEYS.iter().map(|key| key.path)).unwrap_or_default();
    bail!("unknown key {path}; did you mean {nearest}?")
}
