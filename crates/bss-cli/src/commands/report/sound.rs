//! The report of a run on sound: spectrograms, what can be listened to, and the scores of what is heard.

use anyhow::{Context as _, Result, bail, ensure};
use bss_models::Magnitudes;
use ndarray::{Array3, ArrayD, ArrayView1, ArrayViewD, Axis};
use rayon::prelude::*;

use super::matched::{self, OF_SOUND};
use super::mixed::{Mixed, Refining, dataset};
use crate::args::ReportArgs;
use crate::config::Config;
use crate::front_end::FrontEnd;
use crate::input::{Take, read_examples};
use crate::model::ExampleSeparator;
use crate::report::{Clip, ExamplesReport, REFINED, Sound};

/// Mixtures that are drawn and can be listened to.
const SHOWN: usize = 4;
/// The largest value of what can be listened to.
const PEAK: f64 = 0.9;

/// What is shown of sound.
///
/// # Errors
/// Input that has changed, a reference that is no sound of the model's rate, or that cannot be scored.
pub(super) fn shown(
    args: &ReportArgs,
    separator: &ExampleSeparator,
    config: &Config,
    front_end: &FrontEnd,
) -> Result<ExamplesReport> {
    let Mixed { stored: spectra, truth, sample_rate } = match &args.reference {
        Some(file) => of_reference(file, front_end)?,
        None => Mixed::of_run(config, &separator.shape, Take::Sound(front_end), SHOWN)
            .with_context(|| format!("the notes that {} was fitted to cannot be shown", args.run.display()))?,
    };
    let stored = front_end.stored();
    let x: Vec<f32> = spectra.chunks_exact(stored).flat_map(|s| front_end.magnitudes.normalised(s).0).collect();
    let (all, outputs) = (spectra.len() / stored, separator.model.sources());
    let (drawn, features, length) = (all.min(SHOWN), x.len() / all, front_end.spectra.samples());
    let heard = |sources: &[f32], mask: bool| {
        let mixtures = spectra.par_chunks_exact(stored).zip(x.par_chunks_exact(features));
        let estimates = mixtures.zip(sources.par_chunks_exact(outputs * features));
        let signals = estimates.flat_map(|((spectrum, x), sources)| front_end.stems(spectrum, x, sources, mask));
        dataset(signals.collect::<Vec<_>>().concat(), outputs, &[length])
    };
    let sources = separator.model.separate(&x);
    let refining = Refining::of(args, config);
    let refined = refining.sources(separator, config, &x, drawn * features)?;
    let (decoded, masked) = (heard(&sources, false)?, heard(&sources, true)?);
    let refined = refined.map(|sources| heard(&sources, true)).transpose()?;
    let (mut scores, mut reference) = (Vec::new(), None);
    if let (Some(truth), Some(file)) = (&truth, &args.reference) {
        let scored = refined.as_ref().filter(|_| refining.all);
        for (name, estimate) in [("decoded", Some(&decoded)), ("masked", Some(&masked)), (REFINED, scored)] {
            let Some(estimate) = estimate else { continue };
            let found = matched::scores(estimate.view(), truth.view(), OF_SOUND);
            scores.push((name, found.with_context(|| format!("{} against {file}", args.run.display()))?));
        }
        reference = Some(matched::in_place(truth, &scores[0].1, (drawn, outputs)).into_dyn());
    }
    let unmasked = vec![1.0; stored / 2];
    let mixtures = spectra.chunks_exact(stored).take(drawn).map(|spectrum| front_end.heard(spectrum, &unmasked));
    let mixture = dataset(mixtures.collect::<Vec<_>>().concat(), 1, &[length])?;
    let pictures = |signals: &ArrayD<f64>| pictures(front_end, signals, &mixture);
    let rows = [
        ("mixture", Some(&mixture)),
        ("truth", reference.as_ref()),
        ("masked", Some(&masked)),
        (REFINED, refined.as_ref()),
    ];
    let (bins, frames) = front_end.spectra.dim();
    Ok(ExamplesReport {
        shape: vec![bins, frames],
        mixture: pictures(&mixture)?,
        sources: pictures(&decoded)?,
        masked: pictures(&masked)?,
        refined: refined.as_ref().map(pictures).transpose()?,
        refinement: refining.refinement,
        reference: reference.as_ref().map(pictures).transpose()?,
        scores,
        sound: Some(Sound {
            extent: sample_rate.map(|rate| front_end.extent(rate)),
            clips: clips(&rows, sample_rate)?,
        }),
        ..ExamplesReport::default()
    })
}

/// Mixtures as the sums of true sources (examples, M, samples), of which as much is taken as the front-end sees.
fn of_reference(file: &str, front_end: &FrontEnd) -> Result<Mixed> {
    let truth = read_examples(&[file.to_owned()], Some("sources"), Take::Any)?;
    let [count, samples] = *truth.shape.as_slice() else {
        bail!(
            "{}: holds {}, expected the sound of true sources, (examples, sources, samples), as `bss mix --mix` writes it",
            truth.label,
            truth.extent()
        );
    };
    if let (Some(own), Some(rate)) = (truth.sample_rate, front_end.sample_rate) {
        ensure!(own == rate, "{}: has {own} samples per second, expected the model's {rate}", truth.label);
    }
    let length = front_end.spectra.samples();
    let cut = |signal: &[f32]| -> Vec<f64> {
        signal.iter().copied().map(f64::from).chain(std::iter::repeat(0.0)).take(length).collect()
    };
    let signals: Vec<Vec<f64>> = truth.values.chunks_exact(samples).map(cut).collect();
    let spectra = signals.par_chunks_exact(count).flat_map_iter(|sources| {
        let sum: Vec<f64> = (0..length).map(|t| sources.iter().map(|source| source[t]).sum()).collect();
        front_end.spectrum(&sum)
    });
    Ok(Mixed {
        stored: spectra.collect(),
        sample_rate: truth.sample_rate.or(front_end.sample_rate),
        truth: Some(dataset(signals.concat(), count, &[length])?),
    })
}

/// The magnitudes of the signals (examples, rows, samples) of as many examples as there are mixtures, relative to the
/// largest of the mixture.
fn pictures(front_end: &FrontEnd, signals: &ArrayD<f64>, mixtures: &ArrayD<f64>) -> Result<Array3<f64>> {
    let all = Magnitudes::default();
    let spectrum = |signal: ArrayView1<f64>| front_end.spectrum(&signal.to_vec());
    let mut values = Vec::new();
    for (signals, mixture) in signals.outer_iter().zip(mixtures.outer_iter()) {
        let (_, peak) = all.normalised(&spectrum(mixture.flatten().view()));
        for signal in signals.outer_iter() {
            values.extend(all.relative(&spectrum(signal.flatten().view()), peak).into_iter().map(f64::from));
        }
    }
    let rows = signals.len_of(Axis(1));
    Ok(Array3::from_shape_vec((mixtures.len_of(Axis(0)), rows, front_end.stored() / 2), values)?)
}

/// Each row's signals (examples, rows, samples) as files, where a sample rate is known: those of an example in one scale, as
/// loud as the loudest of them can be.
fn clips(rows: &[(&str, Option<&ArrayD<f64>>)], sample_rate: Option<f64>) -> Result<Vec<Clip>> {
    let Some(rate) = sample_rate else { return Ok(Vec::new()) };
    let rows: Vec<_> = rows.iter().filter_map(|(name, signals)| Some((*name, (*signals)?))).collect();
    let largest = |example: usize| {
        let values = rows.iter().flat_map(|(_, signals)| signals.index_axis(Axis(0), example).to_owned());
        // What is not a number is not the larger one.
        values.fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()))
    };
    let examples = rows.iter().map(|(_, signals)| signals.len_of(Axis(0))).min().unwrap_or(0);
    let scales: Vec<f64> = (0..examples).map(|example| PEAK / largest(example)).collect();
    let mut clips = Vec::new();
    for (name, signals) in rows {
        for (k, signals) in signals.axis_iter(Axis(1)).enumerate() {
            let heard = |(signal, scale): (ArrayViewD<f64>, &f64)| {
                // An output without a true source is not a number there.
                let values: Vec<f64> = signal.iter().map(|v| if v.is_nan() { 0.0 } else { v * scale }).collect();
                bss_data::wav_bytes(&values, rate)
            };
            let files = signals.outer_iter().zip(&scales).map(heard).collect::<std::io::Result<_>>()?;
            let row = if name == "mixture" { name.to_owned() } else { format!("{name} {}", k + 1) };
            clips.push(Clip { row, files });
        }
    }
    Ok(clips)
}
