//! From settings to what the libraries take.

use anyhow::{Result, ensure};
use bss_models::{ArFlowVae, ArFlowVaeConfig, DecoderConfig, Error, Frame, MapConfig, PriorConfig, Whitening};
use bss_nn::{Activation, AdamConfig, Noise};
use bss_priors::{ArFlowConfig, Base};
use bss_train::Schedule;
use candle_core::{DType, Device};
use ndarray::ArrayView2;

use crate::config::{self, Config};

/// All that building and training a model takes.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The model's shape.
    pub(crate) vae: ArFlowVaeConfig,
    /// How the learning rate and β move.
    pub(crate) schedule: Schedule,
    /// The optimiser's settings.
    pub(crate) adam: AdamConfig,
    /// All randomness.
    pub(crate) noise: Noise,
}

impl Plan {
    /// For recordings that are whitened so.
    ///
    /// # Errors
    /// Settings that do not go together with the recording.
    pub(crate) fn new(config: &Config, whitening: &Whitening) -> Result<Self> {
        let channels = whitening.mean.len();
        let sources = config.sources.unwrap_or(channels);
        let seen = match config.whitening.kind {
            config::Whitening::Pca => sources,
            config::Whitening::None => channels,
        };
        let encoder = match config.encoder.kind {
            config::Encoder::Linear => MapConfig::Linear,
            config::Encoder::TwoLayer => MapConfig::Straightened(Frame::Learned),
            config::Encoder::PostNonlinear => {
                ensure!(
                    seen == channels,
                    "encoder.kind is post-nonlinear, which needs as many sources as channels, but there are {sources} \
                     and {channels}; leave channels out with --columns, or set whitening.kind=none"
                );
                MapConfig::Straightened(Frame::of_channels(whitening))
            }
            config::Encoder::Mlp => mlp(&config.encoder.widths, config.encoder.activation),
        };
        let linear = config.encoder.kind != config::Encoder::Mlp;
        let free_mlp = || DecoderConfig::Free(mlp(&config.decoder.widths, config.decoder.activation));
        let decoder = match config.decoder.kind {
            config::Decoder::Auto if linear && seen == sources => DecoderConfig::Tied,
            config::Decoder::Auto if linear => DecoderConfig::Free(MapConfig::Linear),
            config::Decoder::Linear => DecoderConfig::Free(MapConfig::Linear),
            config::Decoder::Auto | config::Decoder::Mlp => free_mlp(),
            config::Decoder::Tied => {
                ensure!(
                    seen == sources,
                    "decoder.kind is tied, which needs as many channels as sources, but there are {seen} and {sources}; \
                     choose decoder.kind=auto or whitening.kind=pca"
                );
                DecoderConfig::Tied
            }
        };
        let vae = ArFlowVaeConfig { encoder, decoder, prior: prior(config)?, sources, channels: seen };
        let training = &config.training;
        let schedule = Schedule {
            iterations: training.iterations as u64,
            learning_rate: training.learning_rate,
            learning_rate_end: training.learning_rate_end,
            beta: training.beta,
            beta_end: training.beta_end,
            anneal_from: training.anneal_from,
            anneal_to: training.anneal_to,
        };
        let adam = AdamConfig { clip_norm: training.clip_norm, ..AdamConfig::default() };
        Ok(Self { vae, schedule, adam, noise: Noise::new(config.seed) })
    }

    /// The model with its initial parameters, for so many restarts.
    ///
    /// # Errors
    /// If the device refuses the tensors.
    pub(crate) fn model(&self, restarts: usize, device: &Device) -> Result<ArFlowVae> {
        Ok(ArFlowVae::new(&self.vae, restarts, self.noise, DType::F32, device)?)
    }
}

/// What stands before the encoder.
///
/// # Errors
/// If there are fewer channels than sources, or they span fewer dimensions.
pub(crate) fn whiten(config: &Config, x: ArrayView2<f64>) -> Result<Whitening> {
    let channels = x.ncols();
    let sources = config.sources.unwrap_or(channels);
    if sources > channels {
        return Err(Error::TooFewChannels { channels, sources }.into());
    }
    Ok(match config.whitening.kind {
        config::Whitening::Pca => Whitening::fit(x, sources)?,
        config::Whitening::None => Whitening::centre(x)?,
    })
}

fn prior(config: &Config) -> Result<PriorConfig> {
    let config::PriorConfig { kind, base, components, order, hidden, kappa } = config.prior;
    let hidden = match kind {
        config::Prior::Gaussian => return Ok(PriorConfig::Gaussian),
        config::Prior::Ar => 0,
        config::Prior::ArFlow => {
            ensure!(hidden > 0, "prior.hidden is 0, expected at least 1; for a prior without a flow set prior.kind=ar");
            hidden
        }
    };
    let base = match base {
        config::Base::Gaussian => Base::Gaussian,
        config::Base::Mixture => {
            ensure!(
                (2..=16).contains(&components),
                "prior.components is {components}, expected a whole number from 2 to 16; for one component set \
                 prior.base=gaussian"
            );
            Base::Mixture(components)
        }
    };
    Ok(PriorConfig::ArFlow(ArFlowConfig { order, hidden, kappa, base }))
}

fn mlp(widths: &[usize], activation: config::Activation) -> MapConfig {
    let activation = match activation {
        config::Activation::Tanh => Activation::Tanh,
        config::Activation::Relu => Activation::Relu,
        config::Activation::LeakyRelu => Activation::LeakyRelu,
        config::Activation::Silu => Activation::Silu,
    };
    MapConfig::Perceptron { widths: widths.to_vec(), activation }
}
