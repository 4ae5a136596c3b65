//! The chains of a call - one source of one restart each - and their way between tensors and vector lanes.

use std::ops::Range;

use bss_nn::Real;

/// Fewer neighbours than this are copied one by one.
const SHORT: usize = 8;

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

    /// The chains `which` as runs of neighbours in `s`: first lane, how many, and where the first one starts.
    fn runs(self, which: Range<usize>) -> impl Iterator<Item = (usize, usize, usize)> {
        let mut chain = which.start;
        std::iter::from_fn(move || {
            let end = which.end.min((chain / self.sources + 1) * self.sources);
            let run = (chain - which.start, end - chain, self.start(chain));
            chain = end;
            (run.1 > 0).then_some(run)
        })
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
        let (used, count) = (which.len(), steps.len());
        if used < lanes {
            rows.chunks_exact_mut(lanes).take(count).for_each(|row| row[used..].fill(T::zero()));
        }
        for (lane, length, start) in self.runs(which) {
            let columns = s[start + steps.start * self.sources..].chunks(self.sources);
            for (row, column) in rows.chunks_exact_mut(lanes).zip(columns).take(count) {
                row[lane..lane + length].iter_mut().zip(column).for_each(|(x, &s)| *x = s);
            }
        }
    }

    /// The reverse of [`gather`](Self::gather) for all steps, from rows (steps, chains) without unused lanes.
    pub(crate) fn scatter<T: Copy>(self, rows: &[T], which: Range<usize>, s: &mut [T]) {
        for (restart, s) in s.chunks_exact_mut(self.steps * self.sources).enumerate() {
            self.scatter_rows(rows, which.clone(), restart, 0, s);
        }
    }

    /// The part of [`scatter`](Self::scatter) that goes to steps of one restart from `first` on, (steps, sources).
    pub(crate) fn scatter_rows<T: Copy>(
        self,
        rows: &[T],
        which: Range<usize>,
        restart: usize,
        first: usize,
        s: &mut [T],
    ) {
        let own = restart * self.sources..(restart + 1) * self.sources;
        let chains = which.start.max(own.start)..which.end.min(own.end);
        let rows = &rows[first * which.len()..];
        if chains.len() < SHORT {
            // Column by column, because a short row is not worth the call that copying it is.
            for chain in chains {
                let column = s.iter_mut().skip(chain - own.start).step_by(self.sources);
                let row = rows.iter().skip(chain - which.start).step_by(which.len());
                column.zip(row).for_each(|(s, &row)| *s = row);
            }
        } else {
            for (s, row) in s.chunks_exact_mut(self.sources).zip(rows.chunks_exact(which.len())) {
                let row = &row[chains.start - which.start..chains.end - which.start];
                s[chains.start - own.start..chains.end - own.start].copy_from_slice(row);
            }
        }
    }

    /// The trajectory of one chain in `s` (restarts, steps, sources).
    pub(crate) fn column<T>(self, s: &[T], chain: usize) -> impl Iterator<Item = &T> {
        s[self.start(chain)..].iter().step_by(self.sources).take(self.steps)
    }
}
