//! How the lanes of a register are shared out between chains and hidden units.
//!
//! Rows in memory hold one scalar for each chain of a group. Unfolded, a register is one row: a chain in each lane.
//! Folded, a register has slots of 128 bits, with few chains in each: a row is repeated over the slots, and the rows
//! of as many hidden units as there are slots make one register. Sums over units are added up in one order either
//! way, so that folding changes no bit.

use bss_nn::{Lane, Real};
use pulp::Simd;

/// A sum over hidden units is kept as so many sums, of the units j, j + 4, … each.
pub(super) const PARTS: usize = 4;

/// An instruction set and whether its registers are folded.
#[derive(Clone, Copy)]
pub(super) struct Fold<S: Simd, const FOLDED: bool>(pub(super) S);

impl<S: Simd, const FOLDED: bool> Fold<S, FOLDED> {
    /// The slots of a register: as many units go into one.
    #[allow(clippy::unused_self)] // asked of a value, so that callers need not spell out its type
    #[inline(always)]
    pub(super) fn slots<T: Real>(self) -> usize {
        if FOLDED { (T::lanes::<S>() / T::SLOT).max(1) } else { 1 }
    }

    /// The chains of a row.
    #[inline(always)]
    pub(super) fn chains<T: Real>(self) -> usize {
        T::lanes::<S>() / self.slots::<T>()
    }

    /// Row `i`, the same in every slot.
    #[inline(always)]
    pub(super) fn row<T: Real>(self, rows: &[T], i: usize) -> Lane<S, T> {
        let chains = self.chains::<T>();
        if FOLDED { Lane::repeat(self.0, &rows[i * chains..(i + 1) * chains]) } else { self.rows(rows, i) }
    }

    /// Rows from `i` on, one in each slot.
    #[inline(always)]
    pub(super) fn rows<T: Real>(self, rows: &[T], i: usize) -> Lane<S, T> {
        let first = i * self.chains::<T>();
        Lane::new(self.0, T::vectors::<S>(&rows[first..first + T::lanes::<S>()])[0])
    }

    /// Writes row `i` from the first slot.
    #[inline(always)]
    pub(super) fn set_row<T: Real>(self, rows: &mut [T], i: usize, x: Lane<S, T>) {
        let chains = self.chains::<T>();
        if FOLDED { x.write_slot(&mut rows[i * chains..(i + 1) * chains]) } else { self.set_rows(rows, i, x) }
    }

    /// Writes rows from `i` on, one from each slot.
    #[inline(always)]
    pub(super) fn set_rows<T: Real>(self, rows: &mut [T], i: usize, x: Lane<S, T>) {
        let first = i * self.chains::<T>();
        T::vectors_mut::<S>(&mut rows[first..first + T::lanes::<S>()])[0] = x.vector;
    }

    /// The registers that [`PARTS`] rows fill.
    #[inline(always)]
    pub(super) fn parts<T: Real>(self) -> usize {
        (PARTS / self.slots::<T>()).max(1)
    }

    /// The sum of [`PARTS`] parts, which fill the first [`parts`](Self::parts) registers, in every slot.
    #[inline(always)]
    pub(super) fn sum<T: Real>(self, mut parts: [Lane<S, T>; PARTS]) -> Lane<S, T> {
        // Always (0 + 2) + (1 + 3).
        let mut half = self.parts::<T>() / 2;
        while half > 0 {
            for i in 0..half {
                parts[i] += parts[i + half];
            }
            half /= 2;
        }
        let mut half = self.slots::<T>() / 2;
        while half > 0 {
            parts[0] += parts[0].rotate_slots(half);
            half /= 2;
        }
        parts[0]
    }
}
