//! Generative latent optimisation (Bojanowski et al. 2018), which separates as Halperin et al. (2019) do: a baseline.

use std::ops::Range;

use bss_nn::dense::{FlatParameters, Perceptron, Sink, Tape, sigmoid};
use bss_nn::{Noise, Purpose};

use crate::neri_vae::mixture;
use crate::{Batch, ExampleModel, NeriConfig, NeriTerms, Refinement, SCALE, SeparatesExamples};

/// A decoder, trained on clean examples together with a latent variable for each; mixtures are separated by descending to
/// the latent sources whose signals add up to them.
///
/// It is given clean examples, which the VAE is not: the paper calls it semi-supervised.
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

/// Starts of the descent, of which the best counts for each mixture.
const STARTS: usize = 4;

/// Mixtures that are separated at once.
const SHARE: usize = 256;

impl Glo {
    /// For so many clean examples.
    #[must_use]
    pub fn new(config: NeriConfig, examples: usize, noise: Noise) -> Self {
        let (mut parameters, mut statistics) = (FlatParameters::default(), FlatParameters::default());
        let latents = parameters.normal("latents".into(), &[examples, config.latent], 0.1, noise);
        let back = config.widths.iter().rev().copied();
        let widths: Vec<usize> = [config.latent].into_iter().chain(back).chain([config.features]).collect();
        let decoder = Perceptron::new("decoder", &widths, noise, &mut parameters, &mut statistics);
        Self { config, decoder, latents, parameters, statistics, tape: Tape::default(), noise }
    }

    /// `-log p(x|Z) - β log p(Z)` of each mixture, up to a constant, and the signals.
    fn evaluate(&self, x: &[f32], z: &[f32], beta: f64) -> (Vec<f64>, Vec<f32>) {
        let signals = self.decoder.infer(&self.parameters, &self.statistics, z, sigmoid);
        let features = self.config.features;
        let codes = self.config.sources * self.config.latent;
        let examples = x.chunks_exact(features).zip(signals.chunks_exact(self.config.sources * features));
        let cost = |((x, signals), z): ((&[f32], &[f32]), &[f32])| {
            let at = |i: usize| signals.chunks_exact(features).map(|signal| signal[i]).sum::<f32>();
            let distance: f64 = x.iter().enumerate().map(|(i, x)| f64::from((x - at(i)).abs())).sum();
            distance / SCALE + 0.5 * beta * z.iter().map(|z| f64::from(z * z)).sum::<f64>()
        };
        (examples.zip(z.chunks_exact(codes)).map(cost).collect(), signals)
    }

    /// The best of several descents for each of a few mixtures.
    fn separate_share(&self, x: &[f32]) -> Vec<f32> {
        let refinement = Refinement { steps: 200, rate: 0.1, ..Refinement::default() };
        let size = self.config.sources * self.config.features;
        let mixtures = x.len() / self.config.features;
        let mut best: Option<(Vec<f64>, Vec<f32>)> = None;
        for start in 0..STARTS {
            let count = mixtures * self.config.sources * self.config.latent;
            let mut z = self.noise.bulk_normal(Purpose::Sample, 1, start as u64, count);
            refinement.descend(&self.decoder, (&self.parameters, &self.statistics), x, &mut z);
            let (costs, signals) = self.evaluate(x, &z, refinement.beta);
            let Some((least, chosen)) = &mut best else {
                best = Some((costs, signals));
                continue;
            };
            let of_mixtures = signals.chunks_exact(size).zip(chosen.chunks_exact_mut(size));
            for ((cost, least), (signals, chosen)) in costs.iter().zip(least).zip(of_mixtures) {
                if cost < least {
                    *least = *cost;
                    chosen.copy_from_slice(signals);
                }
            }
        }
        best.map(|(_, signals)| signals).unwrap_or_default()
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
        let z: Vec<f32> = rows.iter().flat_map(|row| &self.parameters.values[row.clone()]).copied().collect();
        self.decoder.forward(&self.parameters, &mut self.statistics, &z, &mut self.tape);
        let mut d_logits = std::mem::take(&mut self.tape.output);
        let reconstruction = mixture::laplace(&batch.x, &mut d_logits, self.config.features, SCALE);
        let divergence = 0.5 * z.iter().map(|z| f64::from(z * z)).sum::<f64>() / examples as f64;
        let terms = NeriTerms { reconstruction, divergence };
        if terms.loss(beta).is_finite() {
            let mut d_z = Vec::new();
            self.decoder.backward(&mut self.parameters, &z, &d_logits, &mut self.tape, Some(&mut d_z), sink);
            let mut gradient = vec![0.0; self.latents.len()];
            let weight = (beta / examples as f64) as f32;
            for ((row, d_z), z) in rows.iter().zip(d_z.chunks_exact(latent)).zip(z.chunks_exact(latent)) {
                let of_row = &mut gradient[row.start - self.latents.start..][..latent];
                of_row.iter_mut().zip(d_z.iter().zip(z)).for_each(|(g, (d, z))| *g = d + weight * z);
            }
            sink.take(self.latents.clone(), &mut self.parameters.values[self.latents.clone()], &gradient);
        }
        self.tape.output = d_logits;
        terms
    }
}

impl SeparatesExamples for Glo {
    fn features(&self) -> usize {
        self.config.features
    }

    fn sources(&self) -> usize {
        self.config.sources
    }

    fn separate(&self, x: &[f32]) -> Vec<f32> {
        x.chunks(SHARE * self.config.features).flat_map(|x| self.separate_share(x)).collect()
    }
}
