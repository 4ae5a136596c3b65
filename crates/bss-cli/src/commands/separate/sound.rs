//! Separating a dataset of sound: the model sees magnitudes, and the sources are heard with the mixture's phase.

use anyhow::{Result, ensure};
use bss_data::{Dtype, Named};
use ndarray::{Array3, ArrayD, Axis, s};
use rayon::prelude::*;
use serde_json::json;

use super::examples;
use crate::args::SeparateArgs;
use crate::config::Config;
use crate::front_end::FrontEnd;
use crate::input::Examples;
use crate::model::ExampleSeparator;
use crate::output;
use crate::progress;
use crate::warnings::Warnings;

/// Mixtures that are separated at once.
const AT_ONCE: usize = 64;

/// Separates spectra and writes the sources as sound, (examples, sources, samples).
///
/// # Errors
/// Options that are not for sound; a file that cannot be written.
pub(super) fn run(
    args: &SeparateArgs,
    separator: &ExampleSeparator,
    config: &Config,
    front_end: &FrontEnd,
    (examples, warnings): (&Examples, &Warnings),
) -> Result<()> {
    ensure!(!args.std, "--std is for what the decoder gives, and sound also has the mixture's phase; leave --std out");
    let (count, features) = (separator.model.sources(), examples.features());
    let stored = examples.sum.stored(features);
    let mut sources = Array3::zeros((examples.count(), count, examples.samples));
    let bar = progress::bar(examples.count() as u64, 0, args.quiet);
    let batches = sources.axis_chunks_iter_mut(Axis(0), AT_ONCE);
    for (mut to, spectra) in batches.zip(examples.values.chunks(AT_ONCE * stored)) {
        let x: Vec<f32> =
            spectra.chunks_exact(stored).flat_map(|spectrum| front_end.magnitudes.normalised(spectrum).0).collect();
        let estimates = examples::sources(separator, config, &x)?;
        let of_mixture = spectra.par_chunks_exact(stored).zip(x.par_chunks_exact(features));
        let signals: Vec<Vec<Vec<f64>>> = of_mixture
            .zip(estimates.par_chunks_exact(count * features))
            .map(|((spectrum, x), estimates)| front_end.stems(spectrum, x, estimates, args.mask))
            .collect();
        bar.inc(signals.len() as u64);
        for (mut to, signals) in to.outer_iter_mut().zip(signals) {
            for (mut to, signal) in to.outer_iter_mut().zip(signals) {
                let samples = signal.len().min(to.len());
                to.slice_mut(s![..samples]).iter_mut().zip(signal).for_each(|(to, value)| *to = value);
            }
        }
    }
    bar.finish_and_clear();
    ensure!(sources.iter().all(|value| value.is_finite()), "{}: the sources are not finite", examples.label);
    let sources: ArrayD<f64> = sources.into_dyn();
    let named = [Named { name: "sources", values: &sources }];
    bss_data::write(&args.out, &named, Dtype::F32, examples.sample_rate)?;
    let out = args.out.display();
    if args.json {
        return output::print_json(&json!({
            "run": args.run.display().to_string(),
            "input": examples.label,
            "out": [out.to_string()],
            "examples": examples.count(),
            "samples": examples.samples,
            "sources": count,
            "mask": args.mask,
            "refine": config.separation.refine,
            "rounds": config.separation.rounds,
            "sample_rate": examples.sample_rate,
            "warnings": warnings.as_slice(),
        }));
    }
    let (mixtures, samples) = (examples.count(), examples.samples);
    let masked = if args.mask { ", masked" } else { "" };
    output::print(&format!("wrote {out}: {mixtures} examples of {samples} samples in {count} sources{masked}\n"))
}
