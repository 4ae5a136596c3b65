//! Rules on a crate's `Cargo.toml`: one place for lints and versions, one crate that links HDF5.

use crate::breach::Breach;
use crate::manifest::Manifest;

/// The one crate that links the HDF5 library.
const HDF5_CRATE: &str = "bss-data";

/// The breaches in one manifest.
pub(crate) fn check(manifest: &Manifest) -> Vec<Breach> {
    let mut messages = Vec::new();
    if !manifest.has_lints_of_workspace() {
        messages.push("lacks `[lints] workspace = true`".to_owned());
    }
    for dependency in manifest.dependencies() {
        let name = dependency.name;
        if !dependency.is_of_workspace() {
            messages.push(format!(
                "{name} is declared here; declare it in the root Cargo.toml and write `{name}.workspace = true`"
            ));
        }
        if name.starts_with("hdf5") && manifest.name() != HDF5_CRATE {
            messages.push(format!("depends on {name}; only {HDF5_CRATE} links HDF5"));
        }
    }
    messages.into_iter().map(|message| Breach::of_file(&manifest.path, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_breaches(text: &str) -> usize {
        check(&Manifest::parse("crates/a/Cargo.toml", text).unwrap()).len()
    }

    #[test]
    fn a_manifest_that_leans_on_the_workspace_passes() {
        let text = "
            package.name = 'bss-data'
            lints.workspace = true
            dependencies.hdf5.workspace = true
        ";
        assert_eq!(n_breaches(text), 0);
    }

    #[test]
    fn each_departure_is_a_breach() {
        assert_eq!(n_breaches("package.name = 'a'"), 1);
        assert_eq!(n_breaches("package.name = 'a'\nlints.workspace = true\ndev-dependencies.b = '1'"), 1);
        let linking = "package.name = 'a'\nlints.workspace = true\ndependencies.hdf5.workspace = true";
        assert_eq!(n_breaches(linking), 1);
    }
}
