//! `bss gather`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use bss_data::{Dtype, Format, Named, Spectra};
use bss_nn::{Noise, Purpose};
use ndarray::{ArrayD, IxDyn};
use rayon::prelude::*;
use serde_json::json;

use crate::args::GatherArgs;
use crate::config::{self, Config};
use crate::front_end::FrontEnd;
use crate::input::{Notes, are_notes, read_notes};
use crate::output;
use crate::warnings::Warning;

/// Gathers recordings into a dataset.
///
/// # Errors
/// Recordings that cannot be read, a share that leaves one part empty, a file that cannot be written.
pub(crate) fn run(args: &GatherArgs) -> Result<()> {
    let out = args.out.display();
    ensure!(Format::of(&args.out)?.has_keys(), "{out}: holds one array; expected .h5 or .npz, which name theirs");
    let mut config = Config::load(None, &args.set)?;
    config.front_end.kind = config::FrontEnd::Stft;
    config.data.sample_rate = args.sample_rate;
    let FrontEnd { spectra, sample_rate, .. } = FrontEnd::of(&config)?.context("the front-end is one of sound")?;
    let first = args.inputs.first().map_or("", String::as_str);
    ensure!(
        are_notes(&args.inputs),
        "{first}: is no recording; expected .wav, .flac, .mp3 or .ogg, or a folder of these"
    );
    let notes = read_notes(&args.inputs, spectra.samples(), sample_rate)?;
    let parts = parts(args, notes.files.len())?;
    let seen: Vec<_> = notes.signals.par_iter().map(|signal| seen(&spectra, signal)).collect();
    let of_part = |rows: &[usize]| {
        let values: Vec<f64> = rows.iter().flat_map(|&row| &seen[row]).copied().collect();
        ArrayD::from_shape_vec(IxDyn(&[rows.len(), spectra.samples()]), values)
    };
    let arrays = parts.iter().map(|(name, rows)| Ok((*name, of_part(rows)?))).collect::<Result<Vec<_>>>()?;
    let named: Vec<_> = arrays.iter().map(|(name, values)| Named { name, values }).collect();
    bss_data::write(&args.out, &named, Dtype::F32, Some(notes.sample_rate))?;
    let beside = write_files(args, &notes, &parts)?;
    tell(args, &notes, &parts, spectra.samples(), &beside)
}

/// A part of the dataset, and its notes by their numbers.
type Part = (&'static str, Vec<usize>);

/// The parts that the notes come into.
fn parts(args: &GatherArgs, count: usize) -> Result<Vec<Part>> {
    ensure!(count > 0, "{}: all recordings are silent", args.inputs.join(", "));
    let Some(share) = args.split else { return Ok(vec![("notes", (0..count).collect())]) };
    ensure!(share > 0.0 && share < 1.0, "--split is {share}, expected a share above 0 and below 1, such as 0.8");
    let order = Noise::new(args.seed).permutation(Purpose::Split, 0, count);
    let (train, test) = order.split_at((share * count as f64).round() as usize);
    ensure!(
        !train.is_empty() && !test.is_empty(),
        "--split {share} of {count} notes leaves none for one part; give more notes"
    );
    let rows = |part: &[u32]| part.iter().map(|&row| row as usize).collect();
    Ok(vec![("train", rows(train)), ("test", rows(test))])
}

/// What the front-end sees of a note, as sound.
fn seen(spectra: &Spectra, signal: &[f64]) -> Vec<f64> {
    spectra.inverse(spectra.forward(signal).view())
}

/// Writes which recording became which example.
fn write_files(args: &GatherArgs, notes: &Notes, parts: &[Part]) -> Result<PathBuf> {
    let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = parts.iter().flat_map(|(name, rows)| {
        let line = move |(i, &row): (usize, &usize)| {
            format!("{name},{i},{}\n", quoted(notes.files[row].display().to_string()))
        };
        rows.iter().enumerate().map(line)
    });
    let text: String = std::iter::once("array,example,file\n".to_owned()).chain(rows).collect();
    let path = args.out.with_extension("files.csv");
    bss_data::write_bytes_atomically(&path, text.as_bytes())?;
    Ok(path)
}

fn tell(args: &GatherArgs, notes: &Notes, parts: &[Part], samples: usize, beside: &std::path::Path) -> Result<()> {
    let (out, rate) = (args.out.display().to_string(), notes.sample_rate);
    let silent: Vec<_> = notes.silent.iter().map(|path| path.display().to_string()).collect();
    if args.json {
        let counts: serde_json::Map<_, _> =
            parts.iter().map(|(name, rows)| ((*name).to_owned(), json!(rows.len()))).collect();
        return output::print_json(&json!({
            "out": [out, beside.display().to_string()],
            "arrays": counts,
            "samples": samples,
            "sample_rate": rate,
            "silent": silent,
        }));
    }
    let counts: Vec<_> = parts.iter().map(|(name, rows)| format!("{} in `{name}`", rows.len())).collect();
    let mut text = format!(
        "wrote {out}: {} notes of {samples} samples at {rate} Hz, {}\nwrote {}\n",
        notes.files.len(),
        counts.join(" and "),
        beside.display()
    );
    if let Some(first) = silent.first() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", Warning::SilentExamples { silent: silent.len(), first: first.clone() });
    }
    output::print(&text)
}
