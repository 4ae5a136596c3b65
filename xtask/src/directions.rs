//! `cargo xtask directions`: dependencies among the crates point one way, the way of the data.

use anyhow::Result;

use crate::breach::{self, Breach};
use crate::manifest::{self, Manifest};

/// The crate on the left may depend on those on the right, and on no other of the workspace.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("bss-nn", &[]),
    ("bss-data", &[]),
    ("bss-metrics", &[]),
    ("bss-priors", &["bss-nn"]),
    ("bss-posteriors", &["bss-nn"]),
    ("bss-models", &["bss-nn", "bss-priors", "bss-posteriors"]),
    ("bss-baselines", &["bss-nn", "bss-models"]),
    ("bss-train", &["bss-nn", "bss-models", "bss-priors", "bss-posteriors", "bss-data"]),
    (
        "bss-cli",
        &[
            "bss-nn",
            "bss-data",
            "bss-metrics",
            "bss-priors",
            "bss-posteriors",
            "bss-models",
            "bss-baselines",
            "bss-train",
        ],
    ),
    // It has to run before HDF5 is there, so it stands alone.
    ("xtask", &[]),
];

/// Checks every manifest and prints the breaches.
///
/// # Errors
/// When a manifest cannot be read.
pub(crate) fn run() -> Result<bool> {
    Ok(breach::report("dependency directions", &find()?))
}

/// The breaches in the workspace's manifests.
fn find() -> Result<Vec<Breach>> {
    Ok(manifest::of_workspace()?.iter().flat_map(in_manifest).collect())
}

/// The breaches in one manifest. Tests may use any crate but the one at the end.
fn in_manifest(manifest: &Manifest) -> Vec<Breach> {
    let name = manifest.name();
    let Some((_, allowed)) = ALLOWED.iter().find(|(crate_name, _)| *crate_name == name) else {
        let message = format!("crate {name} has no row in the table of xtask/src/directions.rs");
        return vec![Breach::of_file(&manifest.path, message)];
    };
    manifest
        .dependencies()
        .into_iter()
        .filter(|dependency| dependency.name.starts_with("bss-"))
        .filter(
            |dependency| {
                if dependency.is_dev { dependency.name == "bss-cli" } else { !allowed.contains(&dependency.name) }
            },
        )
        .map(|dependency| {
            let message = format!("{name} must not depend on {}", dependency.name);
            Breach::of_file(&manifest.path, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let manifest = Manifest::parse("crates/x/Cargo.toml", text).unwrap();
        in_manifest(&manifest).into_iter().map(|breach| breach.message).collect()
    }

    #[test]
    fn the_workspace_points_one_way() {
        let breaches = find().unwrap();
        assert!(breaches.is_empty(), "\n{}", breach::list(&breaches));
    }

    #[test]
    fn an_arrow_backwards_is_a_breach() {
        let text = "
            package.name = 'bss-priors'
            dependencies.bss-nn.workspace = true
            dependencies.bss-data.workspace = true
            dev-dependencies.bss-metrics.workspace = true
        ";
        assert_eq!(messages(text), ["bss-priors must not depend on bss-data"]);
    }

    #[test]
    fn not_even_tests_depend_on_the_binary() {
        let text = "
            package.name = 'bss-train'
            dev-dependencies.bss-cli.workspace = true
        ";
        assert_eq!(messages(text), ["bss-train must not depend on bss-cli"]);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(messages("package.name = 'bss-new'").len(), 1);
    }

    #[test]
    fn the_table_itself_has_no_cycle() {
        // Rows name only crates of earlier rows, so following them always ends.
        for (row, (_, allowed)) in ALLOWED.iter().enumerate() {
            for name in *allowed {
                let position = ALLOWED.iter().position(|(crate_name, _)| crate_name == name);
                assert!(position.unwrap() < row, "{name} is named before its own row");
            }
        }
    }
}
