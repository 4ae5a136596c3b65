//! What a segment's sweep leaves for its retracing, in memory that a thread keeps for its next call.

use std::cell::RefCell;

use aligned_vec::{AVec, ConstAlign};
use bss_nn::Real;
use pulp::bytemuck;

/// The scalars of a cache line, or twice as many: parts of a tape start with a line.
const LINE: usize = 16;

type Words = AVec<u64, ConstAlign<64>>;

thread_local! {
    /// The memory of this thread's last tape: to map and zero it anew in each call would cost as much as to fill it.
    static SPARE: RefCell<Option<Words>> = const { RefCell::new(None) };
}

/// A tape's memory; what it holds at first is whatever was left there.
pub(super) struct Tape<T: Real> {
    words: Words,
    /// Where each part ends.
    ends: [usize; 5],
    marker: std::marker::PhantomData<T>,
}

/// The parts of a tape, as rows of chains.
pub(super) struct Rows<'a, T> {
    /// s from p steps before the segment on, (steps + p).
    pub(super) s: &'a [T],
    /// ε, (steps).
    pub(super) noise: &'a [T],
    /// exp(-α), (steps).
    pub(super) scale: &'a [T],
    /// tanh of equation 17, (steps).
    pub(super) gate: &'a [T],
    /// h before each step and after the last, (steps + 1, H).
    pub(super) h: &'a [T],
}

/// [`Rows`] to be written.
pub(super) struct RowsMut<'a, T> {
    pub(super) s: &'a mut [T],
    pub(super) noise: &'a mut [T],
    pub(super) scale: &'a mut [T],
    pub(super) gate: &'a mut [T],
    pub(super) h: &'a mut [T],
}

impl<T: Real> Tape<T> {
    /// Room for parts of so many scalars, in the order of [`Rows`].
    pub(super) fn new(lengths: [usize; 5]) -> Self {
        let mut end = 0;
        let ends = lengths.map(|length| {
            end += length.next_multiple_of(LINE);
            end
        });
        let count = (end * size_of::<T>()).div_ceil(size_of::<u64>());
        let mut words = SPARE.take().unwrap_or_else(|| AVec::new(64));
        if words.len() < count {
            words.resize(count, 0);
        }
        Self { words, ends, marker: std::marker::PhantomData }
    }

    pub(super) fn rows(&self) -> Rows<'_, T> {
        let all: &[T] = bytemuck::cast_slice(&self.words);
        let part = |i: usize| &all[if i == 0 { 0 } else { self.ends[i - 1] }..self.ends[i]];
        Rows { s: part(0), noise: part(1), scale: part(2), gate: part(3), h: part(4) }
    }

    pub(super) fn rows_mut(&mut self) -> RowsMut<'_, T> {
        let [a, b, c, d, e] = self.ends;
        let all: &mut [T] = bytemuck::cast_slice_mut(&mut self.words);
        let (s, rest) = all[..e].split_at_mut(a);
        let (noise, rest) = rest.split_at_mut(b - a);
        let (scale, rest) = rest.split_at_mut(c - b);
        let (gate, h) = rest.split_at_mut(d - c);
        RowsMut { s, noise, scale, gate, h }
    }
}

impl<T: Real> Drop for Tape<T> {
    fn drop(&mut self) {
        let words = std::mem::replace(&mut self.words, AVec::new(64));
        // A thread that ends has no place for it any more.
        let _ = SPARE.try_with(|spare| spare.replace(Some(words)));
    }
}
