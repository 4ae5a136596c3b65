//! `bss synth`.

use anyhow::{Result, ensure};
use bss_data::synth::{Family, synthesise_all};
use bss_data::{Dtype, Named};
use ndarray::s;

use crate::args::SynthArgs;
use crate::output;

/// Writes the sources of one family or of several.
///
/// # Errors
/// An unknown family, no samples, no sources or more than there are, or a file that cannot be written.
pub(crate) fn run(args: &SynthArgs) -> Result<()> {
    let families: Vec<Family> = args.families.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>()?;
    ensure!(args.samples >= 2, "--samples is {}, expected at least 2", args.samples);
    let available: usize = families.iter().map(|family| family.n_sources()).sum();
    let n_sources = args.sources.unwrap_or(available);
    ensure!(n_sources > 0, "--sources is 0, expected at least 1");
    ensure!(
        n_sources <= available,
        "--sources is {n_sources}, but {} has {available}; name more families, separated by commas",
        args.families
    );
    let sources = synthesise_all(&families, args.samples, args.seed).slice_move(s![.., ..n_sources]);
    let values = if args.channels_first { sources.reversed_axes() } else { sources }.into_dyn();
    bss_data::write(&args.out, &[Named { name: "sources", values: &values }], Dtype::F64, None)?;
    let names: Vec<&str> = families.iter().map(|family| family.name()).collect();
    output::print(&format!(
        "wrote {}: {} samples of {n_sources} sources, {} (seed {})\n",
        args.out.display(),
        args.samples,
        names.join(", "),
        args.seed
    ))
}
