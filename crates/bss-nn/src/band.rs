//! A small square matrix for every row, as a filter along the rows laid end to end.
//!
//! Rows of a few entries leave most of a vector register empty. But stored one after the other, rows of width n are one
//! long array x, and `y = x W`, row by row, is
//!
//! ```text
//! y[t] = Σ_d C_d[t mod n] x[t + d],   |d| < n,   C_d[j] = W[j + d, j] where 0 ≤ j + d < n, else 0
//! ```
//!
//! which is vectors throughout: coefficients repeat every n vectors. Likewise `xᵀ g`, summed over rows, is in the sums
//! of `x[t + d] g[t]` over all t of the same t mod n. About half of the products are with a zero, which still is less
//! than registers that are three quarters empty. A value that is not a number spoils neighbouring rows.

use pulp::{Simd, WithSimd};

use crate::{Lane, Real};

/// Rows taken at a time, a multiple of the lanes of any register: few enough to stay in the first-level cache, and for
/// sums in the type of the rows.
const BLOCK: usize = 512;

/// `y = x W + b` for rows of one width.
pub(crate) struct Apply<'a, T> {
    /// (rows, width).
    pub(crate) x: &'a [T],
    /// (width, width).
    pub(crate) weight: &'a [T],
    /// (width).
    pub(crate) bias: &'a [T],
    /// (rows, width).
    pub(crate) y: &'a mut [T],
}

/// `Σ xᵀ g` and `Σ g` over rows of one width.
pub(crate) struct Correlate<'a, T> {
    /// (rows, width).
    pub(crate) x: &'a [T],
    /// (rows, width).
    pub(crate) g: &'a [T],
    pub(crate) width: usize,
}

impl<T: Real> WithSimd for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // The usual widths are spelt out so that the compiler unrolls the loops over shifts.
        match self.bias.len() {
            2 => self.run(simd, 2),
            3 => self.run(simd, 3),
            4 => self.run(simd, 4),
            8 => self.run(simd, 8),
            width => self.run(simd, width),
        }
    }
}

impl<T: Real> Apply<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S, width: usize) {
        let lanes = T::lanes::<S>();
        let shifts = 2 * width - 1;
        let period = width * lanes;
        let mut coefficients = vec![T::zero(); shifts * period];
        for (shift, coefficients) in coefficients.chunks_exact_mut(period).enumerate() {
            for row in coefficients.chunks_exact_mut(width) {
                columns(width, shift).for_each(|(i, j)| row[j] = self.weight[i * width + j]);
            }
        }
        let coefficients = T::vectors::<S>(&coefficients);
        let bias: Vec<T> = self.bias.iter().copied().cycle().take(period).collect();
        let bias = T::vectors::<S>(&bias);
        let block = block_length::<S, T>(self.x.len(), width);
        let mut padded = Padded::new(width, block);
        let mut out = vec![T::zero(); block];
        for (x, y) in self.x.chunks(block).zip(self.y.chunks_mut(block)) {
            padded.fill(x);
            let vectors = T::vectors_mut::<S>(&mut out)[..y.len().div_ceil(lanes)].chunks_mut(width);
            for (i, vectors) in vectors.enumerate() {
                for (v, out) in vectors.iter_mut().enumerate() {
                    let window = &padded.values[(i * width + v) * lanes..][..lanes + shifts - 1];
                    let mut y = Lane::<S, T>::new(simd, bias[v]);
                    for shift in 0..shifts {
                        let x = Lane::new(simd, T::vectors::<S>(&window[shift..shift + lanes])[0]);
                        y = Lane::new(simd, coefficients[shift * width + v]).mul_add(x, y);
                    }
                    *out = y.vector;
                }
            }
            y.copy_from_slice(&out[..y.len()]);
        }
    }
}

impl<T: Real> WithSimd for Correlate<'_, T> {
    /// (width, width) and (width), in double precision over blocks.
    type Output = (Vec<f64>, Vec<f64>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        match self.width {
            2 => self.run(simd, 2),
            3 => self.run(simd, 3),
            4 => self.run(simd, 4),
            8 => self.run(simd, 8),
            width => self.run(simd, width),
        }
    }
}

impl<T: Real> Correlate<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S, width: usize) -> (Vec<f64>, Vec<f64>) {
        let lanes = T::lanes::<S>();
        let shifts = 2 * width - 1;
        let period = width * lanes;
        let (mut weight, mut bias) = (vec![0.0; width * width], vec![0.0; width]);
        // The products for each shift, and the plain sum behind them.
        let mut sums = vec![T::zero(); (shifts + 1) * period];
        let block = block_length::<S, T>(self.x.len(), width);
        let (mut padded, mut g) = (Padded::new(width, block), vec![T::zero(); block]);
        for (x, rows) in self.x.chunks(block).zip(self.g.chunks(block)) {
            padded.fill(x);
            g[..rows.len()].copy_from_slice(rows);
            g[rows.len()..].fill(T::zero());
            sums.fill(T::zero());
            let totals = T::vectors_mut::<S>(&mut sums);
            let vectors = T::vectors::<S>(&g)[..rows.len().div_ceil(lanes)].chunks(width);
            for (i, vectors) in vectors.enumerate() {
                for (v, &g) in vectors.iter().enumerate() {
                    let g = Lane::<S, T>::new(simd, g);
                    let window = &padded.values[(i * width + v) * lanes..][..lanes + shifts - 1];
                    for shift in 0..shifts {
                        let x = Lane::new(simd, T::vectors::<S>(&window[shift..shift + lanes])[0]);
                        let total = &mut totals[shift * width + v];
                        *total = x.mul_add(g, Lane::new(simd, *total)).vector;
                    }
                    let total = &mut totals[shifts * width + v];
                    *total = (g + Lane::new(simd, *total)).vector;
                }
            }
            let (products, plain) = sums.split_at(shifts * period);
            for (shift, products) in products.chunks_exact(period).enumerate() {
                for row in products.chunks_exact(width) {
                    columns(width, shift).for_each(|(i, j)| weight[i * width + j] += row[j].to_f64());
                }
            }
            for row in plain.chunks_exact(width) {
                bias.iter_mut().zip(row).for_each(|(total, sum)| *total += sum.to_f64());
            }
        }
        (weight, bias)
    }
}

/// The entries taken at a time: whole periods of the coefficients.
#[inline(always)]
fn block_length<S: Simd, T: Real>(entries: usize, width: usize) -> usize {
    entries.next_multiple_of(width * T::lanes::<S>()).min(BLOCK * width)
}

/// Which columns i of x and j of y a shift brings together; `d = i - j` is counted from 1 - n.
#[inline(always)]
fn columns(width: usize, shift: usize) -> impl Iterator<Item = (usize, usize)> {
    let first = (width - 1).saturating_sub(shift);
    (first..width.min(2 * width - 1 - shift)).map(move |j| (j + shift + 1 - width, j))
}

/// A block of rows with room for every shift on both sides.
struct Padded<T> {
    values: Vec<T>,
    margin: usize,
}

impl<T: Real> Padded<T> {
    fn new(width: usize, block: usize) -> Self {
        let margin = width - 1;
        Self { values: vec![T::zero(); block + 2 * margin], margin }
    }

    fn fill(&mut self, rows: &[T]) {
        let (inside, after) = self.values[self.margin..].split_at_mut(rows.len());
        inside.copy_from_slice(rows);
        after.fill(T::zero());
    }
}
