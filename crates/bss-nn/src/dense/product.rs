//! The three matrix products of a linear layer `Y = X Wᵀ`, in place.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::Real;

/// The sizes of a layer on a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Rows of X and Y.
    pub(super) rows: usize,
    /// Columns of X and W.
    pub(super) inputs: usize,
    /// Columns of Y, and rows of W that are taken.
    pub(super) outputs: usize,
    /// Every `every`-th row of W is taken.
    pub(super) every: usize,
}

/// As many threads as the current pool has: the bits are the same for every number.
fn threads() -> Par {
    Par::rayon(rayon::current_num_threads())
}

impl Sizes {
    fn x<T>(self, x: &[T]) -> MatRef<'_, T> {
        MatRef::from_row_major_slice(x, self.rows, self.inputs)
    }

    fn y<T>(self, y: &[T]) -> MatRef<'_, T> {
        MatRef::from_row_major_slice(y, self.rows, self.outputs)
    }

    fn w<T>(self, w: &[T]) -> MatRef<'_, T> {
        MatRef::from_row_major_slice_with_stride(w, self.outputs, self.inputs, self.every * self.inputs)
    }

    /// `Y = X Wᵀ`.
    pub(super) fn forward<T: Real>(self, x: &[T], w: &[T], y: &mut [T]) {
        self.forward_by(threads(), x, w, y);
    }

    /// The same on the calling thread alone, which gives the same bits.
    pub(super) fn forward_alone<T: Real>(self, x: &[T], w: &[T], y: &mut [T]) {
        self.forward_by(Par::Seq, x, w, y);
    }

    fn forward_by<T: Real>(self, threads: Par, x: &[T], w: &[T], y: &mut [T]) {
        let y = MatMut::from_row_major_slice_mut(y, self.rows, self.outputs);
        matmul(y, Accum::Replace, self.x(x), self.w(w).transpose(), T::one(), threads);
    }

    /// `dX = dY W`.
    pub(super) fn input_gradient<T: Real>(self, dy: &[T], w: &[T], dx: &mut [T]) {
        self.input_gradient_by(threads(), dy, w, dx);
    }

    /// The same on the calling thread alone, which gives the same bits.
    pub(super) fn input_gradient_alone<T: Real>(self, dy: &[T], w: &[T], dx: &mut [T]) {
        self.input_gradient_by(Par::Seq, dy, w, dx);
    }

    fn input_gradient_by<T: Real>(self, threads: Par, dy: &[T], w: &[T], dx: &mut [T]) {
        let dx = MatMut::from_row_major_slice_mut(dx, self.rows, self.inputs);
        matmul(dx, Accum::Replace, self.y(dy), self.w(w), T::one(), threads);
    }

    /// `dW = dYᵀ X`.
    pub(super) fn weight_gradient<T: Real>(self, dy: &[T], x: &[T], dw: &mut [T]) {
        let dw = MatMut::from_row_major_slice_mut(dw, self.outputs, self.inputs);
        matmul(dw, Accum::Replace, self.y(dy).transpose(), self.x(x), T::one(), threads());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Noise, Purpose};

    /// Sums in the plain order, in double precision.
    #[test]
    fn products_agree_with_sums_in_the_plain_order_on_any_number_of_threads() {
        for (rows, inputs, outputs) in [(1, 1, 1), (3, 5, 2), (128, 97, 33), (40, 200, 130)] {
            let sizes = Sizes { rows, inputs, outputs, every: 1 };
            let draw = |step, count| Noise::new(3).normal::<f32>(Purpose::Sample, 0, step, count);
            let (x, w, dy) = (draw(0, rows * inputs), draw(1, outputs * inputs), draw(2, rows * outputs));
            let run = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let (mut y, mut dx, mut dw) = (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
                pool.install(|| {
                    sizes.forward(&x, &w, &mut y);
                    sizes.input_gradient(&dy, &w, &mut dx);
                    sizes.weight_gradient(&dy, &x, &mut dw);
                });
                (y, dx, dw)
            };
            let (y, dx, dw) = run(1);
            assert_eq!((y.clone(), dx.clone(), dw.clone()), run(2));
            assert_eq!((y.clone(), dx.clone(), dw.clone()), run(5));
            // Some rows of W are as good as a W of these.
            let some: Vec<f32> = w.chunks_exact(inputs).step_by(2).flatten().copied().collect();
            let thinned = Sizes { outputs: outputs.div_ceil(2), every: 2, ..sizes };
            let alone = Sizes { every: 1, ..thinned };
            let of = |sizes: Sizes, w: &[f32]| {
                let (mut y, mut dx) = (vec![0.0; rows * sizes.outputs], vec![0.0; x.len()]);
                sizes.forward_alone(&x, w, &mut y);
                sizes.input_gradient_alone(&dy[..rows * sizes.outputs], w, &mut dx);
                (y, dx)
            };
            assert_eq!(of(thinned, &w), of(alone, &some));
            let close = |found: f32, terms: &mut dyn Iterator<Item = (f32, f32)>| {
                let sum: f64 = terms.map(|(a, b)| f64::from(a) * f64::from(b)).sum();
                assert!((f64::from(found) - sum).abs() < 1e-4, "{found} against {sum}");
            };
            for r in 0..rows {
                for o in 0..outputs {
                    close(y[r * outputs + o], &mut (0..inputs).map(|i| (x[r * inputs + i], w[o * inputs + i])));
                }
                for i in 0..inputs {
                    close(dx[r * inputs + i], &mut (0..outputs).map(|o| (dy[r * outputs + o], w[o * inputs + i])));
                }
            }
            for o in 0..outputs {
                for i in 0..inputs {
                    close(dw[o * inputs + i], &mut (0..rows).map(|r| (dy[r * outputs + o], x[r * inputs + i])));
                }
            }
        }
    }
}
