//! `bss separate`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use bss_data::{Dtype, Format, Named};
use bss_models::Estimate;
use ndarray::{Array1, Array2, ArrayD, Axis};
use serde_json::json;

use crate::args::{Scale, SeparateArgs};
use crate::config::Config;
use crate::input::{Reading, read_recording};
use crate::model::Fitted;
use crate::output;
use crate::warnings::Warnings;

/// Separates a recording with a fitted model.
///
/// # Errors
/// Wrong settings or input; a file that cannot be written.
pub(crate) fn run(args: &SeparateArgs) -> Result<()> {
    let mut fitted = Fitted::load(&args.run, &args.device.open()?)?;
    ensure!(
        !args.mask,
        "--mask sharpens models of spectrograms and images, but {} was fitted with {}; leave --mask out",
        args.run.display(),
        fitted.config.model
    );
    ensure!(
        !args.std || fitted.model.gives_std(),
        "--std: {} gives one estimate and does not say how sure it is; leave --std out, or fit with --model ar-flow",
        fitted.config.model
    );
    if let Some(noise_db) = args.noise_db {
        ensure!(
            noise_db.is_finite(),
            "--noise-db is {noise_db}, expected a ratio of signal to noise in dB, such as 20"
        );
        ensure!(
            fitted.model.assume_noise_db(noise_db),
            "--noise-db: the encoder of {} is not linear, so its standard deviations are those of the posterior; leave \
             --noise-db out",
            args.run.display()
        );
    }
    let mut warnings = Warnings::new(args.quiet);
    let inputs = args.input.as_ref().map_or_else(|| fitted.config.data.inputs.clone(), |input| vec![input.clone()]);
    let reading = reading(args, &fitted.config);
    let recording = read_recording(&inputs, &reading, &mut warnings)?;
    let sample_rate = recording.sample_rate.or(fitted.sample_rate);
    let estimate = fitted.model.separate(recording.values.view()).with_context(|| recording.label.clone())?;
    let estimate = scaled(estimate, args.scale);
    let is_finite = estimate.sources.iter().chain(&estimate.std).all(|value| value.is_finite());
    ensure!(is_finite, "{}: values are too large for {}; rescale them", recording.label, args.run.display());
    let (samples, sources) = estimate.sources.dim();
    let written = write(&estimate, args, reading.channels_first, sample_rate)?;
    if args.json {
        return output::print_json(&json!({
            "run": args.run.display().to_string(),
            "input": recording.label,
            "out": written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "samples": samples,
            "sources": sources,
            "sample_rate": sample_rate,
            "noise_db": fitted.model.noise_db(),
            "explained_variance": fitted.model.convention().explained,
            "warnings": warnings.as_slice(),
        }));
    }
    let list: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    output::print(&format!("wrote {}: {samples} samples of {sources} sources\n", list.join(", ")))
}

/// How the input is read: as the run's own was, unless the options say otherwise.
fn reading(args: &SeparateArgs, config: &Config) -> Reading {
    let (given, run) = (Reading::from(&args.data), config.data.reading());
    Reading {
        columns: given.columns.or(run.columns),
        channels_first: given.channels_first || run.channels_first,
        // The file's own rate comes before that of the run.
        sample_rate: given.sample_rate,
        on_nan: given.on_nan.or(run.on_nan),
    }
}

/// Sources at the scale asked for; the mixing changes the other way, so that their product stays.
fn scaled(estimate: Estimate, scale: Scale) -> Estimate {
    if scale == Scale::Unit {
        return estimate;
    }
    let factors = Array1::from(estimate.contribution());
    Estimate {
        sources: estimate.sources * &factors,
        std: estimate.std * &factors,
        mixing: estimate.mixing.map(|mixing| mixing / &factors),
    }
}

/// Writes the arrays to the file asked for, or one sound file for each source to a folder; returns what was written.
fn write(
    estimate: &Estimate,
    args: &SeparateArgs,
    channels_first: bool,
    sample_rate: Option<f64>,
) -> Result<Vec<PathBuf>> {
    if args.out.is_dir() || args.out.extension().is_none() {
        return write_folder(estimate, args, sample_rate);
    }
    let turned = |values: &Array2<f64>| if channels_first { values.t().to_owned() } else { values.clone() };
    let (sources, std) = (turned(&estimate.sources).into_dyn(), turned(&estimate.std).into_dyn());
    let mixing = estimate.mixing.clone().map(Array2::into_dyn);
    let format = Format::of(&args.out)?;
    let mut arrays = vec![Named { name: "sources", values: &sources }];
    if args.std {
        arrays.push(Named { name: "std", values: &std });
    }
    if format.has_keys() {
        arrays.extend(mixing.as_ref().map(|values| Named { name: "mixing", values }));
    }
    bss_data::write(&args.out, &arrays, Dtype::F64, sample_rate)?;
    let mut written = vec![args.out.clone()];
    if args.std && format == Format::Npy {
        written.push(args.out.with_extension("std.npy"));
    }
    Ok(written)
}

fn write_folder(estimate: &Estimate, args: &SeparateArgs, sample_rate: Option<f64>) -> Result<Vec<PathBuf>> {
    let folder: &Path = &args.out;
    let shown = folder.display();
    let Some(rate) = sample_rate else {
        bail!(
            "{shown}: a folder gets one .wav for each source, which needs a sample rate; give --sample-rate, or \
               name a file such as {shown}.npz"
        )
    };
    ensure!(!args.std, "{shown}: .wav files hold no standard deviations; leave --std out, or name a .npz file");
    let is_full = folder.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    ensure!(args.force || !is_full, "{shown}: is a folder that is not empty; replace files in it with --force");
    std::fs::create_dir_all(folder)
        .map_err(|error| anyhow::anyhow!(error).context(format!("{shown}: cannot be made")))?;
    let columns = estimate.sources.axis_iter(Axis(1)).enumerate();
    columns
        .map(|(j, source)| {
            let path = folder.join(format!("source-{}.wav", j + 1));
            let values: ArrayD<f64> = source.to_owned().insert_axis(Axis(1)).into_dyn();
            bss_data::write(&path, &[Named { name: "sources", values: &values }], Dtype::F32, Some(rate))?;
            Ok(path)
        })
        .collect()
}
