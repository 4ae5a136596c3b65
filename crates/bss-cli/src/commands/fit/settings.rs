//! What tells a run from another: its settings and its data.

use std::borrow::Cow;

use anyhow::{Result, bail, ensure};
use bss_train::RunFolder;
use serde_json::Value;

use crate::args::FitArgs;
use crate::config::Config;

/// The options with the inputs of the run that is resumed, where they name none.
pub(super) fn with_inputs(args: &FitArgs) -> Result<Cow<'_, FitArgs>> {
    if !args.inputs.is_empty() {
        return Ok(Cow::Borrowed(args));
    }
    let inputs = Config::load(Some(&RunFolder::open(&args.out)?.config()), &[])?.data.inputs;
    Ok(Cow::Owned(FitArgs { inputs, ..args.clone() }))
}

/// The settings of the run in the folder; options that say something else are refused.
///
/// What neither options, `--preset` nor `--config` say was found out at the start of the run, such as the number of sources.
pub(super) fn resumed(args: &FitArgs) -> Result<Config> {
    let path = RunFolder::open(&args.out)?.config();
    let saved = Config::load(Some(&path), &[])?;
    let base = args.config.clone().or_else(|| args.preset.is_none().then(|| path.clone()));
    let asked = Config::for_fit(&FitArgs { config: base, ..args.clone() })?;
    for (key, was, now) in saved.differences(&asked) {
        // The same file may be reached by another path; its values are compared instead. Where it began, a run needs no more.
        if !["data.inputs", "learning.start"].contains(&key) && now != "none" {
            bail!(
                "{key} is {was} in {}, but {now} was asked for; a run is resumed with its own settings: leave that out, \
                 or start anew with --force",
                path.display()
            );
        }
    }
    Ok(saved)
}

/// Refuses to go on from a state, of which this is the description, with other data or settings.
pub(super) fn ensure_same(
    state: &Value,
    fingerprint: &str,
    config: &Config,
    folder: &RunFolder,
    label: &str,
) -> Result<()> {
    ensure!(
        state["data"] == fingerprint,
        "{}: was fitted to other data than {label}; resume with the same input, or start anew with --force",
        folder.path().display()
    );
    // Settings that have come since have their defaults in both.
    let saved = Config::from_toml(state["config"].as_str().unwrap_or_default());
    ensure!(
        saved.is_ok_and(|saved| saved.model == config.model && saved.differences(config).is_empty()),
        "{}: was changed since the run's state was saved; undo the change, or start anew with --force",
        folder.config().display()
    );
    Ok(())
}

/// A number that tells data apart: Fowler, Noll and Vo's hash of their shape and bits.
pub(super) fn fingerprint(shape: &[usize], bits: impl Iterator<Item = u64>) -> String {
    let words = shape.iter().map(|&length| length as u64).chain(bits);
    let hash = words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
