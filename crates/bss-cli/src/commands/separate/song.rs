//! Separating a recording of any length with a model of sound, segment by segment.
//!
//! Sound flows through two threads: one [listens](listener), from pieces of the file to gains, and the other gives the
//! sources their [voices], from gains to a file for each. What is held at a time does not grow with the recording.

mod listener;
mod segments;
mod sums;
mod voices;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::{Context as _, Result, ensure};
use bss_data::{Resampler, SoundReader, SoundWriter};
use serde_json::json;

use super::examples;
use crate::args::SeparateArgs;
use crate::config::{Config, SeparationConfig};
use crate::front_end::FrontEnd;
use crate::input::resampler;
use crate::model::ExampleSeparator;
use crate::outcome::Fault;
use crate::{interrupt, output};
use listener::{Heard, Listener};
use segments::Segments;
use sums::{Grain, Sums};
use voices::Voices;

/// Pieces of the file that may be heard before the voices take them: about as many as the model is given at once.
const AHEAD: usize = 32;

/// Separates a recording into a folder of one `.wav` for each source.
///
/// # Errors
/// Several channels without `--mask`; a recording that cannot be read; files that cannot be written.
pub(super) fn run(
    args: &SeparateArgs,
    separator: &ExampleSeparator,
    config: &Config,
    front_end: &FrontEnd,
    (input, run_rate): (&str, Option<f64>),
) -> Result<()> {
    let reader = SoundReader::open(Path::new(input))?;
    let (channels, rate) = (reader.channels(), reader.sample_rate());
    ensure!(
        channels == 1 || args.mask,
        "{input}: has {channels} channels, whose mean the model hears; give --mask, so that its sources are shares of each"
    );
    let rate_of_model = run_rate.unwrap_or(rate);
    let resampler = resampler(channels, rate, rate_of_model).with_context(|| input.to_owned())?;
    let files = super::folder::prepare(args, separator.model.sources(), "wav")?;
    let dtype = args.bits.dtype();
    let writers = files.iter().map(|path| Ok(SoundWriter::create(path, channels, rate_of_model, dtype)?));
    let writers = writers.collect::<Result<_>>()?;
    let voices = Voices::new(front_end, (channels, args.mask), (writers, Grain::of(dtype)));
    let separate = |x: &[f32]| examples::sources(separator, config, x);
    let segments = Segments::new(front_end, &separate, files.len(), args.mask);
    // Files that are not finished are removed on the way out.
    interrupt::catch()?;
    let (sender, receiver) = sync_channel(AHEAD);
    let voiced = std::thread::scope(|scope| {
        let voicing = scope.spawn(|| voices.all(receiver));
        // Without a sender, the voices end, finished or not.
        let listened = listen((reader, resampler), Listener::new(front_end, channels, segments), input, sender);
        let voiced = voicing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        listened.and(voiced)
    });
    tell((args, config.separation), &files, (input, rate), rate_of_model, voiced?)
}

/// Hands on what is heard of a recording, as long as somebody takes it.
fn listen(
    (mut reader, mut resampler): (SoundReader, Option<Resampler>),
    mut listener: Listener,
    input: &str,
    to: SyncSender<Heard>,
) -> Result<()> {
    let go_on = || {
        if interrupt::has_come() {
            return Err(Fault::Interrupted(format!("interrupted; no source of {input} was written")));
        }
        Ok(())
    };
    while let Some(piece) = reader.next_piece().with_context(|| input.to_owned())? {
        go_on()?;
        let bad = piece.iter().any(|value| !value.is_finite());
        ensure!(!bad, "{input}: holds values that are NaN or infinite; repair it first");
        let heard = match &mut resampler {
            None => listener.push(piece)?,
            Some(resampler) => listener.push(resampler.push(&piece))?,
        };
        if to.send(heard).is_err() {
            return Ok(());
        }
    }
    let rest = resampler.map_or_else(Vec::new, |mut resampler| resampler.finish());
    let last = listener.finish(rest)?;
    go_on()?;
    // Nobody takes it where the voices have failed, who tell why.
    let _ = to.send(last);
    Ok(())
}

fn tell(
    (args, separation): (&SeparateArgs, SeparationConfig),
    files: &[PathBuf],
    (input, rate): (&str, f64),
    rate_of_model: f64,
    (samples, sums): (usize, Sums),
) -> Result<()> {
    let written: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let is_exact = sums.inexact == 0;
    if args.json {
        return output::print_json(&json!({
            "run": args.run.display().to_string(),
            "input": input,
            "out": written,
            "samples": samples,
            "sources": files.len(),
            "sample_rate": rate_of_model,
            "resampled_from": (rate != rate_of_model).then_some(rate),
            "mask": args.mask,
            "refine": separation.refine,
            "rounds": separation.rounds,
            "adds_up": args.mask.then_some(is_exact),
            "largest_difference": args.mask.then_some(sums.largest),
            "warnings": [],
        }));
    }
    let mut lines = vec![format!("wrote {}: {samples} samples of {} sources", written.join(", "), files.len())];
    if rate != rate_of_model {
        lines.push(format!("{input} was resampled from {rate} Hz to the model's {rate_of_model} Hz"));
    }
    if args.mask {
        let what = if rate == rate_of_model { input.to_owned() } else { format!("{input} as it was resampled") };
        lines.push(if is_exact {
            format!("they add up to {what} to the last bit")
        } else {
            format!("they add up to {what} but for rounding, at most {:.1e}", sums.largest)
        });
    }
    output::print(&(lines.join("\n") + "\n"))
}
