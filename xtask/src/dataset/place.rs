//! Where a set is kept when nobody says otherwise.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The folder of the set called `name`: in `$BSS_DATA`, or else in the user's cache.
///
/// # Errors
/// When the user has no home.
pub(super) fn folder(name: &str) -> Result<PathBuf> {
    let data = root(|variable| env::var_os(variable), env::home_dir());
    Ok(data.context("no home folder is known; name a folder with --to, or set BSS_DATA")?.join(name))
}

/// The folder of all sets. As the XDG base directory specification wants it, a cache that is no absolute path is ignored.
fn root(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(data) = path("BSS_DATA") {
        return Some(data);
    }
    let cache = path("XDG_CACHE_HOME").filter(|cache| cache.is_absolute());
    let cache = cache.or_else(|| Some(home.filter(|home| !home.as_os_str().is_empty())?.join(".cache")));
    Some(cache?.join("bss"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_nearest_setting_counts() {
        let with = |set: &'static [(&str, &str)], home: Option<&str>| {
            let variable =
                |name: &str| set.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(value));
            root(variable, home.map(PathBuf::from))
        };
        let home = Some("/home/ada");
        for (set, expected) in [
            (&[][..], "/home/ada/.cache/bss"),
            (&[("BSS_DATA", "data")], "data"),
            (&[("BSS_DATA", "")], "/home/ada/.cache/bss"),
            (&[("XDG_CACHE_HOME", "/scratch")], "/scratch/bss"),
            (&[("XDG_CACHE_HOME", "scratch")], "/home/ada/.cache/bss"),
            (&[("XDG_CACHE_HOME", "/scratch"), ("BSS_DATA", "/data")], "/data"),
        ] {
            assert_eq!(with(set, home).as_deref(), Some(Path::new(expected)), "{set:?}");
        }
        assert_eq!(with(&[], None), None);
    }
}
