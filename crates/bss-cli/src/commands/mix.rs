//! `bss mix`.

mod examples;

use anyhow::{Context as _, Result, ensure};
use bss_data::mixing::mix;
use bss_data::{Dtype, Format, Named};
use ndarray::{Array2, Axis, concatenate};

use crate::args::MixArgs;
use crate::input::{Matrix, ensure_same_size, read_matrix};
use crate::output;

/// Mixes sources into channels, or examples into mixtures.
///
/// # Errors
/// Sources that cannot be read or mixed, or a file that cannot be written.
pub(crate) fn run(args: &MixArgs) -> Result<()> {
    if let Some(mix) = args.mix {
        return examples::run(args, usize::from(mix));
    }
    let Matrix { values: sources, at, sample_rate, layout } = read_sources(args)?;
    let channels = args.channels.unwrap_or(sources.ncols());
    let mixed = mix(sources.view(), channels, args.mixing, args.noise_db, args.seed).with_context(|| at.to_string())?;
    let (samples, n_sources) = sources.dim();

    let (mixture, sources) = (layout.array(mixed.mixture.view()), layout.array(sources.view()));
    let mixing = mixed.mixing.map(Array2::into_dyn);
    let mut arrays = vec![Named { name: "mixture", values: &mixture }];
    if Format::of(&args.out)?.has_keys() {
        arrays.push(Named { name: "sources", values: &sources });
        arrays.extend(mixing.as_ref().map(|values| Named { name: "mixing", values }));
    }
    bss_data::write(&args.out, &arrays, Dtype::F64, sample_rate)?;
    output::print(&format!(
        "wrote {}: {} of {channels} channels, {} mixing of {n_sources} sources (seed {})\n",
        args.out.display(),
        layout.extent(samples),
        args.mixing.name(),
        args.seed
    ))
}

/// The sources of a file, or of several with images.
fn read_sources(args: &MixArgs) -> Result<Matrix> {
    let read = |file: &String| read_matrix(file, "sources", args.channels_first);
    let (first, others) = args.sources.split_first().context("no sources; expected at least one file")?;
    let mut sources = read(first)?;
    for file in others {
        let other = read(file)?;
        ensure!(
            sources.layout.grid.is_some(),
            "{first}: only images are taken from several files; name one file that holds all sources"
        );
        ensure_same_size((first, sources.layout.grid), (file, other.layout.grid))?;
        sources.values = concatenate(Axis(1), &[sources.values.view(), other.values.view()])?;
    }
    Ok(sources)
}
