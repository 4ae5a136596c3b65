//! `cargo xtask tidy`: the house rules, each a function from text to breaches.
//!
//! A test runs them over the whole tree, so that `cargo test` finds a breach as well.

mod fixtures;
mod machine_paths;
mod manifests;
mod sources;
mod tree;

use anyhow::Result;

use crate::breach::{self, Breach};
use crate::{manifest, shell};

/// Checks every rule and prints the breaches.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn run() -> Result<bool> {
    Ok(breach::report("tidy", &find()?))
}

/// The breaches of all rules in the tree.
fn find() -> Result<Vec<Breach>> {
    let files = tree::files(shell::root())?;
    let mut breaches = Vec::new();
    for file in &files {
        let Some(text) = file.text() else { continue };
        breaches.extend(sources::check(&file.path, text));
        breaches.extend(machine_paths::check(&file.path, text));
    }
    breaches.extend(manifest::of_workspace()?.iter().flat_map(manifests::check));
    breaches.extend(fixtures::check(&files));
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let breaches = find().unwrap();
        assert!(breaches.is_empty(), "\n{}", breach::list(&breaches));
    }
}
