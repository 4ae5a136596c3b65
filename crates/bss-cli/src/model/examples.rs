//! `neri` and `ae`: models of datasets of one-channel examples, trained on batches.

use anyhow::{Context as _, Result, ensure};
use bss_models::{Latent, NeriConfig, NeriVae};
use bss_nn::Noise;
use bss_nn::dense::FlatParameters;

use super::tensors::{put_vector, take_vector};
use super::{Fitting, Kind, Separates, Tensors};
use crate::config::Config;

/// The VAE of Neri et al.
pub(super) const NERI: Kind = Kind {
    sections: &["network", "learning"],
    presets: &[("paper", include_str!("../../../../docs/settings/neri-paper.toml"))],
    iterations: None,
    restarts: None,
    fitting: Fitting::Examples(Latent::Gaussian),
    load: |config, tensors, _| load(config, Latent::Gaussian, tensors),
    facts: |config| vec![("examples in a mixture", config.data.mix.to_string())],
};

/// The same network without a divergence.
pub(super) const AE: Kind = Kind {
    fitting: Fitting::Examples(Latent::Delta),
    load: |config, tensors, _| load(config, Latent::Delta, tensors),
    ..NERI
};

/// What separates examples of one shape.
#[derive(Debug)]
pub(crate) struct ExampleSeparator {
    /// The model.
    pub(crate) model: NeriVae<f32>,
    /// The features of an example, by axis.
    pub(crate) shape: Vec<usize>,
}

/// What the names of the weights begin with, and those of the running moments.
const PARAMETER: &str = "parameter.";
const STATISTIC: &str = "statistic.";

impl ExampleSeparator {
    /// The model with its initial parameters.
    pub(crate) fn new(config: &Config, posterior: Latent, shape: Vec<usize>) -> Self {
        let shaped = NeriConfig {
            features: shape.iter().product(),
            widths: config.network.widths.clone(),
            latent: config.network.latent,
            sources: config.sources.unwrap_or(EXAMPLE_SOURCES),
            posterior,
        };
        Self { model: NeriVae::new(shaped, Noise::new(config.seed)), shape }
    }

    /// All that is needed to put it together again, besides the settings.
    pub(super) fn tensors(&self) -> Result<Tensors> {
        let mut tensors = Tensors::new();
        for (prefix, of) in [(PARAMETER, &self.model.parameters), (STATISTIC, &self.model.statistics)] {
            tensors.extend(of.tensors()?.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
        }
        let shape: Vec<f64> = self.shape.iter().map(|&length| length as f64).collect();
        put_vector(&mut tensors, "example.shape", &shape)?;
        Ok(tensors)
    }
}

/// The number of sources where none is said: that of the paper's first experiment.
pub(crate) const EXAMPLE_SOURCES: usize = 2;

fn load(config: &Config, posterior: Latent, tensors: &mut Tensors) -> Result<Separates> {
    let shape: Vec<usize> = take_vector(tensors, "example.shape")?.into_iter().map(|length| length as usize).collect();
    let features = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    // Before memory is taken for a shape that a damaged file may have made up.
    let first = tensors.get("parameter.encoder.0.weight").context("tensor parameter.encoder.0.weight is missing")?;
    ensure!(
        features.is_some_and(|features| features > 0 && Some(&features) == first.dims().last()),
        "tensor example.shape is {shape:?}, which does not fit the encoder's {:?}",
        first.dims()
    );
    let mut separator = ExampleSeparator::new(config, posterior, shape);
    let mut take = |prefix: &str, of: &FlatParameters<f32>| {
        let own = tensors.extract_if(.., |name, _| name.starts_with(prefix));
        of.values_of(&own.map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect())
    };
    separator.model.parameters.values = take(PARAMETER, &separator.model.parameters)?;
    separator.model.statistics.values = take(STATISTIC, &separator.model.statistics)?;
    Ok(Separates::Examples(Box::new(separator)))
}
