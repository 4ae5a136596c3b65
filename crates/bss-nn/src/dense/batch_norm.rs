//! Batch normalisation with the rectifier behind it, forward and back, as few passes over the batch.
//!
//! `y = max(0, γ x̂ + β)` with `x̂ = (h - μ) / σ`, where μ and σ² are the mean and the (biased) variance of a column over the
//! batch, and σ² is raised by [`EPSILON`] (Ioffe and Szegedy 2015).

use rayon::prelude::*;

use super::{ROWS, vectorise};
use crate::Real;

/// What is added to a variance.
pub(super) const EPSILON: f64 = 1e-5;

/// Mean and reciprocal standard deviation of each column over a batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments<T> {
    pub(super) mean: Vec<T>,
    /// `1 / σ`, with [`EPSILON`].
    pub(super) precision: Vec<T>,
    /// The unbiased variance, without [`EPSILON`]: what a running average collects.
    pub(super) variance: Vec<T>,
}

/// γ and β of each column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine<'a, T> {
    pub(super) scale: &'a [T],
    pub(super) shift: &'a [T],
}

/// `max(0, value)`; what is no number stays so, for the loss or the estimate to show.
#[inline(always)]
fn not_negative<T: Real>(value: T) -> T {
    if T::zero() > value { T::zero() } else { value }
}

/// The column's moments over a batch; `near` is subtracted first, and best lies near the mean.
pub(super) fn moments<T: Real>(h: &[T], near: &[T], to: &mut Moments<T>) {
    let columns = near.len();
    let sums = in_order(h.par_chunks(ROWS * columns).map(|rows| {
        let mut sums = vec![T::zero(); 2 * columns];
        vectorise(
            #[inline(always)]
            || {
                let (first, second) = sums.split_at_mut(columns);
                for row in rows.chunks_exact(columns) {
                    for (((sum, square), &h), &near) in first.iter_mut().zip(second.iter_mut()).zip(row).zip(near) {
                        let d = h - near;
                        *sum += d;
                        *square += d * d;
                    }
                }
            },
        );
        sums
    }));
    let count = h.len() / columns;
    let share = T::from_f64(1.0 / count as f64);
    let unbiased = T::from_f64(count as f64 / (count as f64 - 1.0).max(1.0));
    let epsilon = T::from_f64(EPSILON);
    to.mean.clear();
    to.precision.clear();
    to.variance.clear();
    for ((&sum, &square), &near) in sums[..columns].iter().zip(&sums[columns..]).zip(near) {
        let mean = sum * share;
        let variance = square * share - mean * mean;
        let variance = not_negative(variance);
        to.mean.push(near + mean);
        to.precision.push(T::one() / (variance + epsilon).root());
        to.variance.push(variance * unbiased);
    }
}

/// `a` and `c` of each column, with which `γ x̂ + β = a h + c`.
pub(super) fn coefficients<T: Real>(moments: &Moments<T>, affine: Affine<T>) -> (Vec<T>, Vec<T>) {
    let factor: Vec<T> =
        affine.scale.iter().zip(&moments.precision).map(|(&scale, &precision)| scale * precision).collect();
    let terms = affine.shift.iter().zip(&moments.mean).zip(&factor);
    let offset: Vec<T> = terms.map(|((&shift, &mean), &factor)| shift - mean * factor).collect();
    (factor, offset)
}

/// `y = max(0, γ x̂ + β)`.
pub(super) fn forward<T: Real>(h: &[T], moments: &Moments<T>, affine: Affine<T>, y: &mut [T]) {
    let columns = affine.scale.len();
    let (factor, offset) = coefficients(moments, affine);
    y.par_chunks_mut(ROWS * columns).zip(h.par_chunks(ROWS * columns)).for_each(|(y, h)| {
        vectorise(
            #[inline(always)]
            || {
                for (y, h) in y.chunks_exact_mut(columns).zip(h.chunks_exact(columns)) {
                    for (((y, &h), &factor), &offset) in y.iter_mut().zip(h).zip(&factor).zip(&offset) {
                        *y = not_negative(h * factor + offset);
                    }
                }
            },
        );
    });
}

/// `max(0, a h + c)` of each column in place, on the calling thread alone.
pub(super) fn rectify<T: Real>(h: &mut [T], a: &[T], c: &[T]) {
    vectorise(
        #[inline(always)]
        || {
            for h in h.chunks_exact_mut(a.len()) {
                for ((h, &a), &c) in h.iter_mut().zip(a).zip(c) {
                    *h = not_negative(*h * a + c);
                }
            }
        },
    );
}

/// The way back of [`rectify`] from its result `y`, in place: `a dy` where `y > 0`, else 0.
pub(super) fn rectified_gradient<T: Real>(dy: &mut [T], y: &[T], a: &[T]) {
    vectorise(
        #[inline(always)]
        || {
            for (dy, y) in dy.chunks_exact_mut(a.len()).zip(y.chunks_exact(a.len())) {
                for ((dy, &y), &a) in dy.iter_mut().zip(y).zip(a) {
                    *dy = if y > T::zero() { *dy * a } else { T::zero() };
                }
            }
        },
    );
}

/// From `dy` to `dh`, which replaces `h`; γ's and β's gradients, one behind the other.
///
/// With `g = dy` where `y > 0`, else 0: `dβ = Σ g`, `dγ = Σ g x̂`, and `dh = γ/σ (g - dβ/B - x̂ dγ/B)`.
pub(super) fn backward<T: Real>(h: &mut [T], y: &[T], dy: &[T], moments: &Moments<T>, scale: &[T], gradient: &mut [T]) {
    let columns = scale.len();
    let Moments { mean, precision, .. } = moments;
    let starts: Vec<usize> = (0..h.len()).step_by(ROWS * columns).collect();
    let shared = &*h;
    let sums = in_order(starts.par_iter().map(|&start| {
        let end = shared.len().min(start + ROWS * columns);
        let mut sums = vec![T::zero(); 2 * columns];
        vectorise(
            #[inline(always)]
            || {
                let (products, plain) = sums.split_at_mut(columns);
                for row in (start..end).step_by(columns).map(|row| row..row + columns) {
                    let entries = shared[row.clone()].iter().zip(&y[row.clone()]).zip(&dy[row]);
                    let sums = products.iter_mut().zip(plain.iter_mut());
                    for ((((&h, &y), &dy), (product, sum)), (&mean, &precision)) in
                        entries.zip(sums).zip(mean.iter().zip(precision))
                    {
                        let g = if y > T::zero() { dy } else { T::zero() };
                        *sum += g;
                        *product += g * ((h - mean) * precision);
                    }
                }
            },
        );
        sums
    }));
    gradient.copy_from_slice(&sums);
    // dh = a g + b h + c, with coefficients of the column.
    let share = T::from_f64(columns as f64 / h.len() as f64);
    let a: Vec<T> = scale.iter().zip(precision).map(|(&scale, &precision)| scale * precision).collect();
    let (d_scale, d_shift) = sums.split_at(columns);
    let slopes = a.iter().zip(precision).zip(d_scale);
    let b: Vec<T> = slopes.map(|((&a, &precision), &d_scale)| -(a * precision * d_scale * share)).collect();
    let terms = a.iter().zip(d_shift).zip(b.iter().zip(mean));
    let c: Vec<T> = terms.map(|((&a, &d_shift), (&b, &mean))| -(a * d_shift * share) - b * mean).collect();
    let rows = y.par_chunks(ROWS * columns).zip(dy.par_chunks(ROWS * columns));
    h.par_chunks_mut(ROWS * columns).zip(rows).for_each(|(h, (y, dy))| {
        vectorise(
            #[inline(always)]
            || {
                let rows = y.chunks_exact(columns).zip(dy.chunks_exact(columns));
                for (h, (y, dy)) in h.chunks_exact_mut(columns).zip(rows) {
                    let entries = h.iter_mut().zip(y).zip(dy);
                    for (((h, &y), &dy), ((&a, &b), &c)) in entries.zip(a.iter().zip(&b).zip(&c)) {
                        let g = if y > T::zero() { dy } else { T::zero() };
                        *h = a * g + (b * *h + c);
                    }
                }
            },
        );
    });
}

/// Sums of shares of rows, added up in their order.
fn in_order<T: Real>(sums: impl IndexedParallelIterator<Item = Vec<T>>) -> Vec<T> {
    let mut all = Vec::new();
    sums.collect_into_vec(&mut all);
    let mut all = all.into_iter();
    let mut total = all.next().unwrap_or_default();
    for sums in all {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    total
}
