//! Generative latent optimisation (Bojanowski et al. 2018), which separates as Halperin et al. (2019) do: a baseline.

use std::ops::Range;

use bss_nn::dense::{FlatParameters, Perceptron, Sink, Tape, sigmoid};
use bss_nn::{Noise, Purpose};

use crate::neri_vae::mixture;
use crate::neri_vae::refine::Frozen;
use crate::{Batch, ExampleModel, NeriConfig, NeriTerms, Refinement, SCALE, SeparatesExamples};

/// A decoder, trained on clean examples together with a latent variable for each; mixtures are separated by descending to
/// the latent sources whose signals add up to them.
///
/// It is given clean examples, which the VAE is not: the paper calls it semi-supervised. A mixture is the mean of K of them.
#[derive(Clone, Debug)]
pub struct Glo {
    config: NeriConfig,
    decoder: Perceptron,
    latents: Range<usize>,
    parameters: FlatParameters<f32>,
    statistics: FlatParameters<f32>,
    tape: Tape<f32>,
    noise: Noise,
}

/// Latents are kept divided by this, so that a step of the optimiser moves them so much further than the decoder, which is in
/// every step where each of them is met once an epoch. Of 1, 50 and 200, the last is best for 60 000 digits in batches of 128.
const STRIDE: f32 = 200.0;

/// Short descents of each mixture, of which the best goes on.
const STARTS: usize = 4;

/// Steps of a short descent, and of the one that goes on.
const STEPS: [usize; 2] = [30, 120];

/// Mixtures that are separated at once.
const SHARE: usize = 256;

impl Glo {
    /// For so many clean examples.
    #[must_use]
    pub fn new(config: NeriConfig, examples: usize, noise: Noise) -> Self {
        let (mut parameters, mut statistics) = (FlatParameters::default(), FlatParameters::default());
        let latents = parameters.normal("latents".into(), &[examples, config.latent], 1.0 / f64::from(STRIDE), noise);
        let back = config.widths.iter().rev().copied();
        let widths: Vec<usize> = [config.latent].into_iter().chain(back).chain([config.features]).collect();
        let decoder = Perceptron::new("decoder", &widths, noise, &mut parameters, &mut statistics);
        Self { config, decoder, latents, parameters, statistics, tape: Tape::default(), noise }
    }

    /// The signals of latent sources.
    fn signals(&self, z: &[f32]) -> Vec<f32> {
        self.decoder.infer(&self.parameters, &self.statistics, z, sigmoid)
    }

    /// The best of several descents for each of a few mixtures.
    fn separate_share(&self, x: &[f32]) -> Vec<f32> {
        let [short, long] = STEPS.map(|steps| Refinement { steps, rate: 0.1, ..Refinement::default() });
        let Self { decoder, parameters, statistics, .. } = self;
        let frozen = Frozen { decoder, parameters, statistics, norm: self.config.norm };
        let codes = self.config.sources * self.config.latent;
        let mixtures = x.len() / self.config.features;
        let all = vec![true; mixtures * self.config.sources];
        let (mut least, mut best) = (vec![f64::INFINITY; mixtures], vec![0.0; mixtures * codes]);
        for start in 0..STARTS {
            let mut z = self.noise.bulk_normal(Purpose::Sample, 1, start as u64, mixtures * codes);
            short.descend(&frozen, x, &mut z, &all);
            let costs = short.costs((x, self.config.features), &z, &self.signals(&z), self.config.norm);
            let found = costs.into_iter().zip(z.chunks_exact(codes));
            for ((cost, z), (least, best)) in found.zip(least.iter_mut().zip(best.chunks_exact_mut(codes))) {
                if cost < *least {
                    *least = cost;
                    best.copy_from_slice(z);
                }
            }
        }
        long.descend(&frozen, x, &mut best, &all);
        self.signals(&best)
    }
}

impl ExampleModel for Glo {
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

    fn draws(&self, _: usize) -> usize {
        0
    }

    /// The batch is of clean examples: mixtures of one. The divergence is that of a point from the prior, `½ ‖z‖²`.
    fn step(&mut self, batch: &Batch, beta: f64, sink: &mut dyn Sink<f32>) -> NeriTerms {
        let latent = self.config.latent;
        let examples = batch.examples.len();
        let at = |example: u32| self.latents.start + example as usize * latent;
        let rows = batch.examples.iter().map(|&example| at(example)..at(example) + latent).collect::<Vec<_>>();
        let z: Vec<f32> =
            rows.iter().flat_map(|row| &self.parameters.values[row.clone()]).map(|value| value * STRIDE).collect();
        self.decoder.forward(&self.parameters, &mut self.statistics, &z, &mut self.tape);
        let mut d_logits = std::mem::take(&mut self.tape.output);
        let reconstruction = mixture::laplace(&batch.x, &mut d_logits, self.config.features, SCALE, self.config.norm);
        let divergence = 0.5 * z.iter().map(|z| f64::from(z * z)).sum::<f64>() / examples as f64;
        let terms = NeriTerms { reconstruction, divergence };
        if terms.loss(beta).is_finite() {
            let mut d_z = Vec::new();
            self.decoder.backward(&mut self.parameters, &z, &d_logits, &mut self.tape, Some(&mut d_z), sink);
            let weight = (beta / examples as f64) as f32;
            d_z.iter_mut().zip(&z).for_each(|(d, z)| *d = STRIDE * (*d + weight * z));
            // The optimiser leaves the latents of other examples, and its memory of them, as they are.
            for (row, d_z) in rows.into_iter().zip(d_z.chunks_exact(latent)) {
                sink.take(row.clone(), &mut self.parameters.values[row], d_z);
            }
        }
        self.tape.output = d_logits;
        terms
    }
}

impl SeparatesExamples for Glo {
    fn features(&self) -> usize {
        self.config.features
    }

    fn to_train(&self, sources: usize) -> Option<Box<dyn ExampleModel>> {
        (sources == self.sources()).then(|| self.duplicate())
    }

    fn sources(&self) -> usize {
        self.config.sources
    }

    fn separate(&self, x: &[f32]) -> Vec<f32> {
        // The decoder knows the examples as they are, and a mixture holds the K-th part of each.
        let gain = self.config.sources as f32;
        let sum: Vec<f32> = x.iter().map(|value| value * gain).collect();
        let mut sources: Vec<f32> =
            sum.chunks(SHARE * self.config.features).flat_map(|x| self.separate_share(x)).collect();
        sources.iter_mut().for_each(|value| *value /= gain);
        sources
    }
}
