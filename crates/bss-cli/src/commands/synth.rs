//! `bss synth`.

use anyhow::{Result, ensure};
use bss_data::synth::{self, Family, synthesise_all};
use bss_data::{Dtype, Grid, Named, Traversal};
use ndarray::{Array2, s};

use crate::args::{IMAGES, SynthArgs};
use crate::layout::Layout;
use crate::output;

/// Writes the sources of one family or of several, or images.
///
/// # Errors
/// An unknown family, no samples, no sources or more than there are, or a file that cannot be written.
pub(crate) fn run(args: &SynthArgs) -> Result<()> {
    let families: Vec<&str> = args.families.split(',').map(str::trim).collect();
    let (sources, grid) = if families == [IMAGES] { images(args)? } else { (signals(&families, args)?, None) };
    let (n_sources, available) = (args.sources.unwrap_or(sources.ncols()), sources.ncols());
    ensure!(n_sources > 0, "--sources is 0, expected at least 1");
    ensure!(
        n_sources <= available,
        "--sources is {n_sources}, but {} has {available}{}",
        args.families,
        if grid.is_none() { "; name more families, separated by commas" } else { "" }
    );
    let layout = Layout { channels_first: args.channels_first, grid };
    let values = layout.array(sources.slice(s![.., ..n_sources]));
    bss_data::write(&args.out, &[Named { name: "sources", values: &values }], Dtype::F64, None)?;
    output::print(&format!(
        "wrote {}: {} of {n_sources} sources, {} (seed {})\n",
        args.out.display(),
        layout.extent(args.samples),
        families.join(", "),
        args.seed
    ))
}

/// The sources (samples, sources) of the families.
fn signals(families: &[&str], args: &SynthArgs) -> Result<Array2<f64>> {
    ensure!(!families.contains(&IMAGES), "{}: {IMAGES} are drawn alone; leave out the other families", args.families);
    let families: Vec<Family> = families.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
    ensure!(args.samples >= 2, "--samples is {}, expected at least 2", args.samples);
    Ok(synthesise_all(&families, args.samples, args.seed))
}

/// Square images as (pixels, images).
fn images(args: &SynthArgs) -> Result<(Array2<f64>, Option<Grid>)> {
    let side = args.samples.isqrt();
    ensure!(
        side >= 2 && side * side == args.samples,
        "--samples is {}, but images are square; expected a square such as {}",
        args.samples,
        (side + 1).max(2).pow(2)
    );
    let grid = Grid { height: side, width: side, traversal: Traversal::Raster };
    Ok((grid.to_samples(synth::images(side, side, args.seed).view()), Some(grid)))
}
