//! The chains of a call - one source of one restart each - and their way between tensors and vector lanes.

use std::ops::Range;

use bss_nn::Real;

/// The shape of a call: restarts, steps and sources of `s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chains {
    pub(crate) restarts: usize,
    pub(crate) steps: usize,
    pub(crate) sources: usize,
}

impl Chains {
    pub(crate) fn count(self) -> usize {
        self.restarts * self.sources
    }

    /// Where the trajectory of a chain starts in `s` (restarts, steps, sources).
    fn start(self, chain: usize) -> usize {
        chain / self.sources * self.steps * self.sources + chain % self.sources
    }

    /// Gathers steps `steps` of the chains `which`, one in each lane, as rows (steps, lanes); other lanes get zeros.
    pub(crate) fn gather<T: Real>(
        self,
        s: &[T],
        which: Range<usize>,
        steps: Range<usize>,
        lanes: usize,
        rows: &mut [T],
    ) {
        for lane in which.len()..lanes {
            rows.iter_mut().skip(lane).step_by(lanes).take(steps.len()).for_each(|row| *row = T::zero());
        }
        for (lane, chain) in which.enumerate() {
            let column = s[self.start(chain) + steps.start * self.sources..].iter().step_by(self.sources);
            rows.iter_mut().skip(lane).step_by(lanes).zip(column).take(steps.len()).for_each(|(row, &x)| *row = x);
        }
    }

    /// The reverse of [`gather`](Self::gather) for all steps, from rows (steps, chains) without unused lanes.
    pub(crate) fn scatter<T: Copy>(self, rows: &[T], which: Range<usize>, s: &mut [T]) {
        let lanes = which.len();
        for (lane, chain) in which.enumerate() {
            let column = s[self.start(chain)..].iter_mut().step_by(self.sources).take(self.steps);
            column.zip(rows.iter().skip(lane).step_by(lanes)).for_each(|(x, &row)| *x = row);
        }
    }

    /// The trajectory of one chain in `s` (restarts, steps, sources).
    pub(crate) fn column<T>(self, s: &[T], chain: usize) -> impl Iterator<Item = &T> {
        s[self.start(chain)..].iter().step_by(self.sources).take(self.steps)
    }
}
