//! Batches of one-channel mixtures, mixed anew each epoch and prepared in the background.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use bss_models::Batch;
use bss_nn::{Noise, Purpose};

/// How clean examples become batches of mixtures.
#[derive(Clone, Debug)]
pub struct Mixtures {
    /// The clean examples (examples, features), or the mixtures themselves where `mix` is 1.
    pub examples: Arc<[f32]>,
    /// The values of an example.
    pub features: usize,
    /// M, the number of examples in a mixture, which is their mean: `x = (s₁ + … + s_M) / M`.
    pub mix: usize,
    /// The mixtures of a batch.
    pub batch: usize,
    /// The order in which the examples come, and the posterior's draws.
    pub noise: Noise,
}

/// Batches that wait for the trainer.
const AHEAD: usize = 4;

impl Mixtures {
    /// Batches in an epoch, in which no example comes twice; 0 if there are too few examples for one.
    #[must_use]
    pub fn per_epoch(&self) -> u64 {
        (self.examples.len() / self.features / (self.mix * self.batch)) as u64
    }

    /// The batch of a step, with so many draws for the posterior: a function of the seed and the step alone.
    #[must_use]
    pub fn batch(&self, step: u64, draws: usize) -> Batch {
        self.batch_of(&self.order(step / self.per_epoch().max(1)), step, draws)
    }

    /// All batches from a step on, made ahead by a thread of its own, which ends when nobody listens any more.
    #[must_use]
    pub fn from_step(self, step: u64, draws: usize) -> Receiver<Batch> {
        let (sender, receiver) = sync_channel(AHEAD);
        thread::spawn(move || {
            let per_epoch = self.per_epoch().max(1);
            let mut order = self.order(step / per_epoch);
            for step in step.. {
                if step % per_epoch == 0 {
                    order = self.order(step / per_epoch);
                }
                if sender.send(self.batch_of(&order, step, draws)).is_err() {
                    return;
                }
            }
        });
        receiver
    }

    fn batch_of(&self, order: &[u32], step: u64, draws: usize) -> Batch {
        let first = (step % self.per_epoch().max(1)) as usize * self.batch * self.mix;
        let share = 1.0 / self.mix as f32;
        let mut x = Vec::with_capacity(self.batch * self.features);
        let examples = order[first..first + self.batch * self.mix].to_vec();
        for mixed in examples.chunks_exact(self.mix) {
            let start = x.len();
            x.extend(self.example(mixed[0]).iter().map(|value| value * share));
            for &example in &mixed[1..] {
                x[start..].iter_mut().zip(self.example(example)).for_each(|(x, value)| *x += value * share);
            }
        }
        Batch { x, noise: self.noise.bulk_normal(Purpose::Reparameterise, 1, step, draws), examples }
    }

    fn example(&self, index: u32) -> &[f32] {
        let start = index as usize * self.features;
        &self.examples[start..start + self.features]
    }

    /// The order of all examples in an epoch.
    fn order(&self, epoch: u64) -> Vec<u32> {
        self.noise.permutation(Purpose::Mix, epoch, self.examples.len() / self.features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Example i is twice the number i.
    fn mixtures(seed: u64) -> Mixtures {
        let examples: Vec<f32> = (0..23).flat_map(|i| [i as f32; 2]).collect();
        Mixtures { examples: examples.into(), features: 2, mix: 2, batch: 3, noise: Noise::new(seed) }
    }

    #[test]
    fn no_example_comes_twice_in_an_epoch_and_each_mixture_is_the_mean_of_its_own() {
        let mixtures = mixtures(1);
        assert_eq!(mixtures.per_epoch(), 3);
        let batches: Vec<Batch> = (0..3).map(|step| mixtures.batch(step, 4)).collect();
        let mut seen: Vec<u32> = batches.iter().flat_map(|batch| batch.examples.clone()).collect();
        for batch in &batches {
            for (x, examples) in batch.x.chunks_exact(2).zip(batch.examples.chunks_exact(2)) {
                assert_eq!(x, [(examples[0] + examples[1]) as f32 / 2.0; 2]);
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 18);
    }

    #[test]
    fn epochs_and_seeds_mix_otherwise() {
        let batch = |seed, step| mixtures(seed).batch(step, 4);
        assert_ne!(batch(1, 0).examples, batch(1, 3).examples);
        assert_ne!(batch(1, 0).examples, batch(2, 0).examples);
        assert_ne!(batch(1, 0).noise, batch(1, 1).noise);
    }

    #[test]
    fn batches_made_ahead_are_those_made_on_demand_from_any_step_on() {
        let mixtures = mixtures(3);
        for start in [0, 2, 7] {
            let ahead = mixtures.clone().from_step(start, 5);
            for step in start..start + 8 {
                assert_eq!(ahead.recv().unwrap(), mixtures.batch(step, 5), "step {step} from {start}");
            }
        }
    }
}
