//! Passes over rows with something of its own for each column, many rows at a time.
//!
//! Rows of a few entries are taken in stretches of [`STRETCH`], along which whatever belongs to the columns is repeated:
//! then all loops run over long slices, which the compiler turns into vectors.

use pulp::Arch;

use crate::Real;

/// Rows taken at a time.
const STRETCH: usize = 64;

/// So many partial sums a column, and so many terms in each, are in the type of the rows; beyond, in double precision.
const PARTIAL: usize = 16;

/// `y += v ⊙ x` for each row of all restarts, `v` (restarts, width).
pub(crate) fn add_scaled<T: Real>(y: &mut [T], v: &[T], x: &[T], restarts: usize) {
    let (block, width) = (y.len() / restarts, v.len() / restarts);
    Arch::new().dispatch(|| {
        for ((y, x), v) in y.chunks_exact_mut(block).zip(x.chunks_exact(block)).zip(v.chunks_exact(width)) {
            let v = v.repeat(STRETCH);
            for (y, x) in y.chunks_mut(v.len()).zip(x.chunks(v.len())) {
                y.iter_mut().zip(x).zip(&v).for_each(|((y, &x), &v)| *y += v * x);
            }
        }
    });
}

/// `y += v` for each row of all restarts, `v` (restarts, width).
pub(crate) fn add<T: Real>(y: &mut [T], v: &[T], restarts: usize) {
    let (block, width) = (y.len() / restarts, v.len() / restarts);
    Arch::new().dispatch(|| {
        for (y, v) in y.chunks_exact_mut(block).zip(v.chunks_exact(width)) {
            let v = v.repeat(STRETCH);
            for y in y.chunks_mut(v.len()) {
                y.iter_mut().zip(&v).for_each(|(y, &v)| *y += v);
            }
        }
    });
}

/// `Σ_r f(x, y)` over the rows of each restart, (restarts, width).
///
/// In double precision: a million terms in single precision would leave three digits.
pub(crate) fn sum<T: Real>(x: &[T], y: &[T], restarts: usize, width: usize, f: impl Fn(T, T) -> T) -> Vec<T> {
    let block = x.len() / restarts;
    let mut sums = vec![0.0; restarts * width];
    Arch::new().dispatch(|| {
        let mut partial = vec![T::zero(); PARTIAL * width];
        for ((sums, x), y) in sums.chunks_exact_mut(width).zip(x.chunks_exact(block)).zip(y.chunks_exact(block)) {
            for (x, y) in x.chunks(PARTIAL * PARTIAL * width).zip(y.chunks(PARTIAL * PARTIAL * width)) {
                partial.fill(T::zero());
                for (x, y) in x.chunks(partial.len()).zip(y.chunks(partial.len())) {
                    partial.iter_mut().zip(x).zip(y).for_each(|((sum, &x), &y)| *sum += f(x, y));
                }
                for partial in partial.chunks_exact(width) {
                    sums.iter_mut().zip(partial).for_each(|(sum, x)| *sum += x.to_f64());
                }
            }
        }
    });
    sums.into_iter().map(T::from_f64).collect()
}
