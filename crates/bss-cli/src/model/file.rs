//! `model.safetensors`: the best restart with all that separating needs, the settings included.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use bss_models::{ArFlowSeparator, Convention, Uncertainty, Whitening};
use bss_train::{Checkpoint, RunFolder};
use candle_core::{DType, Device, Tensor};
use ndarray::{Array1, Array2};
use serde_json::{Value, json};

use super::Plan;
use crate::config::Config;

/// A model read from a run's folder.
#[derive(Debug)]
pub(crate) struct Fitted {
    /// The model, ready to separate.
    pub(crate) separator: ArFlowSeparator,
    /// The settings it was fitted with.
    pub(crate) config: Config,
    /// The restart it is, from 0.
    pub(crate) restart: usize,
    /// The sample rate of the recording it was fitted to, if known.
    pub(crate) sample_rate: Option<f64>,
}

/// Writes a fitted model; `about` says at least `restart`, `iteration` and `sample_rate`.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save(separator: &ArFlowSeparator, config: &Config, about: Value, path: &Path) -> Result<()> {
    let ArFlowSeparator { model, whitening, convention, uncertainty } = separator;
    let mut tensors = BTreeMap::new();
    for (name, var) in model.parameters().iter() {
        tensors.insert(format!("parameter.{name}"), var.as_tensor().clone());
    }
    let vector = |values: &[f64]| Tensor::new(values, &Device::Cpu);
    let matrix =
        |values: &Array2<f64>| Tensor::from_vec(values.iter().copied().collect::<Vec<_>>(), values.dim(), &Device::Cpu);
    let order: Vec<f64> = convention.order.iter().map(|&j| j as f64).collect();
    tensors.insert("whitening.mean".into(), vector(&whitening.mean.to_vec())?);
    tensors.insert("whitening.matrix".into(), matrix(&whitening.matrix)?);
    tensors.insert("whitening.inverse".into(), matrix(&whitening.inverse)?);
    tensors.insert("uncertainty.noise".into(), vector(&uncertainty.noise.to_vec())?);
    tensors.insert("uncertainty.leakage".into(), matrix(&uncertainty.leakage)?);
    tensors.insert("convention.order".into(), vector(&order)?);
    tensors.insert("convention.offset".into(), vector(&convention.offset)?);
    tensors.insert("convention.factor".into(), vector(&convention.factor)?);
    tensors.insert("convention.explained".into(), vector(&convention.explained)?);
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
            anyhow::bail!(
                "{run}: has saved no model yet; go on with `bss fit … --out {run} --resume`, or start anew with --force \
                 if it diverged"
            );
        }
        let checkpoint = Checkpoint::load(&path)?;
        Self::from_checkpoint(checkpoint, device).with_context(|| {
            format!("{}: does not hold the model it describes; fit again with --force", path.display())
        })
    }

    fn from_checkpoint(mut checkpoint: Checkpoint, device: &Device) -> Result<Self> {
        let description = checkpoint.description.clone();
        let text = description["config"].as_str().context("the settings are missing")?;
        let config = Config::from_toml(text)?;
        let (named, model) = (&description["model"], config.model.name());
        anyhow::ensure!(named == model, "it is of the model {named}, but its settings are of {model}");
        let unsound = checkpoint.tensors.iter().find(|(_, tensor)| !is_finite(tensor).unwrap_or(false));
        if let Some((name, _)) = unsound {
            anyhow::bail!("tensor {name} holds values that are not finite");
        }
        let tensors = &mut checkpoint.tensors;
        let whitening = Whitening {
            mean: Array1::from(vector(tensors, "whitening.mean")?),
            matrix: matrix(tensors, "whitening.matrix")?,
            inverse: matrix(tensors, "whitening.inverse")?,
        };
        let uncertainty = Uncertainty {
            noise: Array1::from(vector(tensors, "uncertainty.noise")?),
            leakage: matrix(tensors, "uncertainty.leakage")?,
        };
        let sources = config.sources.context("the number of sources is missing")?;
        let order: Vec<usize> = vector(tensors, "convention.order")?.into_iter().map(|j| j as usize).collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        anyhow::ensure!(
            sorted.iter().copied().eq(0..sources),
            "tensor convention.order is no order of {sources} sources"
        );
        anyhow::ensure!(
            uncertainty.leakage.dim() == (sources, sources) && uncertainty.noise.len() == sources,
            "the tensors of uncertainty are not of {sources} sources"
        );
        let convention = Convention {
            order,
            offset: vector(tensors, "convention.offset")?,
            factor: vector(tensors, "convention.factor")?,
            explained: vector(tensors, "convention.explained")?,
        };
        anyhow::ensure!(
            [&convention.offset, &convention.factor, &convention.explained]
                .iter()
                .all(|values| values.len() == sources),
            "the tensors of convention are not of {sources} sources"
        );
        let channels = whitening.mean.len();
        let plan = Plan::new(&config, channels)?;
        let seen = plan.vae.channels;
        anyhow::ensure!(
            whitening.matrix.dim() == (channels, seen) && whitening.inverse.dim() == (seen, channels),
            "the tensors of whitening do not fit {channels} channels and {seen} components"
        );
        let model = plan.model(1, device)?;
        model.parameters().assign(&checkpoint.take("parameter"))?;
        if let Some(name) = checkpoint.tensors.keys().next() {
            anyhow::bail!("tensor {name} is not part of this model");
        }
        let restart = description["restart"].as_u64().context("the restart is missing")? as usize;
        let sample_rate = description["sample_rate"].as_f64();
        Ok(Self {
            separator: ArFlowSeparator { model, whitening, convention, uncertainty },
            config,
            restart,
            sample_rate,
        })
    }
}

/// Whether all values are finite; an error where they are no numbers.
fn is_finite(tensor: &Tensor) -> candle_core::Result<bool> {
    let values: Vec<f64> = tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    Ok(values.iter().all(|value| value.is_finite()))
}

fn tensor(tensors: &mut BTreeMap<String, Tensor>, name: &str) -> Result<Tensor> {
    tensors.remove(name).with_context(|| format!("tensor {name} is missing"))
}

fn vector(tensors: &mut BTreeMap<String, Tensor>, name: &str) -> Result<Vec<f64>> {
    tensor(tensors, name)?.to_vec1().with_context(|| format!("tensor {name} is misshapen"))
}

fn matrix(tensors: &mut BTreeMap<String, Tensor>, name: &str) -> Result<Array2<f64>> {
    let t = tensor(tensors, name)?;
    let dim = t.dims2().with_context(|| format!("tensor {name} is misshapen"))?;
    Ok(Array2::from_shape_vec(dim, t.flatten_all()?.to_vec1()?)?)
}
