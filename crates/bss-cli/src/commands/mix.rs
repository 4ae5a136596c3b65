//! `bss mix`.

use anyhow::{Context as _, Result};
use bss_data::mixing::mix;
use bss_data::{Dtype, Format, Named};
use ndarray::Array2;

use crate::args::MixArgs;
use crate::input::read_matrix;
use crate::output;

/// Mixes sources into channels.
///
/// # Errors
/// Sources that cannot be read or mixed, or a file that cannot be written.
pub(crate) fn run(args: &MixArgs) -> Result<()> {
    let (sources, location, sample_rate) = read_matrix(&args.sources, "sources", args.channels_first)?;
    let channels = args.channels.unwrap_or(sources.ncols());
    let mixed =
        mix(sources.view(), channels, args.mixing, args.noise_db, args.seed).with_context(|| location.to_string())?;
    let (samples, n_sources) = sources.dim();

    let turned = |values: Array2<f64>| if args.channels_first { values.reversed_axes() } else { values }.into_dyn();
    let (mixture, sources) = (turned(mixed.mixture), turned(sources));
    let mixing = mixed.mixing.map(Array2::into_dyn);
    let mut arrays = vec![Named { name: "mixture", values: &mixture }];
    if Format::of(&args.out)?.has_keys() {
        arrays.push(Named { name: "sources", values: &sources });
        arrays.extend(mixing.as_ref().map(|values| Named { name: "mixing", values }));
    }
    bss_data::write(&args.out, &arrays, Dtype::F64, sample_rate)?;
    output::print(&format!(
        "wrote {}: {samples} samples of {channels} channels, {} mixing of {n_sources} sources (seed {})\n",
        args.out.display(),
        args.mixing.name(),
        args.seed
    ))
}
