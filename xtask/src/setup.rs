//! `cargo xtask setup`: sees to what a fresh machine lacks, a C compiler apart from Rust and HDF5.

use std::env;

use anyhow::{Result, bail};

use crate::hdf5::{self, Place};
use crate::package_manager::{self, Installer};
use crate::shell;

/// Looks for the C compiler and HDF5, installs what is missing where it may, and looks again.
///
/// Returns `false` after printing the line that the user has to run.
///
/// # Errors
/// When `HDF5_DIR` points to a folder without HDF5, or the package manager cannot be started.
pub(crate) fn run() -> Result<bool> {
    let place = hdf5::find()?;
    if has_compiler()
        && let Some(place) = &place
    {
        println!("setup: HDF5 found, {place}");
        return Ok(true);
    }
    install(place.as_ref())
}

/// Installs whatever is missing.
fn install(place: Option<&Place>) -> Result<bool> {
    let missing = match (place, has_compiler()) {
        (None, true) => "the HDF5 library",
        (Some(_), false) => "a C compiler",
        (None, false) => "a C compiler and the HDF5 library",
        (Some(_), true) => return Ok(true),
    };
    println!("setup: {missing} not found");
    let Some(manager) = package_manager::of_this_machine() else {
        println!(
            "setup: no package manager that this chore knows; install {missing} by hand (HDF5 with \
             its headers, and pkg-config, or set HDF5_DIR to a folder with include/ and lib/)"
        );
        return Ok(false);
    };
    let lines = manager.lines(place.is_none(), !has_compiler());
    let Some(installer) = Installer::of_this_machine(manager) else {
        println!("setup: run this once, then try again:\n\n    {}\n", manager.advice(&lines));
        return Ok(false);
    };
    println!("setup: installing with {}", manager.program);
    for words in &lines {
        if !shell::announce_and_run(&mut installer.command(words))? {
            println!("setup: that failed; run this, then try again:\n\n    {}\n", manager.advice(&lines));
            return Ok(false);
        }
    }
    match hdf5::find()? {
        Some(place) if has_compiler() => {
            println!("setup: HDF5 installed, {place}");
            Ok(true)
        }
        _ => bail!("{missing} still not found after installing; set HDF5_DIR and CC by hand"),
    }
}

/// Whether a C compiler is at hand, which is also Rust's linker.
fn has_compiler() -> bool {
    env::var_os("CC").is_some() || ["cc", "gcc", "clang", "cl"].iter().any(|name| shell::is_installed(name))
}
