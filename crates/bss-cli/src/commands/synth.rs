//! `bss synth`.

use anyhow::{Result, ensure};
use bss_data::synth::{Family, synthesise};
use bss_data::{Dtype, Named};

use crate::args::SynthArgs;
use crate::output;

/// Writes the sources of a family.
///
/// # Errors
/// An unknown family, no samples, or a file that cannot be written.
pub(crate) fn run(args: &SynthArgs) -> Result<()> {
    let family: Family = args.family.parse()?;
    ensure!(args.samples >= 2, "--samples is {}, expected at least 2", args.samples);
    let sources = synthesise(family, args.samples, args.seed);
    let values = if args.channels_first { sources.reversed_axes() } else { sources }.into_dyn();
    bss_data::write(&args.out, &[Named { name: "sources", values: &values }], Dtype::F64, None)?;
    output::print(&format!(
        "wrote {}: {} samples of {} sources, {} (seed {})\n",
        args.out.display(),
        args.samples,
        family.n_sources(),
        family.name(),
        args.seed
    ))
}
