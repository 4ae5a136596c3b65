//! Latent sources of single mixtures by gradient: from the encoder's answer on, or from nothing.

use bss_nn::Real;
use bss_nn::dense::{FlatAdam, FlatAdamConfig, FlatParameters, Perceptron, Sink, Tape};

use super::{NeriVae, Norm, SCALE, SHARE, mixture};

/// How latent sources are moved towards the mode of `log p(x|Z) + β log p(Z)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refinement {
    /// Steps of Adam.
    pub steps: usize,
    /// Their first learning rate, which falls to zero by half a cosine.
    pub rate: f64,
    /// β, the weight of the prior; a model without one leaves it out.
    pub beta: f64,
    /// How sources make a mixture.
    pub norm: Norm,
}

impl Default for Refinement {
    fn default() -> Self {
        Self { steps: 100, rate: 0.05, beta: 0.5, norm: Norm::One }
    }
}

impl Refinement {
    /// Moves `z` (examples, K D_z), the latent sources of mixtures `x` (examples, features), each example by itself.
    pub(crate) fn descend<T: Real>(
        self,
        decoder: &Perceptron,
        (parameters, statistics): (&FlatParameters<T>, &FlatParameters<T>),
        x: &[T],
        z: &mut [T],
    ) {
        let mut adam = FlatAdam::new(FlatAdamConfig { beta2: 0.99, ..FlatAdamConfig::default() }, z.len());
        let mut tape = Tape::default();
        // mixture::laplace takes the mean over the examples.
        let examples = T::from_f64((x.len() / decoder.outputs()) as f64);
        let beta = T::from_f64(self.beta);
        for step in 0..self.steps {
            decoder.infer_on(parameters, statistics, z, &mut tape);
            let mut d_logits = std::mem::take(&mut tape.output);
            mixture::laplace(x, &mut d_logits, decoder.outputs(), SCALE, self.norm);
            let mut gradient = decoder.input_gradient(parameters, &d_logits, &mut tape);
            gradient.iter_mut().zip(&*z).for_each(|(g, &z)| *g = *g * examples + beta * z);
            tape.output = d_logits;
            let left = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.steps as f64).cos());
            adam.step(self.rate * left).take(0..gradient.len(), z, &gradient);
        }
    }
}

impl<T: Real> NeriVae<T> {
    /// As [`separate`](Self::separate), with latent sources that go on from μ(x): the encoder has to answer for all mixtures
    /// at once, and errs a little on each.
    #[must_use]
    pub fn separate_refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        let refined = |x: &[T]| {
            let mut z = self.means(&self.encode(x));
            refinement.descend(&self.decoder, (&self.parameters, &self.statistics), x, &mut z);
            self.generate(&z)
        };
        x.chunks(SHARE * self.config.features).flat_map(refined).collect()
    }
}
