//! `results.json`: every cell on a line of its own, with what it was made with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::cell::Cell;
use super::grid::FIRST_SEED;
use super::page::Circumstances;
use crate::reproduce::Preset;

/// The file's text.
pub(super) fn to_text(cells: &[Cell], circumstances: &Circumstances) -> String {
    let preset = circumstances.preset;
    let about = json!({
        "command": format!("cargo xtask reproduce families --preset {}", preset.name()),
        "planned": preset.cells().len(),
        "first_seed": FIRST_SEED,
        "program": circumstances.program,
        "machine": circumstances.machine,
    });
    let lines: Vec<String> = cells.iter().map(|cell| cell.to_json().to_string()).collect();
    format!("{{\"about\": {about},\n\"cells\": [\n{}\n]}}\n", lines.join(",\n"))
}

/// The cells of a file that [`to_text`] made.
///
/// # Errors
/// When it cannot be read, or is not one.
pub(super) fn read(path: &Path) -> Result<Vec<Cell>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    of_text(&text).with_context(|| format!("{} is not a result of this experiment", path.display()))
}

fn of_text(text: &str) -> Result<Vec<Cell>> {
    let value: Value = serde_json::from_str(text)?;
    value["cells"].as_array().context("it has no `cells`")?.iter().map(Cell::of_json).collect()
}

/// Whether the stored cells hold one that these do not, and that the experiment still has.
pub(super) fn holds_more(stored: &[Cell], cells: &[Cell]) -> bool {
    let known: BTreeSet<String> = Preset::Paper.cells().into_iter().collect();
    let names: BTreeSet<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
    stored.iter().any(|cell| known.contains(&cell.name) && !names.contains(cell.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::cell::cell;
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let cells = [cell("base/iid/21/ar-flow", 0.5), cell("base/iid/21/sobi", 0.25)];
        let (program, machine) = ("bss 0.1.0".to_owned(), "2 cores".to_owned());
        let text = to_text(&cells, &Circumstances { preset: Preset::Quick, program, machine });
        assert_eq!(of_text(&text).unwrap(), cells);
        assert_eq!(text.lines().count(), 5);
        assert!(of_text("[]").is_err());
    }

    #[test]
    fn a_smaller_run_is_told_from_one_as_large() {
        let [one, other, gone] =
            ["base/iid/21/ar-flow", "base/iid/22/ar-flow", "old/iid/1/x"].map(|name| cell(name, 0.5));
        assert!(holds_more(&[one.clone(), other.clone()], std::slice::from_ref(&one)));
        assert!(!holds_more(&[one.clone(), gone], &[other, one]));
    }
}
