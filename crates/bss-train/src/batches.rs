//! Batches of one-channel mixtures, mixed anew each epoch and prepared in the background.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use bss_models::{Batch, Magnitudes};
use bss_nn::{Noise, Purpose};

use crate::Distortion;

/// How clean examples become batches of mixtures.
#[derive(Clone, Debug)]
pub struct Mixtures {
    /// The clean examples, or the mixtures themselves where `mix` is 1: values (examples, features), or spectra
    /// (examples, 2, pool · features).
    pub examples: Arc<[f32]>,
    /// The values that a model sees of an example.
    pub features: usize,
    /// M, the number of examples in a mixture.
    pub mix: usize,
    /// How they are mixed.
    pub sum: Sum,
    /// How each example is distorted anew whenever it comes; not at all if absent.
    pub distortion: Option<Distortion>,
    /// Whether mixtures are summed again, two by two.
    pub pairs: bool,
    /// The mixtures of a batch.
    pub batch: usize,
    /// The order in which the examples come, and the posterior's draws.
    pub noise: Noise,
}

/// What a mixture of examples is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sum {
    /// Their mean: `x = (s₁ + … + s_M) / M`.
    Mean,
    /// The magnitudes of the sum of their spectra, relative to the largest.
    Spectra(Magnitudes),
}

impl Sum {
    /// The values that are stored of an example of which a model sees so many.
    #[must_use]
    pub fn stored(self, features: usize) -> usize {
        match self {
            Self::Mean => features,
            Self::Spectra(magnitudes) => 2 * magnitudes.pool * features,
        }
    }
}

/// Batches that wait for the trainer.
const AHEAD: usize = 4;

impl Mixtures {
    /// The stored values of an example.
    fn stored(&self) -> usize {
        self.sum.stored(self.features)
    }

    /// How many examples there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.examples.len() / self.stored()
    }

    /// Batches in an epoch, in which no example comes twice; 0 if there are too few examples for one.
    #[must_use]
    pub fn per_epoch(&self) -> u64 {
        (self.count() / (self.mix * self.batch)) as u64
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

    /// The mixtures of a step's batch, as examples are stored: values, or spectra.
    #[must_use]
    pub fn mixtures(&self, step: u64) -> Vec<f32> {
        let order = self.order(step / self.per_epoch().max(1));
        let examples = self.examples_of(&order, step);
        (0..examples.len()).step_by(self.mix).flat_map(|place| self.mixed(examples, place, step)).collect()
    }

    /// The examples that a step's batch is mixed of.
    fn examples_of<'a>(&self, order: &'a [u32], step: u64) -> &'a [u32] {
        let first = (step % self.per_epoch().max(1)) as usize * self.batch * self.mix;
        &order[first..first + self.batch * self.mix]
    }

    fn batch_of(&self, order: &[u32], step: u64, draws: usize) -> Batch {
        let examples = self.examples_of(order, step).to_vec();
        let mut x = Vec::with_capacity(self.batch * self.features);
        let mut sums = Vec::new();
        if self.pairs {
            // An odd one at the end is left out.
            for pair in 0..self.batch / 2 {
                let [a, b] = [2 * pair, 2 * pair + 1].map(|mixture| self.mixed(&examples, mixture * self.mix, step));
                self.put_pair(a, b, &mut x, &mut sums);
            }
        } else {
            for place in (0..examples.len()).step_by(self.mix) {
                let mixed = self.mixed(&examples, place, step);
                match self.sum {
                    Sum::Mean => x.extend(mixed),
                    Sum::Spectra(magnitudes) => x.extend(magnitudes.normalised(&mixed).0),
                }
            }
        }
        Batch { x, sums, noise: self.noise.bulk_normal(Purpose::Reparameterise, 1, step, draws), examples }
    }

    /// The mean of the examples from a place in a step's batch on, as they are stored.
    fn mixed(&self, examples: &[u32], place: usize, step: u64) -> Vec<f32> {
        let share = 1.0 / self.mix as f32;
        let mut x = vec![0.0; self.stored()];
        for place in place..place + self.mix {
            let example = self.example(examples[place], place, step);
            x.iter_mut().zip(&*example).for_each(|(x, value)| *x += value * share);
        }
        x
    }

    /// The mean of two mixtures, and what each adds to it.
    fn put_pair(&self, mut a: Vec<f32>, mut b: Vec<f32>, x: &mut Vec<f32>, sums: &mut Vec<f32>) {
        a.iter_mut().chain(&mut b).for_each(|value| *value *= 0.5);
        let sum: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        match self.sum {
            Sum::Mean => {
                x.extend(a.iter().chain(&b));
                sums.extend(sum);
            }
            Sum::Spectra(magnitudes) => {
                let (sum, peak) = magnitudes.normalised(&sum);
                [a, b].iter().for_each(|part| x.extend(magnitudes.relative(part, peak)));
                sums.extend(sum);
            }
        }
    }

    /// An example as it comes at a place in a step's batch.
    fn example(&self, index: u32, place: usize, step: u64) -> Cow<'_, [f32]> {
        let start = index as usize * self.stored();
        let example = &self.examples[start..start + self.stored()];
        match &self.distortion {
            Some(distortion) => {
                // There are no more streams than these; places beyond take what follows in them.
                let (stream, turn) = (place % Noise::STREAMS, place / Noise::STREAMS);
                let draws = self.noise.normal(Purpose::Distort, stream, step, (turn + 1) * Distortion::DRAWS);
                distortion.of(example, &draws[turn * Distortion::DRAWS..]).into()
            }
            None => example.into(),
        }
    }

    /// The order of all examples in an epoch.
    fn order(&self, epoch: u64) -> Vec<u32> {
        self.noise.permutation(Purpose::Mix, epoch, self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Example i is twice the number i.
    fn mixtures(seed: u64) -> Mixtures {
        let examples: Vec<f32> = (0..23).flat_map(|i| [i as f32; 2]).collect();
        let (sum, noise) = (Sum::Mean, Noise::new(seed));
        Mixtures {
            examples: examples.into(),
            features: 2,
            mix: 2,
            sum,
            distortion: None,
            pairs: false,
            batch: 3,
            noise,
        }
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
        assert_eq!(mixtures.mixtures(2), batches[2].x);
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

    #[test]
    fn distorted_examples_come_otherwise_each_time_and_the_same_for_a_seed() {
        let distortion = Some(Distortion::new(0.5, [2, 3]));
        // Images that are all alike, so that nothing but the distortion tells them apart.
        let image = [0.0, 0.9, 0.3, 0.6, 0.2, 0.7];
        let examples: Vec<f32> = image.repeat(12);
        let mixtures = Mixtures { examples: examples.into(), features: 6, distortion, batch: 2, ..mixtures(1) };
        let [first, second] = [0, 1].map(|step| mixtures.batch(step, 0).x);
        assert_eq!(first, mixtures.mixtures(0));
        assert_eq!(first, mixtures.clone().from_step(0, 0).recv().unwrap().x);
        let seen: Vec<&[f32]> = first.chunks_exact(6).chain(second.chunks_exact(6)).collect();
        for (i, x) in seen.iter().enumerate() {
            assert!(seen[..i].iter().all(|other| other != x) && *x != image, "{seen:?}");
        }
        // Each of the two in a mixture by itself: as those that come alone.
        let alone = Mixtures { mix: 1, batch: 4, ..mixtures.clone() }.batch(0, 0).x;
        let sum = |i: usize, p: usize| 0.5 * alone[12 * i + p] + 0.5 * alone[12 * i + 6 + p];
        let sums: Vec<f32> = (0..12).map(|at| sum(at / 6, at % 6)).collect();
        assert_eq!(first, sums);
        let pairs = Mixtures { pairs: true, ..mixtures }.batch(0, 0).x;
        assert_eq!(pairs, first.iter().map(|x| 0.5 * x).collect::<Vec<f32>>());
    }

    #[test]
    fn no_two_places_of_a_step_are_distorted_alike() {
        let distortion = Some(Distortion::new(0.5, [2, 3]));
        let examples: Vec<f32> = [0.0, 0.9, 0.3, 0.6, 0.2, 0.7].into();
        let mixtures = Mixtures { examples: examples.into(), features: 6, distortion, ..mixtures(1) };
        assert_ne!(mixtures.example(0, 3, 0), mixtures.example(0, 3 + Noise::STREAMS, 0));
    }

    #[test]
    fn spectra_are_added_before_their_magnitudes_are_taken() {
        // Example i is the spectrum i and i·i (in the complex sense), of which the second cancels out in pairs.
        let examples: Vec<f32> =
            (1..=4).flat_map(|i| [i as f32, 3.0, 0.0, if i % 2 == 0 { 4.0 } else { -4.0 }]).collect();
        let sum = Sum::Spectra(Magnitudes::default());
        let mixtures = Mixtures { examples: examples.into(), mix: 2, batch: 2, sum, ..mixtures(5) };
        assert_eq!((mixtures.count(), mixtures.per_epoch()), (4, 1));
        let Batch { x, examples, .. } = mixtures.batch(0, 0);
        let spectra = mixtures.mixtures(0);
        for (x, of) in x.chunks_exact(2).zip(examples.chunks_exact(2)) {
            let first = (of[0] + of[1] + 2) as f32;
            let second = if (of[0] + of[1]) % 2 == 0 { 10.0 } else { 6.0 };
            let peak = first.max(second);
            assert!(spectra.chunks_exact(4).any(|spectrum| spectrum[0] == first / 2.0), "{spectra:?}");
            assert!((x[0] - first / peak).abs() < 1e-6 && (x[1] - second / peak).abs() < 1e-6, "{x:?} of {of:?}");
        }
    }

    #[test]
    fn pairs_are_the_mean_of_two_mixtures_which_add_up_to_it() {
        let mixtures = Mixtures { pairs: true, batch: 5, ..mixtures(1) };
        let Batch { x, sums, examples, .. } = mixtures.batch(0, 0);
        assert_eq!((x.len(), sums.len(), examples.len()), (8, 4, 10), "the fifth is left out");
        for ((x, sum), of) in x.chunks_exact(4).zip(sums.chunks_exact(2)).zip(examples.chunks_exact(4)) {
            let half = |of: &[u32]| (of[0] + of[1]) as f32 / 4.0;
            assert_eq!((x[0], x[2], sum[0]), (half(&of[..2]), half(&of[2..]), half(&of[..2]) + half(&of[2..])));
        }
        let spectra = Mixtures { sum: Sum::Spectra(Magnitudes::default()), features: 1, mix: 1, batch: 2, ..mixtures };
        let Batch { x, sums, .. } = spectra.batch(0, 0);
        // In phase, so that they add up; the sum has the peak.
        assert!(sums == [1.0] && (x[0] + x[1] - 1.0).abs() < 1e-6 && x[0] != x[1], "{x:?} {sums:?}");
    }
}
