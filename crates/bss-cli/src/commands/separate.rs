//! `bss separate`.

mod examples;
mod folder;
mod song;
mod sound;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use bss_data::{Dtype, Format, Named};
use bss_models::Estimate;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde_json::json;

use crate::args::{Scale, SeparateArgs};
use crate::config::Config;
use crate::input::{Reading, read_recording};
use crate::layout::Layout;
use crate::model::{Fitted, FittedModel, Separates};
use crate::output;
use crate::warnings::{Warning, Warnings};

/// Separates a recording or a dataset with a fitted model.
///
/// # Errors
/// Wrong settings or input; a file that cannot be written.
pub(crate) fn run(args: &SeparateArgs) -> Result<()> {
    let Fitted { model, config, sample_rate, .. } = Fitted::load(&args.run, &args.device.open()?)?;
    match model {
        Separates::Recordings(model) => recording(args, model, &config, sample_rate),
        Separates::Examples(separator) => examples::run(args, &separator, &config, sample_rate),
    }
}

fn recording(
    args: &SeparateArgs,
    mut model: Box<dyn FittedModel>,
    config: &Config,
    sample_rate: Option<f64>,
) -> Result<()> {
    ensure!(
        !args.mask,
        "--mask sharpens models of spectrograms and images, but {} was fitted with {}; leave --mask out",
        args.run.display(),
        config.model
    );
    ensure!(
        !args.std || model.gives_std(),
        "--std: {} gives one estimate and does not say how sure it is; leave --std out, or fit with --model ar-flow",
        config.model
    );
    for (option, given) in [("--refine", args.refine), ("--rounds", args.rounds)] {
        ensure!(
            given.is_none(),
            "{option} is for models of datasets, but {} was fitted with {} to a recording; leave {option} out",
            args.run.display(),
            config.model
        );
    }
    if let Some(noise_db) = args.noise_db {
        ensure!(
            noise_db.is_finite(),
            "--noise-db is {noise_db}, expected a ratio of signal to noise in dB, such as 20"
        );
        ensure!(
            model.assume_noise_db(noise_db),
            "--noise-db: the encoder of {} is not linear, so its standard deviations are those of the posterior; leave \
             --noise-db out",
            args.run.display()
        );
    }
    let mut warnings = Warnings::new(args.quiet);
    if args.std && model.noise_db().is_none() {
        warnings.push(Warning::PosteriorStd);
    }
    let inputs = if args.inputs.is_empty() { &config.data.inputs } else { &args.inputs };
    let recording = read_recording(inputs, &reading(args, config), &mut warnings)?;
    let sample_rate = recording.sample_rate.or(sample_rate);
    let estimate = model.separate(recording.values.view()).with_context(|| recording.label.clone())?;
    let estimate = scaled(estimate, args.scale);
    let is_finite = estimate.sources.iter().chain(&estimate.std).all(|value| value.is_finite());
    ensure!(is_finite, "{}: values are too large for {}; rescale them", recording.label, args.run.display());
    let (samples, sources) = estimate.sources.dim();
    let written = write(&estimate, args, recording.layout, sample_rate)?;
    if args.json {
        return output::print_json(&json!({
            "run": args.run.display().to_string(),
            "input": recording.label,
            "out": written,
            "samples": samples,
            "shape": recording.layout.grid.map_or_else(|| vec![samples], |grid| vec![grid.height, grid.width]),
            "sources": sources,
            "sample_rate": sample_rate,
            "noise_db": model.noise_db(),
            "explained_variance": model.convention().explained,
            "warnings": warnings.as_slice(),
        }));
    }
    let extent = recording.layout.extent(samples);
    output::print(&format!("wrote {}: {extent} of {sources} sources\n", written.join(", ")))
}

/// How the input is read: as the run's own was, unless the options say otherwise.
fn reading(args: &SeparateArgs, config: &Config) -> Reading {
    let (given, run) = (Reading::from(&args.data), config.data.reading());
    Reading {
        columns: given.columns.or(run.columns),
        channels_first: given.channels_first || run.channels_first,
        // Another file's own rate comes before that of the run.
        sample_rate: given.sample_rate.or(run.sample_rate.filter(|_| args.inputs.is_empty())),
        on_nan: given.on_nan.or(run.on_nan),
        traversal: given.traversal.or(run.traversal),
    }
}

/// Sources at the scale asked for; the mixing changes the other way, so that their product stays.
fn scaled(estimate: Estimate, scale: Scale) -> Estimate {
    let factors = match scale {
        Scale::Unit => return estimate,
        Scale::Original => Array1::from(estimate.contribution()),
        Scale::Peak => estimate.sources.map_axis(Axis(0), peak_factor),
    };
    Estimate {
        sources: estimate.sources * &factors,
        std: estimate.std * &factors,
        mixing: estimate.mixing.map(|mixing| mixing / &factors),
    }
}

/// What brings the largest value of a source to 0.9; silence stays.
fn peak_factor(source: ArrayView1<f64>) -> f64 {
    let peak = source.fold(0.0_f64, |peak, value| peak.max(value.abs()));
    if peak > 0.0 { 0.9 / peak } else { 1.0 }
}

/// Writes the arrays to the file asked for, or one file of sound or one image for each source to a folder; returns what
/// was written.
fn write(estimate: &Estimate, args: &SeparateArgs, layout: Layout, sample_rate: Option<f64>) -> Result<Vec<String>> {
    if args.out.is_dir() || args.out.extension().is_none() {
        let written = folder::write(estimate.sources.view(), args, layout.grid, sample_rate)?;
        return Ok(written.iter().map(|path| path.display().to_string()).collect());
    }
    let (sources, std) = (layout.array(estimate.sources.view()), layout.array(estimate.std.view()));
    let mixing = estimate.mixing.clone().map(Array2::into_dyn);
    let mut arrays = vec![Named { name: "sources", values: &sources }];
    if args.std {
        arrays.push(Named { name: "std", values: &std });
    }
    if Format::of(&args.out)?.has_keys() {
        arrays.extend(mixing.as_ref().map(|values| Named { name: "mixing", values }));
    }
    let is_sound = Format::of(&args.out)?.is_sound();
    bss_data::write(&args.out, &arrays, if is_sound { args.bits.dtype() } else { Dtype::F64 }, sample_rate)?;
    beside(&args.out, args.std)
}

/// What was written to a file and, of standard deviations in `.npy`, beside it; there, removes what belonged to an estimate
/// that was replaced.
fn beside(out: &Path, has_std: bool) -> Result<Vec<String>> {
    let mut written = vec![out.display().to_string()];
    if Format::of(out)? == Format::Npy {
        let beside = out.with_extension("std.npy");
        if has_std {
            written.push(beside.display().to_string());
        } else if beside.is_file() {
            std::fs::remove_file(&beside).with_context(|| format!("{}: cannot be removed", beside.display()))?;
        }
    }
    Ok(written)
}
