//! From the encoder's answer to the decoder's: the latent sources of one mixture, improved by gradient.

use bss_nn::dense::{FlatAdam, FlatAdamConfig, Sink, Tape};

use super::{NeriVae, SCALE, SHARE, mixture};
use bss_nn::Real;

/// How [`NeriVae::separate_refined`] goes on from the encoder's means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refinement {
    /// Steps of Adam.
    pub steps: usize,
    /// Their first learning rate, which falls to zero by half a cosine.
    pub rate: f64,
    /// The weight of the prior, as β in training.
    pub beta: f64,
}

impl Default for Refinement {
    fn default() -> Self {
        Self { steps: 100, rate: 0.05, beta: 0.5 }
    }
}

impl<T: Real> NeriVae<T> {
    /// As [`separate`](Self::separate), with latent sources that are moved from μ(x) towards the mode of
    /// `log p(x|Z) + β log p(Z)`: the encoder has to answer for all mixtures at once, and errs a little on each.
    #[must_use]
    pub fn separate_refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        let share = SHARE * self.config.features;
        x.chunks(share).flat_map(|x| self.generate(&self.refined(x, refinement))).collect()
    }

    fn refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        let Refinement { steps, rate, beta } = refinement;
        let mut z = self.means(x);
        let mut adam = FlatAdam::new(FlatAdamConfig { beta2: 0.99, ..FlatAdamConfig::default() }, z.len());
        let mut tape = Tape::default();
        // The mean over the examples, as mixture::laplace takes it, is undone: each example is by itself.
        let examples = T::from_f64((x.len() / self.config.features) as f64);
        let beta = T::from_f64(beta);
        for step in 0..steps {
            self.decoder.infer_on(&self.parameters, &self.statistics, &z, &mut tape);
            let mut d_logits = std::mem::take(&mut tape.output);
            mixture::laplace(x, &mut d_logits, self.config.features, SCALE);
            let mut gradient = self.decoder.input_gradient(&self.parameters, &d_logits, &mut tape);
            gradient.iter_mut().zip(&z).for_each(|(g, &z)| *g = *g * examples + beta * z);
            tape.output = d_logits;
            let left = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
            adam.step(rate * left).take(0..gradient.len(), &mut z, &gradient);
        }
        z
    }
}
