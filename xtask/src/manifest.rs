//! The parts of a crate's `Cargo.toml` that the house rules speak of.

use std::fs;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::shell;

/// One crate of the workspace, by its manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The manifest's path from the root of the workspace.
    pub(crate) path: String,
    table: Table,
}

/// A line among a manifest's dependencies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dependency<'a> {
    /// Name on the left of the line.
    pub(crate) name: &'a str,
    /// Whether only tests, examples and benchmarks have it.
    pub(crate) is_dev: bool,
    value: &'a Value,
}

impl Dependency<'_> {
    /// Whether version and source are the workspace's.
    pub(crate) fn is_of_workspace(&self) -> bool {
        self.value.get("workspace").and_then(Value::as_bool) == Some(true)
    }
}

impl Manifest {
    /// Parses a manifest's text.
    ///
    /// # Errors
    /// When it is not TOML.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self> {
        let table = text.parse().with_context(|| format!("{path} is not TOML"))?;
        Ok(Self { path: path.to_owned(), table })
    }

    /// The crate's name.
    pub(crate) fn name(&self) -> &str {
        let package = self.table.get("package").and_then(|p| p.get("name"));
        package.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the crate takes its lints from the workspace.
    pub(crate) fn has_lints_of_workspace(&self) -> bool {
        let lints = self.table.get("lints").and_then(|l| l.get("workspace"));
        lints.and_then(Value::as_bool) == Some(true)
    }

    /// All dependencies: for the library, for building, for tests, and those of one target only.
    pub(crate) fn dependencies(&self) -> Vec<Dependency<'_>> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let of_targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        std::iter::once(&self.table)
            .chain(of_targets)
            .flat_map(|table| {
                let kinds = [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)];
                kinds.into_iter().filter_map(|(kind, is_dev)| Some((table.get(kind)?.as_table()?, is_dev)))
            })
            .flat_map(|(lines, is_dev)| lines.iter().map(move |(name, value)| Dependency { name, is_dev, value }))
            .collect()
    }
}

/// The manifests of `crates/*` and of xtask, in the order of their paths.
///
/// # Errors
/// When one cannot be read or parsed.
pub(crate) fn of_workspace() -> Result<Vec<Manifest>> {
    let folder = fs::read_dir(shell::root().join("crates")).context("cannot list crates/")?;
    let mut paths = vec!["xtask/Cargo.toml".to_owned()];
    for entry in folder {
        let name = entry?.file_name();
        let path = format!("crates/{}/Cargo.toml", name.display());
        if shell::root().join(&path).is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(shell::root().join(path));
            Manifest::parse(path, &text.with_context(|| format!("cannot read {path}"))?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_dependency_is_seen() {
        let text = "
            [package]
            name = 'demo'
            [lints]
            workspace = true
            [dependencies]
            a.workspace = true
            [target.'cfg(unix)'.dependencies]
            b = '1'
            [build-dependencies]
            c = { workspace = true, features = ['x'] }
            [dev-dependencies]
            d = { path = '../d' }
        ";
        let manifest = Manifest::parse("crates/demo/Cargo.toml", text).unwrap();
        let mut seen: Vec<_> =
            manifest.dependencies().iter().map(|d| (d.name, d.is_dev, d.is_of_workspace())).collect();
        seen.sort_unstable();
        assert_eq!(seen, [("a", false, true), ("b", false, false), ("c", false, true), ("d", true, false)]);
        assert_eq!(manifest.name(), "demo");
        assert!(manifest.has_lints_of_workspace());
    }
}
