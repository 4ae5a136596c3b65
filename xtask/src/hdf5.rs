//! Where the system's HDF5 is: the same places, in the same order, as the bindings' build script looks.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::shell;

/// Where HDF5 was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The folder that `HDF5_DIR` names.
    Variable(PathBuf),
    /// Homebrew's folder of the package.
    Homebrew(PathBuf),
    /// Known to pkg-config, with this version.
    PkgConfig(String),
    /// Headers in a default folder.
    Headers(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(folder) => write!(f, "HDF5_DIR is {}", folder.display()),
            Self::Homebrew(folder) => write!(f, "Homebrew has it in {}", folder.display()),
            Self::PkgConfig(version) => write!(f, "pkg-config knows version {version}"),
            Self::Headers(folder) => write!(f, "headers in {}", folder.display()),
        }
    }
}

/// Looks for HDF5; `None` where there is none.
///
/// # Errors
/// When `HDF5_DIR` is set to a folder that has no HDF5: the build would fail on it.
pub(crate) fn find() -> Result<Option<Place>> {
    if let Some(folder) = env::var_os("HDF5_DIR").map(PathBuf::from) {
        return in_variable(&folder).map(Some);
    }
    if cfg!(target_os = "macos")
        && let Some(folder) = shell::capture(&mut shell::command("brew", ["--prefix", "hdf5"]))
    {
        let folder = PathBuf::from(folder.trim());
        if has_headers(&folder.join("include")) {
            return Ok(Some(Place::Homebrew(folder)));
        }
    }
    let query = &mut shell::command("pkg-config", ["--modversion", "hdf5"]);
    if let Some(version) = shell::capture(query) {
        return Ok(Some(Place::PkgConfig(version.trim().to_owned())));
    }
    Ok(default_folders().iter().map(PathBuf::from).find(|folder| has_headers(folder)).map(Place::Headers))
}

fn in_variable(folder: &Path) -> Result<Place> {
    // A conda environment on Windows keeps its headers below Library.
    if has_headers(&folder.join("include")) || has_headers(&folder.join("Library/include")) {
        return Ok(Place::Variable(folder.to_owned()));
    }
    bail!(
        "HDF5_DIR is {}, which has no include/H5pubconf.h; set it to the folder that holds include \
         and lib, or unset it",
        folder.display()
    )
}

/// Folders that are searched without pkg-config.
///
/// Debian's folder counts on this architecture only, because the build script knows no other's
/// library folder.
fn default_folders() -> &'static [&'static str] {
    if !cfg!(target_os = "linux") {
        &[]
    } else if cfg!(target_arch = "x86_64") {
        &["/usr/include/hdf5/serial", "/usr/include"]
    } else {
        &["/usr/include"]
    }
}

fn has_headers(folder: &Path) -> bool {
    ["H5pubconf.h", "H5pubconf-64.h"].iter().any(|name| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_folder_in_the_variable_is_refused_with_the_mend() {
        let error = in_variable(Path::new("/nowhere/hdf5")).unwrap_err();
        assert!(error.to_string().contains("HDF5_DIR is /nowhere/hdf5"));
        assert!(error.to_string().contains("unset it"));
    }
}
