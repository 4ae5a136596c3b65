//! What files hold beside an array of sources.

use anyhow::Result;
use bss_data::{Format, Location};

/// The array of that name in the same file and group as the array `sources`; of a file `e.npy`, which has one array
/// only, the file `e.NAME.npy`. A folder of stems has nothing.
pub(super) fn beside(sources: &Location, name: &str) -> Result<Option<Location>> {
    if sources.path.is_dir() {
        return Ok(None);
    }
    let location = if Format::of(&sources.path)? == Format::Npy {
        Location { path: sources.path.with_extension(format!("{name}.npy")), key: None }
    } else {
        let Some(group) = sources.key.as_deref().and_then(|key| key.strip_suffix("sources")) else { return Ok(None) };
        Location::with_key(&sources.path, format!("{group}{name}"))
    };
    if !location.path.is_file() {
        return Ok(None);
    }
    let is_it = |key: &str| location.key.as_deref().is_none_or(|own| own.trim_matches('/') == key.trim_matches('/'));
    let is_there = bss_data::inspect(&location.path)?.iter().any(|entry| is_it(&entry.name));
    Ok(is_there.then_some(location))
}
