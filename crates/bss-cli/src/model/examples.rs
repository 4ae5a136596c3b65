//! `neri`, `ae`, `mixit` and `glo`: models of datasets of one-channel examples, trained on batches.

use anyhow::{Context as _, Result, ensure};
use bss_models::{ExampleModel, Glo, Latent, MixIt, NeriConfig, NeriVae, SeparatesExamples};
use bss_nn::Noise;
use bss_nn::dense::FlatParameters;

use super::tensors::{put_vector, take_vector};
use super::{Fitting, Kind, Separates, Tensors};
use crate::config::{self, Config, Model};
use crate::front_end::FrontEnd;

/// The sections of networks whose answers are not refined unless options ask for it.
const PLAIN: &[&str] = &["front-end", "network", "learning"];

/// The VAE of Neri et al.
pub(super) const NERI: Kind = Kind {
    sections: &["front-end", "network", "learning", "separation"],
    presets: &[
        ("paper", include_str!("../../../../docs/settings/neri-paper.toml")),
        ("audio", include_str!("../../../../docs/settings/neri-audio.toml")),
        ("audio-paper", include_str!("../../../../docs/settings/neri-audio-paper.toml")),
    ],
    iterations: None,
    epochs: Some("learning.epochs"),
    restarts: None,
    fitting: Fitting::Examples(neri),
    load: |config, tensors, _| load(config, neri, tensors),
    facts: |config| vec![("examples in a mixture", config.data.mix.to_string())],
};

/// The same network without a divergence.
pub(super) const AE: Kind = Kind {
    sections: PLAIN,
    fitting: Fitting::Examples(ae),
    load: |config, tensors, _| load(config, ae, tensors),
    ..NERI
};

/// The same network, trained on sums of two mixtures.
pub(super) const MIXIT: Kind = Kind {
    sections: PLAIN,
    fitting: Fitting::Examples(mixit),
    load: |config, tensors, _| load(config, mixit, tensors),
    ..NERI
};

/// The same decoder with a latent variable for each example.
pub(super) const GLO: Kind = Kind {
    sections: PLAIN,
    fitting: Fitting::Examples(glo),
    load: |config, tensors, _| load(config, glo, tensors),
    ..NERI
};

/// A model with its initial parameters, of the settings and the size of its dataset.
pub(crate) type Network = fn(&Config, Size) -> Result<Box<dyn ExampleModel>>;

/// The size of a dataset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// The values of an example.
    pub(crate) features: usize,
    /// Clean examples or mixtures.
    pub(crate) examples: usize,
}

fn neri(config: &Config, size: Size) -> Result<Box<dyn ExampleModel>> {
    Ok(Box::new(NeriVae::new(shape(config, size, Latent::Gaussian)?, Noise::new(config.seed))))
}

fn ae(config: &Config, size: Size) -> Result<Box<dyn ExampleModel>> {
    Ok(Box::new(NeriVae::new(shape(config, size, Latent::Delta)?, Noise::new(config.seed))))
}

fn mixit(config: &Config, size: Size) -> Result<Box<dyn ExampleModel>> {
    let (mix, sources) = (config.data.mix, config.sources.unwrap_or(EXAMPLE_SOURCES));
    ensure!(
        sources >= 2 * mix,
        "mixit is trained on sums of two mixtures, which hold {} sources, but --sources is {sources}; take --sources {0}, \
         or --mix 1",
        2 * mix
    );
    ensure!(
        sources <= MixIt::MOST_SOURCES,
        "mixit tries every way to share {sources} sources out between two mixtures; take --sources {} or fewer",
        MixIt::MOST_SOURCES
    );
    // The mean of two mixtures of `mix` has them at half their size, but spectra are relative to their peaks.
    let gain = if config.front_end.kind == config::FrontEnd::Stft { 1.0 } else { mix as f32 };
    Ok(Box::new(MixIt::new(shape(config, size, Latent::Delta)?, gain, Noise::new(config.seed))))
}

fn glo(config: &Config, size: Size) -> Result<Box<dyn ExampleModel>> {
    ensure!(
        config.front_end.kind == config::FrontEnd::None,
        "glo learns the sizes of clean examples, which spectra relative to their peaks have not; choose another model"
    );
    ensure!(
        config.data.mix == 1,
        "glo learns clean examples, and mixes none of them; leave out --mix {}, and give it clean examples",
        config.data.mix
    );
    ensure!(
        config.learning.distortion == 0.0,
        "glo learns a latent source for each example as it is; leave out learning.distortion = {}",
        config.learning.distortion
    );
    Ok(Box::new(Glo::new(shape(config, size, Latent::Delta)?, size.examples, Noise::new(config.seed))))
}

/// M of the mixtures that a model separates, as its examples make them: `--mix`, but of models that learn from clean
/// examples by themselves more than one.
pub(crate) fn mixed(config: &Config) -> usize {
    match (config.model, config.data.mix) {
        (Model::Glo, _) => config.sources.unwrap_or(EXAMPLE_SOURCES),
        (Model::MixIt, 1) => 2,
        (_, mix) => mix,
    }
}

fn shape(config: &Config, size: Size, posterior: Latent) -> Result<NeriConfig> {
    Ok(NeriConfig {
        features: size.features,
        widths: config.network.scaled_widths(),
        latent: config.network.latent,
        sources: config.sources.unwrap_or(EXAMPLE_SOURCES),
        posterior,
        norm: FrontEnd::norm(config)?,
    })
}

/// What separates examples of one shape.
#[derive(Debug)]
pub(crate) struct ExampleSeparator {
    /// The model.
    pub(crate) model: Box<dyn SeparatesExamples>,
    /// The features of an example, by axis.
    pub(crate) shape: Vec<usize>,
}

/// What the names of the weights begin with, and those of the running moments.
const PARAMETER: &str = "parameter.";
const STATISTIC: &str = "statistic.";

/// All that is needed to put a network for examples of a shape together again, besides the settings.
///
/// # Errors
/// As candle's.
pub(crate) fn network_tensors(model: &dyn ExampleModel, shape: &[usize]) -> Result<Tensors> {
    let mut tensors = Tensors::new();
    for (prefix, of) in [(PARAMETER, model.parameters()), (STATISTIC, model.statistics())] {
        tensors.extend(of.tensors()?.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    }
    put_shape(&mut tensors, shape)?;
    Ok(tensors)
}

/// Puts the shape of an example in.
pub(super) fn put_shape(tensors: &mut Tensors, shape: &[usize]) -> Result<()> {
    let shape: Vec<f64> = shape.iter().map(|&length| length as f64).collect();
    put_vector(tensors, "example.shape", &shape)
}

/// Takes the shape of an example out.
pub(super) fn take_shape(tensors: &mut Tensors) -> Result<Vec<usize>> {
    Ok(take_vector(tensors, "example.shape")?.into_iter().map(|length| length as usize).collect())
}

/// The number of sources where none is said: that of the paper's first experiment.
pub(crate) const EXAMPLE_SOURCES: usize = 2;

fn load(config: &Config, network: Network, tensors: &mut Tensors) -> Result<Separates> {
    let shape = take_shape(tensors)?;
    let features = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    // Before memory is taken for a shape that a damaged file may have made up.
    let last = format!("{PARAMETER}decoder.{}.bias", config.network.widths.len());
    let bias = tensors.get(&last).with_context(|| format!("tensor {last} is missing"))?;
    let features = features.filter(|&features| features > 0 && bias.dims() == [features]);
    let features = features.with_context(|| {
        format!("tensor example.shape is {shape:?}, which does not fit the decoder's {:?}", bias.dims())
    })?;
    let latents = tensors.get("parameter.latents").and_then(|latents| latents.dims().first().copied());
    let mut model = network(config, Size { features, examples: latents.unwrap_or(0) })?;
    let mut take = |prefix: &str, of: &FlatParameters<f32>| {
        let own = tensors.extract_if(.., |name, _| name.starts_with(prefix));
        of.values_of(&own.map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect())
    };
    let (parameters, statistics) = (take(PARAMETER, model.parameters())?, take(STATISTIC, model.statistics())?);
    model.parameters_mut().values = parameters;
    model.statistics_mut().values = statistics;
    Ok(Separates::Examples(Box::new(ExampleSeparator { model, shape })))
}
