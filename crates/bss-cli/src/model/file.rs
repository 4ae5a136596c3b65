//! `model.safetensors`: the best restart with all that separating needs, the settings included.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use bss_train::{Checkpoint, RunFolder};
use candle_core::Device;
use serde_json::{Value, json};

use super::convention::put_convention;
use super::tensors::is_finite;
use super::{FittedModel, Separates, Tensors};
use crate::config::Config;

/// A model read from a run's folder.
pub(crate) struct Fitted {
    /// The model, ready to separate.
    pub(crate) model: Separates,
    /// The settings it was fitted with.
    pub(crate) config: Config,
    /// The restart it is, from 0.
    pub(crate) restart: usize,
    /// The sample rate of the recording it was fitted to, if known.
    pub(crate) sample_rate: Option<f64>,
}

/// Writes a model fitted to a recording; `about` says at least `restart`, `iteration` and `sample_rate`.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(model: &dyn FittedModel, config: &Config, about: Value, path: &Path) -> Result<()> {
    let mut tensors = model.tensors()?;
    put_convention(&mut tensors, model.convention())?;
    write(tensors, config, about, path)
}

/// Writes the tensors of a model fitted to a dataset; `about` says at least `restart` and `iteration`.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save_examples(tensors: Tensors, config: &Config, about: Value, path: &Path) -> Result<()> {
    write(tensors, config, about, path)
}

fn write(tensors: Tensors, config: &Config, about: Value, path: &Path) -> Result<()> {
    let mut description = about;
    description["model"] = json!(config.model.name());
    description["config"] = json!(config.to_toml());
    Ok(Checkpoint { tensors, description }.save(path)?)
}

impl Fitted {
    /// Reads the model of a run.
    ///
    /// # Errors
    /// If the folder holds no run, the run has saved no model yet, or the file is damaged or of another version.
    pub(crate) fn load(run: &Path, device: &Device) -> Result<Self> {
        let path = RunFolder::open(run)?.model();
        if !path.is_file() {
            let run = run.display();
            bail!(
                "{run}: has saved no model yet; go on with `bss fit --out {run} --resume`, or start anew with --force \
                 if it diverged"
            );
        }
        let checkpoint = Checkpoint::load(&path)?;
        Self::from_checkpoint(checkpoint, device).with_context(|| {
            format!("{}: does not hold the model it describes; fit again with --force", path.display())
        })
    }

    fn from_checkpoint(checkpoint: Checkpoint, device: &Device) -> Result<Self> {
        let Checkpoint { mut tensors, description } = checkpoint;
        let text = description["config"].as_str().context("the settings are missing")?;
        let config = Config::from_toml(text)?;
        let (named, model) = (&description["model"], config.model.name());
        ensure!(named == model, "it is of the model {named}, but its settings are of {model}");
        let unsound = tensors.iter().find(|(_, tensor)| !is_finite(tensor).unwrap_or(false));
        if let Some((name, _)) = unsound {
            bail!("tensor {name} holds values that are not finite");
        }
        let model = (super::kind(config.model).load)(&config, &mut tensors, device)?;
        if let Some(name) = tensors.keys().next() {
            bail!("tensor {name} is not part of this model");
        }
        let restart = description["restart"].as_u64().context("the restart is missing")? as usize;
        let sample_rate = description["sample_rate"].as_f64();
        Ok(Self { model, config, restart, sample_rate })
    }
}
