//! A folder as OUT: one file for each source, to be heard or looked at.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use bss_data::{Dtype, Format, Grid, Named};
use ndarray::{ArrayD, ArrayView2, Axis};

use crate::args::SeparateArgs;
use crate::picture;

/// Writes sources (samples, sources) as `source-1.wav` and so on, or as `.png` where they are images.
///
/// # Errors
/// Sound without a sample rate; as [`prepare`].
pub(super) fn write(
    sources: ArrayView2<f64>,
    args: &SeparateArgs,
    grid: Option<Grid>,
    sample_rate: Option<f64>,
) -> Result<Vec<PathBuf>> {
    let folder: &Path = &args.out;
    let shown = folder.display();
    if grid.is_none() && sample_rate.is_none() {
        bail!(
            "{shown}: a folder gets one .wav for each source, which needs a sample rate; give --sample-rate, or \
               name a file such as {shown}.npz"
        )
    }
    let extension = if grid.is_some() { "png" } else { "wav" };
    let paths = prepare(args, sources.ncols(), extension)?;
    let files: Vec<ArrayD<f64>> = match grid {
        None => sources.axis_iter(Axis(1)).map(|source| source.to_owned().insert_axis(Axis(1)).into_dyn()).collect(),
        Some(grid) => {
            let images = grid.to_images(sources);
            images.axis_iter(Axis(2)).map(|image| picture::from_black_to_white(image).into_dyn()).collect()
        }
    };
    let dtype = if grid.is_some() { Dtype::F32 } else { args.bits.dtype() };
    for (path, values) in paths.iter().zip(&files) {
        bss_data::write(path, &[Named { name: "sources", values }], dtype, sample_rate)?;
    }
    Ok(paths)
}

/// Makes the folder, and names the files of so many sources in it.
///
/// # Errors
/// Standard deviations, which such files do not hold; a folder that is not empty, or cannot be made.
pub(super) fn prepare(args: &SeparateArgs, sources: usize, extension: &str) -> Result<Vec<PathBuf>> {
    let folder: &Path = &args.out;
    let shown = folder.display();
    ensure!(!args.std, "{shown}: .{extension} files hold no standard deviations; leave --std out, or name a .npz file");
    ensure!(
        folder.is_dir() || Format::of(folder).is_err(),
        "{shown}: is the name of a file, but each source gets a .{extension} of its own; name a folder"
    );
    let is_full = folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    ensure!(args.force || !is_full, "{shown}: is a folder that is not empty; replace files in it with --force");
    std::fs::create_dir_all(folder).map_err(|error| anyhow!(error).context(format!("{shown}: cannot be made")))?;
    let path = |j: usize| folder.join(format!("source-{j}.{extension}"));
    // Of an earlier separation into more sources, which would not go with these.
    for stale in (sources + 1..).map(path).take_while(|path| path.is_file()) {
        std::fs::remove_file(&stale).with_context(|| format!("{}: cannot be removed", stale.display()))?;
    }
    Ok((1..=sources).map(path).collect())
}
