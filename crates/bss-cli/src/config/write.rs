//! Settings as TOML text, every default written out, and as a table for JSON.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::Config;
use super::keys::{Key, SECTIONS};

/// The column at which the comments behind values start, where the values are not longer.
const COMMENTS: usize = 32;

impl Config {
    /// All settings of the model as TOML: a comment on every section and key, keys that are not set as comments.
    ///
    /// Reading it back gives the same settings, those of other models at their defaults.
    pub(crate) fn to_toml(&self) -> String {
        let mut text = "# All settings of this run; `bss fit --config` takes this file.\n".to_owned();
        for key in self.keys().filter(|key| section_of(key).is_none()) {
            self.write_key(&mut text, *key);
        }
        for (section, about) in SECTIONS.iter().filter(|(section, _)| self.has_section(section)) {
            let _ = writeln!(text, "\n# {about}\n[{section}]");
            for key in self.keys().filter(|key| section_of(key) == Some(section)) {
                self.write_key(&mut text, *key);
            }
        }
        text
    }

    fn write_key(&self, text: &mut String, key: Key) {
        let assignment = match key.value(self) {
            Some(value) => format!("{} = {value}", name_of(&key)),
            None => format!("# {} =", name_of(&key)),
        };
        let _ = writeln!(text, "{assignment:<COMMENTS$} # {}", key.about);
    }

    /// All settings of the model that are set, by section.
    pub(crate) fn to_table(&self) -> Table {
        let mut table = Table::new();
        for key in self.keys() {
            let Some(value) = key.value(self) else { continue };
            match section_of(key) {
                None => {
                    table.insert(key.path.to_owned(), value);
                }
                Some(section) => {
                    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                    if let Value::Table(section) = section {
                        section.insert(name_of(key).to_owned(), value);
                    }
                }
            }
        }
        table
    }

    /// The model's keys whose values differ, with the value here and the value there; `none` where there is none.
    pub(crate) fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let shown = |value: Option<Value>| value.map_or_else(|| "none".to_owned(), |value| value.to_string());
        let changed = self.keys().filter(|key| key.value(self) != key.value(other));
        changed.map(|key| (key.path, shown(key.value(self)), shown(key.value(other)))).collect()
    }

    /// The model's keys whose values are not the defaults, with those values.
    pub(crate) fn changes(&self) -> Vec<(&'static str, Value)> {
        let defaults = Self::default();
        let changed = self.keys().filter(|key| key.value(self) != key.value(&defaults));
        changed.filter_map(|key| Some((key.path, key.value(self)?))).collect()
    }
}

fn section_of(key: &Key) -> Option<&'static str> {
    key.path.split_once('.').map(|(section, _)| section)
}

fn name_of(key: &Key) -> &'static str {
    key.path.split_once('.').map_or(key.path, |(_, name)| name)
}
