//! What tells a run from another: its settings and its data.

use anyhow::{Result, bail};
use bss_train::RunFolder;
use ndarray::Array2;

use crate::args::FitArgs;
use crate::config::Config;

/// The settings of the run in the folder; options that say something else are refused.
///
/// What neither options nor `--config` say was found out at the start of the run, such as the number of sources.
pub(super) fn resumed(args: &FitArgs) -> Result<Config> {
    let path = RunFolder::open(&args.out)?.config();
    let saved = Config::load(Some(&path), &[])?;
    let asked = Config::for_fit(&FitArgs { config: args.config.clone().or(Some(path.clone())), ..args.clone() })?;
    for (key, was, now) in saved.differences(&asked) {
        // The same file may be reached by another path; its values are compared instead.
        if key != "data.inputs" && now != "none" {
            bail!(
                "{key} is {was} in {}, but {now} was asked for; a run is resumed with its own settings: leave that out, \
                 or start anew with --force",
                path.display()
            );
        }
    }
    Ok(saved)
}

/// A number that tells recordings apart: Fowler, Noll and Vo's hash of shape and bits.
pub(super) fn fingerprint(values: &Array2<f64>) -> String {
    let words = [values.nrows() as u64, values.ncols() as u64].into_iter().chain(values.iter().map(|v| v.to_bits()));
    let hash = words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
