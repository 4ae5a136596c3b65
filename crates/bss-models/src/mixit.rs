//! Mixture-invariant training (Wisdom et al. 2020) of the same network: a baseline.

use bss_nn::Noise;
use bss_nn::dense::{FlatParameters, Sink, sigmoid};

use crate::{Batch, ExampleModel, Latent, NeriConfig, NeriTerms, NeriVae, Norm, SCALE, SeparatesExamples};

/// A separator that is trained on sums of two mixtures, which it has to give back from its K outputs.
///
/// Each output belongs to one of the two mixtures, and the assignment that costs least counts. For that, K has to be at
/// least the number of sources in both mixtures together: with K = 2 the "mixtures" are single examples, and training is
/// as good as supervised; mixtures of two take K = 4. The paper of Neri et al. (section V-C) gives K = 2 and 3 and does not
/// say what was in them.
#[derive(Clone, Debug)]
pub struct MixIt {
    network: NeriVae<f32>,
    gain: f32,
}

impl MixIt {
    /// The most sources: every set of them is tried for every pair of mixtures.
    pub const MOST_SOURCES: usize = 12;

    /// The network of `config`, without a divergence; in mixtures, sources are `gain` times as loud as in the sums of pairs
    /// that it is trained on.
    #[must_use]
    pub fn new(config: NeriConfig, gain: f32, noise: Noise) -> Self {
        Self { network: NeriVae::new(NeriConfig { posterior: Latent::Delta, ..config }, noise), gain }
    }
}

impl ExampleModel for MixIt {
    fn duplicate(&self) -> Box<dyn ExampleModel> {
        Box::new(self.clone())
    }

    fn parameters(&self) -> &FlatParameters<f32> {
        self.network.parameters()
    }

    fn parameters_mut(&mut self) -> &mut FlatParameters<f32> {
        self.network.parameters_mut()
    }

    fn statistics(&self) -> &FlatParameters<f32> {
        self.network.statistics()
    }

    fn statistics_mut(&mut self) -> &mut FlatParameters<f32> {
        self.network.statistics_mut()
    }

    fn draws(&self, _: usize) -> usize {
        0
    }

    fn learns_from_pairs(&self) -> bool {
        true
    }

    fn step(&mut self, batch: &Batch, _: f64, sink: &mut dyn Sink<f32>) -> NeriTerms {
        let (features, norm) = (self.features(), self.network.config().norm);
        self.network.step_with(&batch.sums, &[], 0.0, sink, |logits| invariant(&batch.x, logits, features, SCALE, norm))
    }
}

impl SeparatesExamples for MixIt {
    fn features(&self) -> usize {
        self.network.config().features
    }

    fn to_train(&self, sources: usize) -> Option<Box<dyn ExampleModel>> {
        (sources == self.sources()).then(|| self.duplicate())
    }

    fn sources(&self) -> usize {
        self.network.config().sources
    }

    /// `x` is made as faint as what the network knows.
    fn separate(&self, x: &[f32]) -> Vec<f32> {
        let gain = self.gain;
        let faint: Vec<f32> = x.iter().map(|value| value / gain).collect();
        let mut sources = self.network.separate(&faint);
        sources.iter_mut().for_each(|value| *value *= gain);
        sources
    }
}

/// The least of `Σ |x₁ - x̂(A)| / b + Σ |x₂ - x̂(Aᶜ)| / b` over the sets A of sources, `x̂(A)` their norm, the mean over the
/// pairs, from the decoder's output (pairs, K, features), which is replaced by the gradient; `x` is (pairs, 2, features).
fn invariant(x: &[f32], logits: &mut [f32], features: usize, b: f64, norm: Norm) -> f64 {
    let pairs = x.len() / (2 * features);
    let sources = logits.len() / (pairs * features);
    let slope = (1.0 / (b * pairs as f64)) as f32;
    sigmoid(logits);
    // Powers of what is less could vanish, and nothing would be left to divide by.
    logits.iter_mut().for_each(|s| *s = s.max(1e-8));
    let place = |set: usize, k: usize| if set >> k & 1 == 1 { 0 } else { features };
    let mut total = 0.0;
    for (x, outputs) in x.chunks_exact(2 * features).zip(logits.chunks_exact_mut(sources * features)) {
        let estimates = |set: usize| {
            let mut mixed = vec![0.0; 2 * features];
            for (k, output) in outputs.chunks_exact(features).enumerate() {
                mixed[place(set, k)..].iter_mut().zip(output).for_each(|(sum, &s)| *sum += norm.power(s));
            }
            mixed.iter_mut().for_each(|sum| *sum = norm.root(*sum));
            mixed
        };
        let cost = |mixed: &[f32]| x.iter().zip(mixed).map(|(x, mixed)| f64::from((x - mixed).abs())).sum::<f64>();
        let costs = (0..1usize << sources).map(|set| cost(&estimates(set)));
        let (set, least) =
            costs.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).expect("there is at least the empty set");
        total += least;
        let mixed = estimates(set);
        for (k, output) in outputs.chunks_exact_mut(features).enumerate() {
            let start = place(set, k);
            for ((s, x), mixed) in output.iter_mut().zip(&x[start..]).zip(&mixed[start..]) {
                let sign = if x == mixed { 0.0 } else { (x - mixed).signum() };
                *s = -sign * slope * norm.slope(*s / mixed) * (*s * (1.0 - *s));
            }
        }
    }
    total / (b * pairs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against differences of the least cost, where no assignment is about to change.
    #[test]
    fn the_gradient_is_that_of_the_least_cost() {
        let x = [0.95, 0.07, 0.27, 0.66, 0.38, 0.22, 0.71, 0.02];
        let logits = [1.5, -1.0, -0.3, 0.4, -2.0, -1.5, 0.2, -0.7, 1.0, -2.0, -1.0, 0.1];
        for norm in [Norm::One, Norm::Two, Norm::Four] {
            let cost = |logits: &[f32]| invariant(&x, &mut logits.to_vec(), 2, SCALE, norm);
            let mut gradient = logits.to_vec();
            invariant(&x, &mut gradient, 2, SCALE, norm);
            assert!(gradient.iter().any(|g| g.abs() > 0.05));
            for i in 0..logits.len() {
                let moved = |by: f32| {
                    let mut logits = logits;
                    logits[i] += by;
                    cost(&logits)
                };
                let difference = (moved(2e-3) - moved(-2e-3)) / 4e-3;
                let error = (difference - f64::from(gradient[i])).abs();
                assert!(error < 1e-3, "{norm:?} {i}: {difference} against {}", gradient[i]);
            }
        }
    }

    #[test]
    fn the_order_of_the_outputs_does_not_matter() {
        let x = [0.9, 0.1, 0.2, 0.6];
        let outputs = [[1.5, -1.0], [-0.3, 0.4], [-2.0, -1.5]];
        let cost = |order: [usize; 3]| invariant(&x, &mut order.map(|k| outputs[k]).concat(), 2, SCALE, Norm::One);
        let first = cost([0, 1, 2]);
        for order in [[1, 0, 2], [2, 1, 0], [1, 2, 0]] {
            assert!((cost(order) - first).abs() < 1e-6);
        }
    }
}
