//! The files of the project: those that git tracks, and new ones beside them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::shell;

/// Folders whose new files are checked before git knows them.
const OWN_FOLDERS: [&str; 6] = ["crates", "xtask", "docs", "fixtures", ".ci", ".cargo"];

/// A file with its path from the root, with forward slashes.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// The text, where the file is one.
    pub(crate) fn text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok().filter(|text| !text.contains('\0'))
    }
}

/// Whether the file's name ends on one of the extensions, given without the dot.
pub(crate) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(path).extension();
    extension.is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

/// All files of the project, in the order of their paths.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn files(root: &Path) -> Result<Vec<File>> {
    let paths = match tracked_and_new() {
        Some(paths) => paths,
        // An unpacked archive has no git: every file in it is the project's.
        None => walked(root)?,
    };
    paths
        .into_iter()
        .filter(|path| root.join(path).is_file())
        .map(|path| {
            let bytes = fs::read(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
            Ok(File { path, bytes })
        })
        .collect()
}

fn tracked_and_new() -> Option<BTreeSet<String>> {
    let tracked = git(&["ls-files", "-z"])?;
    let mut arguments = vec!["ls-files", "-z", "--others", "--exclude-standard", "--"];
    arguments.extend(OWN_FOLDERS);
    Some(&tracked | &git(&arguments)?)
}

fn git(arguments: &[&str]) -> Option<BTreeSet<String>> {
    let list = shell::capture(&mut shell::command("git", arguments))?;
    Some(list.split_terminator('\0').map(str::to_owned).collect())
}

/// The project's own folders and the files beside them, without git's help.
fn walked(root: &Path) -> Result<BTreeSet<String>> {
    let mut paths = BTreeSet::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let list = fs::read_dir(root.join(&folder)).with_context(|| format!("cannot list {folder}"))?;
        for entry in list {
            let entry = entry?;
            let name = entry.file_name();
            let path = format!("{folder}{}", name.display());
            if entry.file_type()?.is_file() {
                paths.insert(path);
            } else if folder.is_empty() && OWN_FOLDERS.contains(&path.as_str())
                || !folder.is_empty() && name != "target" && name != "__pycache__"
            {
                folders.push(format!("{path}/"));
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_finds_nested_and_root_files_and_no_build_outputs() {
        let paths = walked(shell::root()).unwrap();
        assert!(paths.contains("Cargo.toml"));
        assert!(paths.contains("xtask/src/tidy/tree.rs"));
        assert!(!paths.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }
}
