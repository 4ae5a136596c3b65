//! More sources for a model that is trained already, without a step back.

use bss_nn::dense::Slot;
use bss_nn::{Noise, Real};

use super::{Latent, NeriConfig, NeriVae};

/// Where an added source is in one dimension of the latent space: hardly any draw from the prior comes so far.
const AWAY: f64 = 4.0;
/// ln σ² there.
const LOG_VARIANCE: f64 = -3.0;

impl<T: Real> NeriVae<T> {
    /// The same model with so many sources, to be trained on; `None` if that is fewer than it has, or if it is an autoencoder,
    /// which has no prior to keep added sources where they are.
    ///
    /// The sources it has stay what they are. To those that are added the encoder gives one and the same posterior whatever
    /// the mixture, at a place of the latent space where no source has been: away from the prior's bulk in the dimension that
    /// the decoder uses least. A few hundred steps teach the decoder to be silent there, and an added source leaves that
    /// place only for what makes the loss smaller. From random weights, sources above the number in the mixtures share one
    /// of them instead.
    #[must_use]
    pub fn with_sources(&self, sources: usize) -> Option<Self> {
        let added = sources.checked_sub(self.config.sources)?;
        if added > 0 && self.config.posterior == Latent::Delta {
            return None;
        }
        let config = NeriConfig { sources, ..self.config.clone() };
        let mut grown = Self::new(config, Noise::new(0));
        grown.statistics.values.clone_from(&self.statistics.values);
        let least_used = self.least_used();
        for (from, to) in self.parameters.slots().iter().zip(grown.parameters.slots().to_vec()) {
            let values = if from.shape == to.shape {
                self.parameters.values[from.range.clone()].to_vec()
            } else {
                self.with_rows(from, added, least_used)
            };
            grown.parameters.values[to.range].copy_from_slice(&values);
        }
        Some(grown)
    }

    /// The encoder's last weight or bias, (outputs · K D_z, …), with rows for so many more sources behind those of each output.
    fn with_rows(&self, of: &Slot, added: usize, least_used: usize) -> Vec<T> {
        let NeriConfig { sources, latent, .. } = self.config;
        let (width, is_bias) = (of.shape[1..].iter().product::<usize>(), of.shape.len() == 1);
        let rows =
            self.parameters.values[of.range.clone()].chunks_exact(sources * latent * width).zip([AWAY, LOG_VARIANCE]);
        let grown = rows.flat_map(|(rows, constant)| {
            let mut new = vec![T::zero(); added * latent * width];
            if is_bias {
                new.iter_mut().skip(least_used).step_by(latent).for_each(|bias| *bias = T::from_f64(constant));
            }
            [rows, &new].concat()
        });
        grown.collect()
    }

    /// The latent dimension with the smallest weights in the decoder's first layer.
    fn least_used(&self) -> usize {
        let is_first = |slot: &&Slot| slot.name == "decoder.0.weight";
        let first = self.parameters.slots().iter().find(is_first).expect("a decoder has a first layer");
        let weights = &self.parameters.values[first.range.clone()];
        let latent = self.config.latent;
        let square = |at: usize| weights.iter().skip(at).step_by(latent).map(|w| w.to_f64().powi(2)).sum::<f64>();
        (0..latent).min_by(|&a, &b| square(a).total_cmp(&square(b))).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use bss_nn::Purpose;

    use super::*;
    use crate::Norm;

    fn model(posterior: Latent) -> NeriVae<f64> {
        let config =
            NeriConfig { features: 23, widths: vec![17, 11], latent: 3, sources: 2, posterior, norm: Norm::One };
        NeriVae::new(config, Noise::new(1))
    }

    #[test]
    fn sources_that_were_there_stay_and_those_added_are_the_same_for_all_mixtures() {
        let model = model(Latent::Gaussian);
        let grown = model.with_sources(4).expect("four are more than two");
        let x: Vec<f64> = Noise::new(5).normal(Purpose::Sample, 0, 0, 6 * 23);
        let (before, after) = (model.separate(&x), grown.separate(&x));
        let added = after[2 * 23..3 * 23].to_vec();
        for (before, after) in before.chunks_exact(2 * 23).zip(after.chunks_exact(4 * 23)) {
            assert!(before.iter().zip(after).all(|(before, after)| (before - after).abs() < 1e-12));
            for other in after[2 * 23..].chunks_exact(23) {
                assert!(other.iter().zip(&added).all(|(other, added)| (other - added).abs() < 1e-12));
            }
        }
        let (before, after) = (model.divergences(&x), grown.divergences(&x));
        // ½ (μ² + σ² - 1 - ln σ²) in the dimension that is least used, 0 in the others.
        let expected = 0.5 * (AWAY * AWAY + LOG_VARIANCE.exp() - 1.0 - LOG_VARIANCE);
        for (before, after) in before.chunks_exact(2).zip(after.chunks_exact(4)) {
            assert!(before.iter().zip(after).all(|(before, after)| (before - after).abs() < 1e-12));
            assert!(after[2..].iter().all(|divergence| (divergence - expected).abs() < 1e-12));
        }
    }

    #[test]
    fn fewer_sources_or_more_of_an_autoencoder_cannot_be_had() {
        assert!(model(Latent::Gaussian).with_sources(1).is_none());
        let autoencoder = model(Latent::Delta);
        assert!(autoencoder.with_sources(3).is_none());
        let same = autoencoder.with_sources(2).expect("as many as before");
        assert_eq!(same.parameters.values, autoencoder.parameters.values);
    }
}
