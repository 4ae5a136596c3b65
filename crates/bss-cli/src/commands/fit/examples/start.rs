//! Everything before the first step: examples, model, the run's folder, and the state of a run that is resumed.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use bss_nn::dense::FlatAdamConfig;
use bss_train::{Beta, Decay, ExampleSchedule, ExampleTrainer, RunFolder};

use super::earlier::Earlier;
use super::{Dataset, Session};
use crate::args::FitArgs;
use crate::commands::fit::settings::ensure_same;
use crate::config::{self, Config};
use crate::device::DeviceName;
use crate::input::Examples;
use crate::model::{EXAMPLE_SOURCES, Network, Size};
use crate::warnings::Warnings;

/// A session at its first step, or where the run in the folder was saved last.
pub(super) fn start(args: &FitArgs, mut config: Config, network: Network) -> Result<Session> {
    let started = Instant::now();
    let (device, named) = (args.device, config.model);
    ensure!(device == DeviceName::Cpu, "--device {device}: {named} computes on the processor; leave --device out");
    let mut warnings = Warnings::new(args.quiet);
    let resumes = args.resume && RunFolder::open(&args.out)?.state().exists();
    // A run that is resumed has weights of its own, and the other may be gone.
    let start = config.learning.start.clone().filter(|_| !resumes).map(PathBuf::from);
    let is_own =
        |run: &PathBuf| run.canonicalize().is_ok_and(|run| args.out.canonicalize().is_ok_and(|out| out == run));
    ensure!(
        !start.as_ref().is_some_and(is_own),
        "--start {}: is the folder that the fit would replace; write to another --out",
        args.out.display()
    );
    let earlier = start.as_ref().map(|run| Earlier::load(run, &config)).transpose()?;
    let sources = earlier.as_ref().map_or(EXAMPLE_SOURCES, Earlier::sources);
    config.sources = Some(config.sources.unwrap_or(sources));
    let dataset = Dataset::read(args, &config, &mut warnings, |examples| a_batch(examples, &config))?;
    let size = Size { features: dataset.mixtures.features, examples: dataset.mixtures.count() };
    let mut model = network(&config, size)?;
    if let Some(earlier) = &earlier {
        earlier.put_into(&config, model.as_mut())?;
    }
    let adam = FlatAdamConfig { weight_decay: config.learning.weight_decay, ..FlatAdamConfig::default() };
    let mut trainer = ExampleTrainer::new(model, adam, schedule(&config, dataset.mixtures.per_epoch()));

    let folder = if args.resume { RunFolder::open(&args.out)? } else { RunFolder::create(&args.out, args.force)? };
    if resumes {
        let description = trainer.load_state(&folder.state())?;
        ensure_same(&description, &dataset.fingerprint, &config, &folder, &dataset.label)?;
    } else {
        bss_data::write_bytes_atomically(&folder.config(), config.to_toml().as_bytes())?;
    }
    let log = folder.log(trainer.iteration())?;
    let was_done = trainer.is_done();
    Ok(Session { config, trainer, dataset, folder, log, warnings, started, was_done })
}

/// The mixtures of a batch; refuses a dataset that does not fill one.
fn a_batch(examples: &Examples, config: &Config) -> Result<usize> {
    let (count, mix, batch) = (examples.count(), config.data.mix, config.learning.batch);
    let needed = mix * batch;
    let of = if mix > 1 { format!("{batch} mixtures of {mix}") } else { format!("{batch} mixtures") };
    ensure!(
        count >= needed,
        "{}: {count} examples are too few, expected at least {needed} for a batch of {of}; lower learning.batch, or give \
         more examples",
        examples.label
    );
    Ok(batch)
}

/// The schedule in steps.
fn schedule(config: &Config, per_epoch: u64) -> ExampleSchedule {
    let learning = &config.learning;
    let steps = |epochs: f64| (epochs * per_epoch as f64).round() as u64;
    let decay = match learning.decay {
        config::Decay::Cosine => Decay::Cosine { end: learning.learning_rate_end },
        config::Decay::Exponential => {
            Decay::Exponential { factor: (1.0 - learning.decay_per_epoch).powf(1.0 / per_epoch as f64) }
        }
    };
    ExampleSchedule {
        iterations: learning.epochs as u64 * per_epoch,
        learning_rate: learning.learning_rate,
        decay,
        beta: Beta {
            first: learning.beta * learning.beta_first,
            cooling: steps(learning.cooling_epochs),
            then: learning.beta,
            end: learning.beta * learning.beta_last,
        },
        warm_up: steps(learning.warm_up_epochs),
        average: learning.average,
    }
}
