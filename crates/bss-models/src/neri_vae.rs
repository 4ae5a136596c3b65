//! The VAE of Neri, Badeau and Depalle (2021): one-channel mixtures, an encoder, and one decoder for all sources.

mod graph;
mod growth;
mod latent;
pub(crate) mod mixture;
mod norm;
pub(crate) mod refine;
mod rounds;

use bss_nn::dense::{FlatParameters, Perceptron, Sink, Tape, sigmoid};
use bss_nn::{Noise, Purpose, Real};

use crate::{Batch, ExampleModel, SeparatesExamples};

pub use latent::Latent;
pub use norm::Norm;
pub use refine::Refinement;

/// b of equation 3: the Laplace scale of unit variance.
pub const SCALE: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// The shape of a [`NeriVae`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeriConfig {
    /// Dₓ, the values of an example.
    pub features: usize,
    /// Widths of the encoder's hidden layers; the decoder's are the same in reverse (Table I).
    pub widths: Vec<usize>,
    /// D_z, the dimensions of a source's latent variable.
    pub latent: usize,
    /// K, the number of sources assumed.
    pub sources: usize,
    /// What the encoder gives.
    pub posterior: Latent,
    /// How sources make a mixture.
    pub norm: Norm,
}

impl NeriConfig {
    /// Table I's first row: 28 by 28 pixels.
    #[must_use]
    pub fn mnist(sources: usize) -> Self {
        let widths = vec![700, 600, 500, 400, 300];
        Self { features: 784, widths, latent: 20, sources, posterior: Latent::Gaussian, norm: Norm::One }
    }
}

/// The model with its parameters.
///
/// `q(Z|x) = N(μ(x), σ²(x))` (equation 6), `ŝ_k = g(z_k)` (2), `p(x|Z) = ∏ Lap(x_i | x̂_i, b)` with `x̂ = Σ ŝ_k` (3, 4),
/// `p(Z) = N(0, I)` (5). The encoder and the decoder are [`Perceptron`]s; the decoder ends in a logistic function.
#[derive(Clone, Debug)]
pub struct NeriVae<T> {
    config: NeriConfig,
    encoder: Perceptron,
    decoder: Perceptron,
    /// What is trained.
    pub parameters: FlatParameters<T>,
    /// Running moments of the batch normalisation.
    pub statistics: FlatParameters<T>,
    tape: NeriTape<T>,
}

/// What a step keeps in memory, to be used again by the next.
#[derive(Clone, Debug, Default)]
struct NeriTape<T> {
    encoder: Tape<T>,
    decoder: Tape<T>,
    z: Vec<T>,
    d_z: Vec<T>,
}

/// The two terms of the bound (equation 8), each the mean over the examples of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeriTerms {
    /// `-log p(x|Z)` in nats, of one draw of Z.
    pub reconstruction: f64,
    /// `KL(q(Z|x) ‖ p(Z))` in nats.
    pub divergence: f64,
}

impl NeriTerms {
    /// What is minimised: `-log p(x|Z) + β KL`.
    #[must_use]
    pub fn loss(self, beta: f64) -> f64 {
        // A plain autoencoder has β = 0 and no divergence.
        self.reconstruction + beta * self.divergence
    }
}

/// Examples that are separated at once: enough to fill the products, few enough to stay in the cache.
const SHARE: usize = 256;

impl<T: Real> NeriVae<T> {
    /// Draws the parameters.
    #[must_use]
    pub fn new(config: NeriConfig, noise: Noise) -> Self {
        let (mut parameters, mut statistics) = (FlatParameters::default(), FlatParameters::default());
        let codes = config.posterior.outputs() * config.sources * config.latent;
        let encoder: Vec<usize> = [config.features].into_iter().chain(config.widths.clone()).chain([codes]).collect();
        let back = config.widths.iter().rev().copied();
        let decoder: Vec<usize> = [config.latent].into_iter().chain(back).chain([config.features]).collect();
        let encoder = Perceptron::new("encoder", &encoder, noise, &mut parameters, &mut statistics);
        let decoder = Perceptron::new("decoder", &decoder, noise, &mut parameters, &mut statistics);
        Self { config, encoder, decoder, parameters, statistics, tape: NeriTape::default() }
    }

    /// Its shape.
    #[must_use]
    pub fn config(&self) -> &NeriConfig {
        &self.config
    }

    /// How many draws of N(0, 1) a step takes for so many examples.
    #[must_use]
    pub fn draws(&self, examples: usize) -> usize {
        match self.config.posterior {
            Latent::Gaussian => examples * self.config.sources * self.config.latent,
            Latent::Delta => 0,
        }
    }

    /// One evaluation on mixtures `x` (examples, features) with the draws `noise` (examples, K D_z), and the way back of
    /// `reconstruction + β divergence`: `sink` takes the gradient of each layer as soon as it is known.
    ///
    /// Where the loss is not finite there is no way back: the parameters stay.
    pub fn step(&mut self, x: &[T], noise: &[T], beta: f64, sink: &mut dyn Sink<T>) -> NeriTerms {
        let (features, norm) = (self.config.features, self.config.norm);
        self.step_with(x, noise, beta, sink, |logits| mixture::laplace(x, logits, features, SCALE, norm))
    }

    /// The same with another reconstruction term: `reconstruct` is given the decoder's output before the logistic function,
    /// (examples, K, features), returns the mean over the examples, and leaves its gradient there.
    pub(crate) fn step_with(
        &mut self,
        x: &[T],
        noise: &[T],
        beta: f64,
        sink: &mut dyn Sink<T>,
        reconstruct: impl FnOnce(&mut [T]) -> f64,
    ) -> NeriTerms {
        let NeriTape { encoder, decoder, z, d_z } = &mut self.tape;
        let examples = x.len() / self.config.features;
        self.encoder.forward(&self.parameters, &mut self.statistics, x, encoder);
        let codes = self.config.sources * self.config.latent;
        let divergence = self.config.posterior.sample(&encoder.output, codes, noise, z);
        self.decoder.forward(&self.parameters, &mut self.statistics, z, decoder);
        let mut d_logits = std::mem::take(&mut decoder.output);
        let reconstruction = reconstruct(&mut d_logits);
        let terms = NeriTerms { reconstruction, divergence: divergence / examples as f64 };
        if terms.loss(beta).is_finite() {
            self.decoder.backward(&mut self.parameters, z, &d_logits, decoder, Some(d_z), sink);
            let mut d_codes = std::mem::take(&mut encoder.output);
            self.config.posterior.backward(&mut d_codes, codes, noise, d_z, beta / examples as f64);
            self.encoder.backward(&mut self.parameters, x, &d_codes, encoder, None, sink);
            encoder.output = d_codes;
        }
        decoder.output = d_logits;
        terms
    }

    /// The sources `ŝ_k = g(μ_k(x))` of mixtures `x` (examples, features): (examples, K, features).
    #[must_use]
    pub fn separate(&self, x: &[T]) -> Vec<T> {
        self.generate(&self.means(&self.encode(x)))
    }

    /// The standard deviations of the sources `g(z_k)` of mixtures `x` (examples, features) over so many draws of z from
    /// the posterior, at least two: (examples, K, features). Those of an autoencoder are zero.
    #[must_use]
    pub fn spread(&self, x: &[T], draws: usize, noise: Noise) -> Vec<T> {
        let codes = self.config.sources * self.config.latent;
        let mut spread = Vec::with_capacity(x.len() * self.config.sources);
        for (share, x) in x.chunks(SHARE * self.config.features).enumerate() {
            let posterior = self.encode(x);
            // Sums about the source of the mean: small deviations of large values are not lost.
            let about = self.generate(&self.means(&posterior));
            let (mut sums, mut squares) = (vec![T::zero(); about.len()], vec![T::zero(); about.len()]);
            let mut z = Vec::new();
            for draw in 0..draws {
                let stream = (share * draws + draw) as u64;
                let noise = noise.normal(Purpose::Sample, 0, stream, self.draws(x.len() / self.config.features));
                self.config.posterior.sample(&posterior, codes, &noise, &mut z);
                let drawn = self.generate(&z);
                for (((&drawn, &about), sum), square) in drawn.iter().zip(&about).zip(&mut sums).zip(&mut squares) {
                    *sum += drawn - about;
                    *square += (drawn - about) * (drawn - about);
                }
            }
            let (all, others) = (T::from_f64(draws as f64), T::from_f64(draws as f64 - 1.0));
            let variance = |(&sum, &square): (&T, &T)| (square - sum * sum / all) / others;
            let variances = sums.iter().zip(&squares).map(variance);
            spread.extend(variances.map(|variance| if variance > T::zero() { variance.root() } else { T::zero() }));
        }
        spread
    }

    /// The encoder's output for mixtures `x`, (examples, outputs).
    fn encode(&self, x: &[T]) -> Vec<T> {
        self.encoder.infer(&self.parameters, &self.statistics, x, |_| {})
    }

    /// μ of all sources from the encoder's output: (examples, K D_z).
    fn means(&self, posterior: &[T]) -> Vec<T> {
        let codes = self.config.sources * self.config.latent;
        let outputs = self.config.posterior.outputs() * codes;
        posterior.chunks_exact(outputs).flat_map(|row| &row[..codes]).copied().collect()
    }

    /// The signals `g(z)` of latent sources (sources, D_z): (sources, features), each between 0 and 1 (equation 2).
    #[must_use]
    pub fn generate(&self, z: &[T]) -> Vec<T> {
        self.decoder.infer(&self.parameters, &self.statistics, z, sigmoid)
    }

    /// The divergence of each latent source of mixtures `x` from its prior in nats: (examples, K). Near zero, it is unused.
    #[must_use]
    pub fn divergences(&self, x: &[T]) -> Vec<f64> {
        let codes = self.config.sources * self.config.latent;
        let posterior = self.encode(x);
        self.config.posterior.divergences(&posterior, codes, self.config.latent)
    }
}

impl ExampleModel for NeriVae<f32> {
    fn duplicate(&self) -> Box<dyn ExampleModel> {
        Box::new(self.clone())
    }

    fn parameters(&self) -> &FlatParameters<f32> {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut FlatParameters<f32> {
        &mut self.parameters
    }

    fn statistics(&self) -> &FlatParameters<f32> {
        &self.statistics
    }

    fn statistics_mut(&mut self) -> &mut FlatParameters<f32> {
        &mut self.statistics
    }

    fn draws(&self, mixtures: usize) -> usize {
        Self::draws(self, mixtures)
    }

    fn step(&mut self, batch: &Batch, beta: f64, sink: &mut dyn Sink<f32>) -> NeriTerms {
        Self::step(self, &batch.x, &batch.noise, beta, sink)
    }
}

impl SeparatesExamples for NeriVae<f32> {
    fn features(&self) -> usize {
        self.config.features
    }

    fn sources(&self) -> usize {
        self.config.sources
    }

    fn separate(&self, x: &[f32]) -> Vec<f32> {
        Self::separate(self, x)
    }

    fn separate_refined(&self, x: &[f32], refinement: Refinement) -> Option<Vec<f32>> {
        let beta = if self.has_posterior() { refinement.beta } else { 0.0 };
        Some(Self::separate_refined(self, x, Refinement { beta, ..refinement }))
    }

    fn spread(&self, x: &[f32], draws: usize, noise: Noise) -> Option<Vec<f32>> {
        self.has_posterior().then(|| Self::spread(self, x, draws, noise))
    }

    fn divergences(&self, x: &[f32]) -> Option<Vec<f64>> {
        self.has_posterior().then(|| Self::divergences(self, x))
    }

    fn has_posterior(&self) -> bool {
        self.config.posterior == Latent::Gaussian
    }

    fn to_train(&self, sources: usize) -> Option<Box<dyn ExampleModel>> {
        Some(Box::new(self.with_sources(sources)?))
    }
}
