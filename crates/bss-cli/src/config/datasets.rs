//! The settings of models of datasets.

use bss_baselines::Nmf;
use bss_models::Refinement;

use super::{Amount, Decay, Divergence, FrontEnd};

/// `[front-end]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FrontEndConfig {
    /// The kind.
    pub(crate) kind: FrontEnd,
    /// Samples of a frame.
    pub(crate) points: usize,
    /// Samples from one frame to the next.
    pub(crate) hop: usize,
    /// The frequencies that are seen, from 0 on.
    pub(crate) bins: usize,
    /// The frames that are seen.
    pub(crate) frames: usize,
    /// Frames that are seen as one.
    pub(crate) pool: usize,
    /// The power of the magnitudes.
    pub(crate) power: f64,
    /// What adds up in a mixture.
    pub(crate) adds: Amount,
    /// What masks are shares of.
    pub(crate) mask: Amount,
}

/// `[network]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NetworkConfig {
    /// Widths of the encoder's hidden layers; the decoder's are the same in reverse.
    pub(crate) widths: Vec<usize>,
    /// What the widths are multiplied by.
    pub(crate) width_factor: f64,
    /// The dimensions of a source's latent variable.
    pub(crate) latent: usize,
}

/// `[learning]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LearningConfig {
    /// The folder of a run whose weights are the first ones; drawn at random if absent.
    pub(crate) start: Option<String>,
    /// Passes over the examples.
    pub(crate) epochs: usize,
    /// Mixtures in a step.
    pub(crate) batch: usize,
    /// Pixels by which images are distorted along each axis, root mean square.
    pub(crate) distortion: f64,
    /// Learning rate at the start.
    pub(crate) learning_rate: f64,
    /// Learning rate at the end of a cosine.
    pub(crate) learning_rate_end: f64,
    /// How it falls.
    pub(crate) decay: Decay,
    /// The share of itself that an exponential decay takes away in an epoch.
    pub(crate) decay_per_epoch: f64,
    /// Weight of the KL divergence.
    pub(crate) beta: f64,
    /// How many times that it is at the start.
    pub(crate) beta_first: f64,
    /// Epochs over which this factor goes to 1.
    pub(crate) cooling_epochs: f64,
    /// The factor at the end of the run, towards which it moves all the time.
    pub(crate) beta_last: f64,
    /// Epochs over which β rises from 0, and the learning rate with it where its decay is a cosine.
    pub(crate) warm_up_epochs: f64,
    /// The share of itself, times the learning rate, that a weight loses at each step.
    pub(crate) weight_decay: f64,
    /// The share that the average of the weights keeps of itself at a step.
    pub(crate) average: f64,
    /// Iterations between two lines of the log.
    pub(crate) log_every: usize,
    /// Seconds between two saved states.
    pub(crate) checkpoint_seconds: f64,
}

/// `[separation]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeparationConfig {
    /// Steps of the descent from the encoder's answer; none of the encoder's answer as it is.
    pub(crate) refine: usize,
    /// How often each source is looked for in what the others leave.
    pub(crate) rounds: usize,
}

/// `[nmf]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NmfConfig {
    /// Templates of each source.
    pub(crate) templates: usize,
    /// What is made small.
    pub(crate) divergence: Divergence,
    /// Whether the parts share the mixture out.
    pub(crate) mask: bool,
    /// The change of an iteration at which it ends.
    pub(crate) tolerance: f64,
    /// The most iterations.
    pub(crate) iterations: usize,
    /// The most mixtures that are made of clean examples.
    pub(crate) mixtures: usize,
}

impl Default for FrontEndConfig {
    /// Sizes of the paper's section V-A.
    fn default() -> Self {
        Self {
            kind: FrontEnd::None,
            points: 2048,
            hop: 512,
            bins: 256,
            frames: 128,
            pool: 1,
            power: 1.0,
            adds: Amount::Magnitudes,
            mask: Amount::Magnitudes,
        }
    }
}

impl Default for NetworkConfig {
    /// Table I of the paper.
    fn default() -> Self {
        Self { widths: vec![700, 600, 500, 400, 300], width_factor: 1.0, latent: 20 }
    }
}

impl NetworkConfig {
    /// The widths of the encoder's hidden layers, multiplied.
    pub(crate) fn scaled_widths(&self) -> Vec<usize> {
        let scaled = |&width: &usize| ((width as f64 * self.width_factor).round() as usize).max(1);
        self.widths.iter().map(scaled).collect()
    }
}

impl Default for LearningConfig {
    fn default() -> Self {
        Self {
            start: None,
            epochs: 60,
            batch: 128,
            distortion: 0.0,
            learning_rate: 2e-3,
            learning_rate_end: 2e-5,
            decay: Decay::Cosine,
            decay_per_epoch: 1e-4,
            beta: 0.5,
            beta_first: 2.0,
            cooling_epochs: 3.0,
            beta_last: 0.6,
            warm_up_epochs: 1.5,
            weight_decay: 0.2,
            average: 0.999,
            log_every: 50,
            checkpoint_seconds: 30.0,
        }
    }
}

impl Default for SeparationConfig {
    /// Most of what more would gain on pairs of digits (docs/experiments/neri-mnist), at a few milliseconds a mixture.
    fn default() -> Self {
        Self { refine: 20, rounds: 1 }
    }
}

impl SeparationConfig {
    /// The encoder's answer as it is.
    pub(crate) const PLAIN: Self = Self { refine: 0, rounds: 0 };

    /// The same with what options say otherwise.
    pub(crate) fn overruled(self, refine: Option<usize>, rounds: Option<usize>) -> Self {
        let refine = refine.unwrap_or(self.refine);
        Self { refine, rounds: if refine > 0 { rounds.unwrap_or(self.rounds) } else { 0 } }
    }

    /// What the model is asked for; `None` for the encoder's answer as it is.
    pub(crate) fn refinement(self, learning: &LearningConfig) -> Option<Refinement> {
        (self.refine > 0).then(|| Refinement::new(self.refine, self.rounds, learning.beta))
    }
}

impl Default for NmfConfig {
    fn default() -> Self {
        let Nmf { templates, mask, tolerance, iterations, .. } = Nmf::default();
        Self { templates, divergence: Divergence::Frobenius, mask, tolerance, iterations, mixtures: 3000 }
    }
}
