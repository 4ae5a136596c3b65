//! Latent sources of single mixtures by gradient: from the encoder's answer on, or from nothing.

use bss_nn::Real;
use bss_nn::dense::{FlatAdam, FlatAdamConfig, FlatParameters, Perceptron, Sink, Tape};

use super::{NeriConfig, NeriVae, Norm, SCALE, SHARE, mixture};

/// How latent sources are moved towards the mode of `log p(x|Z) + β log p(Z)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refinement {
    /// Steps of Adam.
    pub steps: usize,
    /// Their first learning rate, which falls to zero by half a cosine.
    pub rate: f64,
    /// β, the weight of the prior; a model without one leaves it out.
    pub beta: f64,
    /// How often each source in turn is encoded anew, from what the others leave of the mixture.
    pub rounds: usize,
}

impl Default for Refinement {
    fn default() -> Self {
        Self { steps: 100, rate: 0.05, beta: 0.5, rounds: 0 }
    }
}

/// Rates add up to half of this over a descent, however many steps it has: fewer have to be larger.
const WAY: f64 = 2.5;
/// A larger rate leaps over the mode.
const MOST: f64 = 0.125;

impl Refinement {
    /// So many steps in each of 1 + K `rounds` descents, at a rate to match.
    #[must_use]
    pub fn new(steps: usize, rounds: usize, beta: f64) -> Self {
        Self { steps, rate: (WAY / steps.max(1) as f64).min(MOST), beta, rounds }
    }

    /// Moves `z` (examples, K D_z), the latent sources of mixtures `x` (examples, features), each example by itself; mixtures
    /// are this norm of their sources.
    pub(crate) fn descend<T: Real>(
        self,
        decoder: &Perceptron,
        (parameters, statistics): (&FlatParameters<T>, &FlatParameters<T>),
        x: &[T],
        z: &mut [T],
        norm: Norm,
    ) {
        let mut adam = FlatAdam::new(FlatAdamConfig { beta2: 0.99, ..FlatAdamConfig::default() }, z.len());
        let mut tape = Tape::default();
        // mixture::laplace takes the mean over the examples.
        let examples = T::from_f64((x.len() / decoder.outputs()) as f64);
        let beta = T::from_f64(self.beta);
        for step in 0..self.steps {
            decoder.infer_on(parameters, statistics, z, &mut tape);
            let mut d_logits = std::mem::take(&mut tape.output);
            mixture::laplace(x, &mut d_logits, decoder.outputs(), SCALE, norm);
            let mut gradient = decoder.input_gradient(parameters, &d_logits, &mut tape);
            gradient.iter_mut().zip(&*z).for_each(|(g, &z)| *g = *g * examples + beta * z);
            tape.output = d_logits;
            let left = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.steps as f64).cos());
            adam.step(self.rate * left).take(0..gradient.len(), z, &gradient);
        }
    }

    /// `-log p(x|Z) - β log p(Z)` of each mixture in `x` (examples, features), up to a constant, where latent sources `z` have
    /// the signals `sources` (examples, K, features).
    pub(crate) fn costs<T: Real>(self, (x, features): (&[T], usize), z: &[T], sources: &[T], norm: Norm) -> Vec<f64> {
        let examples = x.len() / features;
        let of_examples = sources.chunks_exact(sources.len() / examples).zip(z.chunks_exact(z.len() / examples));
        let cost = |(x, (sources, z)): (&[T], (&[T], &[T]))| {
            let distances = x.iter().zip(norm.of(sources, features)).map(|(&x, mixed)| (x - mixed).to_f64().abs());
            let squares = z.iter().map(|z| z.to_f64() * z.to_f64());
            distances.sum::<f64>() / SCALE + 0.5 * self.beta * squares.sum::<f64>()
        };
        x.chunks_exact(features).zip(of_examples).map(cost).collect()
    }
}

impl<T: Real> NeriVae<T> {
    /// As [`separate`](Self::separate), with latent sources that go on from μ(x): the encoder has to answer for all mixtures
    /// at once, and errs a little on each.
    ///
    /// In each round every source in turn gets the μ of what the others leave of the mixture, `x - Σ_{j≠k} ŝ_j`, and all
    /// descend again; an example keeps the one of its answers that costs least. So an encoder that left some of one source in
    /// another's output is asked once more, of an easier mixture.
    #[must_use]
    pub fn separate_refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        x.chunks(SHARE * self.config.features).flat_map(|x| self.refined(x, refinement)).collect()
    }

    /// The sources of a few mixtures.
    fn refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        let NeriConfig { features, norm, sources: count, latent, .. } = self.config;
        let descend = |mut z: Vec<T>| {
            refinement.descend(&self.decoder, (&self.parameters, &self.statistics), x, &mut z, norm);
            let sources = self.generate(&z);
            let costs = refinement.costs((x, features), &z, &sources, norm);
            (z, sources, costs)
        };
        let (mut z, mut sources, mut costs) = descend(self.means(&self.encode(x)));
        for k in (0..refinement.rounds).flat_map(|_| 0..count) {
            let (other_z, other_sources, other_costs) = descend(self.with_renewed(k, x, &z, &sources));
            for (i, (cost, other)) in costs.iter_mut().zip(other_costs).enumerate() {
                if other >= *cost {
                    continue;
                }
                *cost = other;
                let of_example = |size: usize| i * count * size..(i + 1) * count * size;
                z[of_example(latent)].copy_from_slice(&other_z[of_example(latent)]);
                sources[of_example(features)].copy_from_slice(&other_sources[of_example(features)]);
            }
        }
        sources
    }

    /// Latent sources `z` of mixtures, of which source k is the loudest that the encoder hears in what the others leave.
    fn with_renewed(&self, k: usize, x: &[T], z: &[T], sources: &[T]) -> Vec<T> {
        let NeriConfig { features, norm, sources: count, latent, .. } = self.config;
        let mut rest = x.to_vec();
        for (rest, sources) in rest.chunks_exact_mut(features).zip(sources.chunks_exact(count * features)) {
            let others = [&sources[..k * features], &sources[(k + 1) * features..]].concat();
            rest.iter_mut()
                .zip(norm.of(&others, features))
                .for_each(|(rest, others)| *rest = norm.without(*rest, others));
        }
        let heard = self.means(&self.encode(&rest));
        let signals = self.generate(&heard);
        let mut renewed = z.to_vec();
        let examples = renewed.chunks_exact_mut(count * latent).zip(heard.chunks_exact(count * latent));
        for ((z, heard), signals) in examples.zip(signals.chunks_exact(count * features)) {
            let energies =
                signals.chunks_exact(features).map(|signal| signal.iter().map(|&s| s * s).sum::<T>().to_f64());
            let (loudest, _) = energies.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("there is a source");
            z[k * latent..(k + 1) * latent].copy_from_slice(&heard[loudest * latent..(loudest + 1) * latent]);
        }
        renewed
    }
}
