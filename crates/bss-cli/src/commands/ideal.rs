//! `bss ideal`.

use anyhow::{Result, bail, ensure};
use bss_baselines::{binary_masks, masked, ratio_masks};
use bss_data::{Dtype, Named};
use ndarray::{Array3, ArrayD, ArrayView3, Axis, IxDyn};

use crate::args::{IdealArgs, IdealMask};
use crate::config::Config;
use crate::front_end::FrontEnd;
use crate::input::{Examples, Take, read_examples};
use crate::output;

/// Separates the mixtures of true sources by ideal masks.
///
/// # Errors
/// Sources that cannot be read or are no dataset, a file that cannot be written.
pub(crate) fn run(args: &IdealArgs) -> Result<()> {
    let front_end = FrontEnd::of(&Config::load(None, &args.set)?)?;
    let take = front_end.as_ref().map_or(Take::Any, Take::Sound);
    let examples = read_examples(std::slice::from_ref(&args.input), Some("sources"), take)?;
    if let (None, Some(rate)) = (&front_end, examples.sample_rate) {
        bail!(
            "{}: is sound of {rate} samples per second, whose spectra are masked; give --set front-end.kind=stft",
            examples.label
        );
    }
    let [sources, of_source @ ..] = examples.shape.as_slice() else { unreachable!("an example has a dimension") };
    ensure!(
        of_source.len() >= front_end.as_ref().map_or(1, |front_end| front_end.shape().len()),
        "{}: holds {}, expected true sources (examples, sources, features…), as `bss mix --mix` writes them",
        examples.label,
        examples.extent()
    );
    let values: ArrayD<f64> = match &front_end {
        None => of_values(args.mask, &examples, *sources)?,
        Some(front_end) => of_sound(args.mask, &examples, *sources, front_end)?,
    };
    bss_data::write(&args.out, &[Named { name: "sources", values: &values }], Dtype::F32, examples.sample_rate)?;
    output::print(&format!("wrote {}: {} through ideal masks\n", args.out.display(), examples.extent()))
}

fn masks(kind: IdealMask, sources: ArrayView3<f32>) -> Result<Array3<f32>> {
    Ok(match kind {
        IdealMask::Binary => binary_masks(sources)?,
        IdealMask::Ratio => ratio_masks(sources, 1.0)?,
        IdealMask::Energy => ratio_masks(sources, 2.0)?,
    })
}

/// Of sources whose values add up.
fn of_values(kind: IdealMask, examples: &Examples, sources: usize) -> Result<ArrayD<f64>> {
    let dim = (examples.count(), sources, examples.features() / sources);
    let truth = ArrayView3::from_shape(dim, &examples.values)?;
    let estimate = masked(masks(kind, truth)?.view(), truth.sum_axis(Axis(1)).view())?;
    let shape = [&[examples.count()], examples.shape.as_slice()].concat();
    Ok(estimate.mapv(f64::from).into_shape_with_order(IxDyn(&shape))?)
}

/// Of sound, whose spectra add up.
fn of_sound(kind: IdealMask, examples: &Examples, sources: usize, front_end: &FrontEnd) -> Result<ArrayD<f64>> {
    let (bins, frames) = front_end.spectra.dim();
    let (cells, count) = (bins * frames, examples.count());
    let mut heard = Array3::zeros((count, sources, examples.samples));
    for (spectra, mut heard) in examples.values.chunks_exact(sources * 2 * cells).zip(heard.outer_iter_mut()) {
        // (sources, real or imaginary, cells)
        let parts = ArrayView3::from_shape((sources, 2, cells), spectra)?;
        let sizes = Array3::from_shape_fn((1, sources, cells), |(_, k, i)| parts[[k, 0, i]].hypot(parts[[k, 1, i]]));
        let masks = masks(kind, sizes.view())?;
        let mixture: Vec<f32> = parts.sum_axis(Axis(0)).into_iter().collect();
        for (mask, mut heard) in masks.index_axis(Axis(0), 0).outer_iter().zip(heard.outer_iter_mut()) {
            let signal = front_end.heard(&mixture, &mask.to_vec());
            heard.iter_mut().zip(signal).for_each(|(to, value)| *to = value);
        }
    }
    Ok(heard.into_dyn())
}
