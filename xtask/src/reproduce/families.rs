//! Every synthetic family, mixed at random, by the defaults, by two other priors and by the classical methods.
//!
//! A cell is one method on one mixture. [`grid`] names them, [`measure`] runs them, [`keep`] holds the finished ones,
//! [`page`] and [`results`] write them down, [`compare`] holds them against the stored ones.

mod cell;
mod compare;
mod grid;
mod keep;
mod measure;
mod page;
mod results;
mod standing;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::results::TOLERANCE;
use super::{Preset, binary, bss, machine};
use crate::shell;
use cell::Cell;
pub(super) use grid::FAMILIES;
use keep::Keep;
use page::Circumstances;

/// Runs the cells of the preset, and writes or checks the stored result.
pub(super) fn run(preset: Preset, check: bool, minutes: Option<u64>) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let folder = shell::target_dir().join("reproduce").join("families");
    let keep = Keep::of_program(&folder, &binary())?;
    let deadline = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let cells = measure::measure(&preset.cases(), &keep, deadline)?;
    println!("{} of {} cells are finished", cells.len(), preset.cells().len());

    let stored = shell::root().join("docs").join("experiments").join("families");
    let path = stored.join("results.json");
    if check {
        return Ok(agrees(preset, &cells, &results::read(&path)?));
    }
    let circumstances = Circumstances { preset, program: bss(&["--version"])?.trim().to_owned(), machine: machine() };
    if path.is_file() && results::holds_more(&results::read(&path)?, &cells) {
        println!("{} has cells that were not run now: it stays as it is", path.display());
        return write(&folder, &cells, &circumstances);
    }
    write(&stored, &cells, &circumstances)
}

/// Prints what differs from the stored result.
fn agrees(preset: Preset, cells: &[Cell], stored: &[Cell]) -> bool {
    let comparison = compare::compare(&preset.cells(), cells, stored);
    comparison.gains.iter().for_each(|line| println!("better  {line}"));
    comparison.failures.iter().for_each(|line| println!("FAILED  {line}"));
    let (failures, all) = (comparison.failures.len(), preset.cells().len());
    println!("{} of {all} cells are as stored, or better; tolerance {}", all - failures, TOLERANCE);
    failures == 0
}

fn write(folder: &Path, cells: &[Cell], circumstances: &Circumstances) -> Result<bool> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("results.json"), results::to_text(cells, circumstances))?;
    fs::write(folder.join("README.md"), page::page(cells, circumstances))?;
    println!("wrote {}", folder.display());
    Ok(true)
}
