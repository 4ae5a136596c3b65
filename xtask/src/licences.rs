//! `cargo xtask licences`: every dependency may be had under a licence that `deny.toml` lists.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;
use toml::Table;

use crate::breach::{self, Breach};
use crate::{shell, spdx};

/// Asks cargo for all dependencies on this machine's platform and judges their licences.
///
/// # Errors
/// When `deny.toml` or cargo's answer cannot be read.
pub(crate) fn run() -> Result<bool> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let breaches = find(packages, &allowed()?);
    Ok(breach::report(&format!("licences of {} packages", packages.len()), &breaches))
}

/// The list in `deny.toml`, so that cargo-deny and this chore cannot disagree.
fn allowed() -> Result<Vec<String>> {
    let text = fs::read_to_string(shell::root().join("deny.toml")).context("cannot read deny.toml")?;
    let table: Table = text.parse().context("deny.toml is not TOML")?;
    let list = table.get("licenses").and_then(|l| l.get("allow"));
    let list = list.and_then(toml::Value::as_array).context("deny.toml has no licenses.allow")?;
    Ok(list.iter().filter_map(|l| l.as_str().map(str::to_owned)).collect())
}

/// Cargo's description of all packages, from what is on this machine where that is enough.
fn metadata() -> Result<Value> {
    // Packages of other platforms are never downloaded here, so they are left out.
    let version = shell::capture(&mut shell::command("rustc", ["-vV"])).context("cannot run rustc")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc -vV names no host")?;
    let arguments = ["metadata", "--format-version", "1", "--filter-platform", host];
    let text = shell::capture(shell::cargo(&arguments).arg("--offline"))
        .or_else(|| shell::capture(&mut shell::cargo(&arguments)))
        .context("`cargo metadata` failed; run it to see why")?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}

fn find(packages: &[Value], allowed: &[String]) -> Vec<Breach> {
    packages
        .iter()
        .filter_map(|package| {
            let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
            let message = match package["license"].as_str() {
                None => "names no licence".to_owned(),
                Some(licence) => match spdx::is_allowed(licence, allowed) {
                    Ok(true) => return None,
                    Ok(false) => format!("its licence, {licence}, is not listed in deny.toml"),
                    Err(error) => error.to_string(),
                },
            };
            Some(Breach::of_file(&name, message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packages_outside_the_list_are_named() {
        let packages = [
            json!({"name": "a", "version": "1.0.0", "license": "MIT OR Apache-2.0"}),
            json!({"name": "b", "version": "2.0.0", "license": "GPL-3.0-only"}),
            json!({"name": "c", "version": "3.0.0", "license": null}),
        ];
        let breaches = find(&packages, &allowed().unwrap());
        assert_eq!(
            breach::list(&breaches),
            "b 2.0.0: its licence, GPL-3.0-only, is not listed in deny.toml\n\
             c 3.0.0: names no licence"
        );
    }
}
