//! Answers for single mixtures: by gradient from the encoder's, and from what it says of what some sources leave.

use bss_nn::Real;
use rayon::prelude::*;

use super::refine::Frozen;
use super::{NeriConfig, NeriVae, Refinement, SHARE};

/// An answer that costs less by a smaller share than this is the same, descended a little further, or with a source that sounds
/// for next to nothing.
const LITTLE: f64 = 0.03;

/// A source with less than this share of the energy of all is silent.
const SILENT: f64 = 0.01;

/// Of some mixtures, latent sources (examples, K D_z), their signals (examples, K, features), and what they cost.
struct Answers<T> {
    z: Vec<T>,
    sources: Vec<T>,
    costs: Vec<f64>,
}

impl<T: Real> NeriVae<T> {
    /// As [`separate`](Self::separate), with latent sources that go on from μ(x): the encoder has to answer for all mixtures
    /// at once, and errs a little on each.
    ///
    /// In each round every source in turn gets the μ of what the others leave of the mixture, `x - Σ_{j≠k} ŝ_j`, from
    /// where the sources of the example that are heard descend again; it keeps the one of its answers that costs least, but
    /// wakes a silent source only for what costs clearly less. So an encoder that left some of one source in another's output
    /// is asked once more, of an easier mixture.
    #[must_use]
    pub fn separate_refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        x.chunks(SHARE * self.config.features).flat_map(|x| self.refined(x, refinement)).collect()
    }

    /// The sources of a few mixtures.
    fn refined(&self, x: &[T], refinement: Refinement) -> Vec<T> {
        let NeriConfig { features, sources: count, latent, .. } = self.config;
        let mut kept = self.answers(x, self.means(&self.encode(x)), refinement);
        let all: Vec<usize> = (0..kept.costs.len()).collect();
        let first = self.descended(x, kept.z.clone(), &kept.sources, refinement);
        self.keep_better(&mut kept, &first, &all);
        // What was tried in vain is not tried again before its example has another answer.
        let mut is_due = vec![true; kept.costs.len() * count];
        for k in (0..refinement.rounds).flat_map(|_| 0..count) {
            let due: Vec<usize> = all.iter().copied().filter(|i| is_due[i * count + k]).collect();
            let x = pick(x, features, &due);
            let (mut z, mut sources) =
                (pick(&kept.z, count * latent, &due), pick(&kept.sources, count * features, &due));
            let was_heard = self.are_heard(&sources);
            self.renew(k, &x, &mut z, &mut sources);
            let mut tried = self.descended(&x, z, &sources, refinement);
            for (at, (cost, &i)) in tried.costs.iter_mut().zip(&due).enumerate() {
                let wakes = !was_heard[at * count + k] && *cost >= kept.costs[i] * (1.0 - LITTLE);
                *cost = if wakes { f64::INFINITY } else { *cost };
            }
            for (&i, cost) in due.iter().zip(&tried.costs) {
                is_due[i * count + k] = false;
                if *cost < kept.costs[i] * (1.0 - LITTLE) {
                    is_due[i * count..(i + 1) * count].fill(true);
                }
            }
            self.keep_better(&mut kept, &tried, &due);
        }
        kept.sources
    }

    /// Takes the answers that cost less than those kept of the examples with these numbers.
    fn keep_better(&self, kept: &mut Answers<T>, tried: &Answers<T>, examples: &[usize]) {
        let NeriConfig { features, sources: count, latent, .. } = self.config;
        for (from, &to) in examples.iter().enumerate() {
            if tried.costs[from] < kept.costs[to] {
                kept.costs[to] = tried.costs[from];
                row_mut(&mut kept.z, count * latent, to).copy_from_slice(row(&tried.z, count * latent, from));
                let sources = row(&tried.sources, count * features, from);
                row_mut(&mut kept.sources, count * features, to).copy_from_slice(sources);
            }
        }
    }

    /// Where latent sources `z` of mixtures `x` descend to. Those whose signals are silent stay: the mode that is descended to
    /// knows nothing of how little room a source that sounds leaves its posterior, and would wake them for next to nothing.
    fn descended(&self, x: &[T], mut z: Vec<T>, sources: &[T], refinement: Refinement) -> Answers<T> {
        let Self { decoder, parameters, statistics, .. } = self;
        let is_moved = self.are_heard(sources);
        refinement.descend(&Frozen { decoder, parameters, statistics, norm: self.config.norm }, x, &mut z, &is_moved);
        self.answers(x, z, refinement)
    }

    /// Which of the signals (examples, K, features) are not silent, (examples, K).
    fn are_heard(&self, sources: &[T]) -> Vec<bool> {
        let NeriConfig { features, sources: count, .. } = self.config;
        let of_example = |sources: &[T]| {
            let energies: Vec<f64> = sources.chunks_exact(features).map(energy).collect();
            let least = SILENT * energies.iter().sum::<f64>();
            energies.into_iter().map(move |energy| energy >= least)
        };
        sources.chunks_exact(count * features).flat_map(of_example).collect()
    }

    /// What latent sources `z` of mixtures `x` sound like, and cost.
    fn answers(&self, x: &[T], z: Vec<T>, refinement: Refinement) -> Answers<T> {
        let sources = self.generate(&z);
        let costs = refinement.costs((x, self.config.features), &z, &sources, self.config.norm);
        Answers { z, sources, costs }
    }

    /// Makes source k of mixtures `x` the loudest that the encoder hears in what the others leave, among the latent sources
    /// `z` and their signals.
    fn renew(&self, k: usize, x: &[T], z: &mut [T], sources: &mut [T]) {
        let NeriConfig { features, norm, sources: count, latent, .. } = self.config;
        let mut rest = x.to_vec();
        let of_examples = rest.par_chunks_exact_mut(features).zip(sources.par_chunks_exact(count * features));
        of_examples.for_each(|(rest, sources)| {
            let others = [&sources[..k * features], &sources[(k + 1) * features..]].concat();
            rest.iter_mut()
                .zip(norm.of(&others, features))
                .for_each(|(rest, others)| *rest = norm.without(*rest, others));
        });
        let heard = self.means(&self.encode(&rest));
        let signals = self.generate(&heard);
        let examples = z.chunks_exact_mut(count * latent).zip(sources.chunks_exact_mut(count * features));
        let heard = heard.chunks_exact(count * latent).zip(signals.chunks_exact(count * features));
        for ((z, sources), (heard, signals)) in examples.zip(heard) {
            let energies = signals.chunks_exact(features).map(energy);
            let (loudest, _) = energies.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("there is a source");
            row_mut(z, latent, k).copy_from_slice(row(heard, latent, loudest));
            row_mut(sources, features, k).copy_from_slice(row(signals, features, loudest));
        }
    }
}

/// The sum of squares.
fn energy<T: Real>(signal: &[T]) -> f64 {
    signal.iter().map(|&s| s * s).sum::<T>().to_f64()
}

/// A row of so many values.
fn row<T>(values: &[T], width: usize, row: usize) -> &[T] {
    &values[row * width..(row + 1) * width]
}

/// The same, to be changed.
fn row_mut<T>(values: &mut [T], width: usize, row: usize) -> &mut [T] {
    &mut values[row * width..(row + 1) * width]
}

/// The rows with these numbers.
fn pick<T: Copy>(values: &[T], width: usize, rows: &[usize]) -> Vec<T> {
    rows.iter().flat_map(|&at| row(values, width, at)).copied().collect()
}
