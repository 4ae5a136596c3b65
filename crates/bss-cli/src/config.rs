//! Settings: one schema for TOML files, `--set` and the options of `fit`.
//!
//! [`Config`] holds the values, [`KEYS`](keys::KEYS) names each with the values it takes. Settings are put together
//! from defaults, a file, `--set` and options, the later overruling the earlier; each value is checked where it comes
//! in, so that the message can say where that was.

mod datasets;
mod fit;
mod keys;
mod load;
mod options;
mod rule;
mod scope;
mod setting;
#[cfg(test)]
mod tests;
mod write;

use bss_baselines::{FastIca, Picard, Sobi};
use bss_data::Columns;
use bss_train::Schedule;

pub(crate) use datasets::{FrontEndConfig, LearningConfig, NetworkConfig, NmfConfig, SeparationConfig};
pub(crate) use options::{
    Activation, Amount, Base, Decay, Decoder, Divergence, Encoder, FrontEnd, Model, Nonlinearity, Prior, Whitening,
};

use crate::args::{OnNan, Traversal};

/// All settings of a run; the defaults are those of the AR-Flow VAE on a recording of a few thousand samples.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    /// The model to fit.
    pub(crate) model: Model,
    /// Seed of all that is random.
    pub(crate) seed: u64,
    /// Number of sources; that of the channels if absent.
    pub(crate) sources: Option<usize>,
    /// What to fit to.
    pub(crate) data: DataConfig,
    /// What happens to channels before the encoder sees them.
    pub(crate) whitening: WhiteningConfig,
    /// The encoder (demixing), x → q(s | x).
    pub(crate) encoder: EncoderConfig,
    /// The decoder (remixing), s → p(x | s).
    pub(crate) decoder: DecoderConfig,
    /// The prior p(s).
    pub(crate) prior: PriorConfig,
    /// How the model is fitted.
    pub(crate) training: TrainingConfig,
    /// What a model of datasets sees of an example.
    pub(crate) front_end: FrontEndConfig,
    /// The network of a model of datasets.
    pub(crate) network: NetworkConfig,
    /// How a model of datasets is fitted.
    pub(crate) learning: LearningConfig,
    /// How its sources are found, where nothing else is asked for.
    pub(crate) separation: SeparationConfig,
    /// NMF's.
    pub(crate) nmf: NmfConfig,
    /// SOBI's.
    pub(crate) sobi: SobiConfig,
    /// FastICA's.
    pub(crate) fastica: FastIcaConfig,
    /// Picard's.
    pub(crate) picard: PicardConfig,
}

/// `[data]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataConfig {
    /// Files, joined along samples; images, along channels; datasets, along examples.
    pub(crate) inputs: Vec<String>,
    /// Columns to take as channels; all if absent.
    pub(crate) columns: Option<Columns>,
    /// Whether the files hold (channels, samples).
    pub(crate) channels_first: bool,
    /// Samples per second, overruling the file's; of sound as a dataset, those to resample to.
    pub(crate) sample_rate: Option<f64>,
    /// What to do about values that are not finite; an error if absent.
    pub(crate) on_nan: Option<OnNan>,
    /// The order of the pixels, where the files hold images.
    pub(crate) traversal: Option<Traversal>,
    /// M, the number of examples that are mixed, of datasets; 1 where they are mixtures already.
    pub(crate) mix: usize,
}

/// `[whitening]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WhiteningConfig {
    /// The kind.
    pub(crate) kind: Whitening,
}

/// `[encoder]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EncoderConfig {
    /// The kind.
    pub(crate) kind: Encoder,
    /// Widths of an mlp's hidden layers.
    pub(crate) widths: Vec<usize>,
    /// An mlp's activation.
    pub(crate) activation: Activation,
}

/// `[decoder]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DecoderConfig {
    /// The kind.
    pub(crate) kind: Decoder,
    /// Widths of an mlp's hidden layers.
    pub(crate) widths: Vec<usize>,
    /// An mlp's activation.
    pub(crate) activation: Activation,
}

/// `[prior]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PriorConfig {
    /// The kind.
    pub(crate) kind: Prior,
    /// The density of the noise that drives a source.
    pub(crate) base: Base,
    /// Components of a mixture base.
    pub(crate) components: usize,
    /// p, the order of the autoregression.
    pub(crate) order: usize,
    /// H, the width of the flow's hidden state.
    pub(crate) hidden: usize,
    /// κ, the bound on the log-scale of an innovation.
    pub(crate) kappa: f64,
}

/// `[training]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrainingConfig {
    /// Optimiser steps.
    pub(crate) iterations: usize,
    /// Independent fits, of which the best is kept.
    pub(crate) restarts: usize,
    /// Learning rate at the start.
    pub(crate) learning_rate: f64,
    /// Learning rate at the end.
    pub(crate) learning_rate_end: f64,
    /// Weight of the KL divergence at the start.
    pub(crate) beta: f64,
    /// Weight of the KL divergence at the end.
    pub(crate) beta_end: f64,
    /// Share of the run after which beta starts to fall.
    pub(crate) anneal_from: f64,
    /// Share of the run by which beta has reached its end.
    pub(crate) anneal_to: f64,
    /// Largest norm of a gradient.
    pub(crate) clip_norm: f64,
    /// Iterations between two lines of the log.
    pub(crate) log_every: usize,
    /// Seconds between two saved states.
    pub(crate) checkpoint_seconds: f64,
}

/// `[sobi]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SobiConfig {
    /// The lags of the covariances that are diagonalised.
    pub(crate) lags: Vec<usize>,
}

/// `[fastica]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FastIcaConfig {
    /// The measure of how far a source is from Gaussian.
    pub(crate) nonlinearity: Nonlinearity,
    /// The change of an iteration at which it ends.
    pub(crate) tolerance: f64,
    /// The most iterations.
    pub(crate) iterations: usize,
}

/// `[picard]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PicardConfig {
    /// The gradient at which it ends.
    pub(crate) tolerance: f64,
    /// The most iterations.
    pub(crate) iterations: usize,
    /// Steps that L-BFGS remembers.
    pub(crate) memory: usize,
}

impl Default for Config {
    fn default() -> Self {
        let (widths, activation) = (vec![32], Activation::Tanh);
        let schedule = Schedule::default();
        let (fastica, picard) = (FastIca::default(), Picard::default());
        Self {
            model: Model::ArFlow,
            seed: 0,
            sources: None,
            data: DataConfig {
                inputs: Vec::new(),
                columns: None,
                channels_first: false,
                sample_rate: None,
                on_nan: None,
                traversal: None,
                mix: 1,
            },
            whitening: WhiteningConfig { kind: Whitening::Pca },
            encoder: EncoderConfig { kind: Encoder::Linear, widths: widths.clone(), activation },
            decoder: DecoderConfig { kind: Decoder::Auto, widths, activation },
            // Chosen by the smallest correlation over all synthetic families: more memory in the linear part and less in
            // the flow, which learns the noise of a short recording where it is wide (docs/experiments/separation).
            prior: PriorConfig {
                kind: Prior::ArFlow,
                base: Base::Mixture,
                components: 4,
                order: 4,
                hidden: 2,
                kappa: 0.8,
            },
            training: TrainingConfig {
                iterations: schedule.iterations as usize,
                restarts: 5,
                learning_rate: schedule.learning_rate,
                learning_rate_end: schedule.learning_rate_end,
                beta: schedule.beta,
                beta_end: schedule.beta_end,
                anneal_from: schedule.anneal_from,
                anneal_to: schedule.anneal_to,
                clip_norm: 5.0,
                log_every: 10,
                checkpoint_seconds: 10.0,
            },
            front_end: FrontEndConfig::default(),
            network: NetworkConfig::default(),
            learning: LearningConfig::default(),
            separation: SeparationConfig::default(),
            nmf: NmfConfig::default(),
            sobi: SobiConfig { lags: Sobi::default().lags },
            fastica: FastIcaConfig {
                nonlinearity: Nonlinearity::LogCosh,
                tolerance: fastica.tolerance,
                iterations: fastica.iterations,
            },
            picard: PicardConfig { tolerance: picard.tolerance, iterations: picard.iterations, memory: picard.memory },
        }
    }
}
