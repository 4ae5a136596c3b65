//! A fit to a dataset by one call: nothing to interrupt or to go on with.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use bss_train::{RunFolder, Verdict};
use ndarray::ArrayView2;
use serde_json::json;

use super::dataset::Dataset;
use super::outcome::Ended;
use super::usage;
use crate::args::FitArgs;
use crate::commands::fit::direct::{ensure_free, resumed, write_log};
use crate::config::Config;
use crate::device::DeviceName;
use crate::input::Examples;
use crate::model::{self, DirectExamples, EXAMPLE_SOURCES, FitExamples};
use crate::warnings::Warnings;

/// Fits, and writes the run at its end; `--resume` fits again, which comes to the same.
///
/// # Errors
/// Wrong settings or input; files that cannot be written.
pub(in crate::commands::fit) fn run(args: &FitArgs, mut config: Config, fit: FitExamples) -> Result<()> {
    let started = Instant::now();
    let (device, named) = (args.device, config.model);
    ensure!(device == DeviceName::Cpu, "--device {device}: {named} computes on the processor; leave --device out");
    ensure_free(args)?;
    let mut warnings = Warnings::new(args.quiet);
    config.sources = Some(config.sources.unwrap_or(EXAMPLE_SOURCES));
    let dataset = Dataset::read(args, &config, &mut warnings, |examples| count(examples, &config))?;
    let folder = if args.resume { Some(resumed(args, &dataset.fingerprint, &dataset.label)?) } else { None };
    let mixed = dataset.mixtures.batch(0, 0).x;
    let x = ArrayView2::from_shape((dataset.mixtures.batch, dataset.mixtures.features), &mixed)?;
    let DirectExamples { model, tensors, changes, unfinished } =
        fit(&config, x, &dataset.shape).with_context(|| dataset.label.clone())?;

    let folder = folder.map_or_else(|| RunFolder::create(&args.out, args.force), Ok)?;
    bss_data::write_bytes_atomically(&folder.config(), config.to_toml().as_bytes())?;
    write_log(&folder, &changes)?;
    let mut about =
        json!({ "restart": 0, "iteration": changes.len(), "seed": config.seed, "data": dataset.fingerprint });
    about["sample_rate"] = json!(dataset.sample_rate);
    model::save_examples(tensors, &config, about, &folder.model())?;
    let ended = Ended {
        folder: &folder,
        config: &config,
        dataset: &dataset,
        verdict: if unfinished.is_some() { Verdict::StillImproving } else { Verdict::Converged },
        // No warnings of uneven sources: nothing makes the parts of a factorisation alike.
        usage: &usage::of(model.as_ref(), &dataset.mixtures, 1),
        warnings: &warnings,
        seconds: started.elapsed().as_secs_f64(),
        iterations: changes.len() as u64,
        trained: None,
        unfinished: unfinished.as_deref(),
    };
    ended.tell(args)
}

/// The mixtures to learn from: those given, or as many as the settings and the clean examples allow.
fn count(examples: &Examples, config: &Config) -> Result<usize> {
    let (count, mix) = (examples.count(), config.data.mix);
    ensure!(
        count >= mix,
        "{}: {count} examples are too few for one mixture of {mix}; lower --mix, or give more examples",
        examples.label
    );
    Ok(if mix == 1 { count } else { config.nmf.mixtures.min(count / mix) })
}
