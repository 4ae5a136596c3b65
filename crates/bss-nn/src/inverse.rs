//! The inverse of small square matrices, with its gradient.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Result, Shape, Tensor, WithDType};
use nalgebra::DMatrix;

use crate::{Real, contiguous, dispatch_real, with_values};

/// `E⁻¹` of each matrix of a batch, computed in double precision; gradient `Ē = -E⁻ᵀ Ȳ E⁻ᵀ`.
///
/// A singular matrix gives infinite entries, which a trainer sees as a diverged restart.
///
/// # Shapes
/// (batch, n, n) -> (batch, n, n).
///
/// # Errors
/// If the matrices are not square.
pub fn inverse(e: &Tensor) -> Result<Tensor> {
    let (_, rows, columns) = e.dims3()?;
    if rows != columns {
        candle_core::bail!("only a square matrix has an inverse, found {rows} x {columns}");
    }
    e.to_device(&Device::Cpu)?.contiguous()?.apply_op1(Inverse)?.to_device(e.device())
}

struct Inverse;

fn invert<T: Real>(matrices: &[T], n: usize) -> Vec<T> {
    let one = |m: &[T]| {
        let m = DMatrix::from_row_iterator(n, n, m.iter().map(|x| x.to_f64()));
        let inverse = m.try_inverse().unwrap_or_else(|| DMatrix::from_element(n, n, f64::INFINITY));
        inverse.transpose().iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>()
    };
    matrices.chunks_exact(n * n).flat_map(one).collect()
}

impl CustomOp1 for Inverse {
    fn name(&self) -> &'static str {
        "inverse"
    }

    fn cpu_fwd(&self, e: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let n = layout.dims()[1];
        let y = dispatch_real!(e.dtype(), T => T::to_cpu_storage_owned(invert::<T>(contiguous(e, layout)?, n)));
        Ok((y, layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (k, n, _) = y.dims3()?;
        let grad = grad.contiguous()?;
        let values = dispatch_real!(y.dtype(), T => with_values::<T, _>(y, |y| with_values::<T, _>(&grad, |g| {
            let one = |(y, g): (&[T], &[T])| {
                // Rows read as columns make the transposed matrix, and Ēᵀ = -Y Ȳᵀ Y.
                let transposed = |m: &[T]| DMatrix::from_iterator(n, n, m.iter().map(|x| x.to_f64()));
                let y = transposed(y).transpose();
                (&y * transposed(g) * &y).iter().map(|&x| T::from_f64(-x)).collect::<Vec<T>>()
            };
            let values = y.chunks_exact(n * n).zip(g.chunks_exact(n * n)).flat_map(one).collect();
            Tensor::from_vec(values, (k, n, n), &Device::Cpu)
        }))?);
        Ok(Some(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Var;

    #[test]
    fn a_singular_matrix_gives_infinities_and_leaves_the_others_alone() -> Result<()> {
        let e = Tensor::new(&[[[1.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]]], &Device::Cpu)?;
        let y = inverse(&e)?.flatten_all()?.to_vec1::<f64>()?;
        assert!(y[..4].iter().all(|v| v.is_infinite()));
        assert_eq!(y[4..], [0.5, 0.0, 0.0, 0.25]);
        Ok(())
    }

    #[test]
    fn gradient_agrees_with_finite_differences() -> Result<()> {
        let values = vec![2.0, 0.3, -0.4, 1.5, 0.7, -1.0, 0.2, 0.9];
        let weights = Tensor::new(&[[[1.0, -2.0], [0.5, 3.0]], [[0.3, 1.0], [2.0, -1.0]]], &Device::Cpu)?;
        let f = |values: Vec<f64>| -> Result<(f64, Tensor)> {
            let e = Var::from_tensor(&Tensor::from_vec(values, (2, 2, 2), &Device::Cpu)?)?;
            let y = (inverse(&e)? * &weights)?.sum_all()?;
            let grad = y.backward()?.get(&e).unwrap().flatten_all()?;
            Ok((y.to_scalar()?, grad))
        };
        let grad = f(values.clone())?.1.to_vec1::<f64>()?;
        for i in 0..values.len() {
            let shifted = |step: f64| {
                let mut v = values.clone();
                v[i] += step;
                f(v).map(|(y, _)| y)
            };
            let numeric = (shifted(1e-6)? - shifted(-1e-6)?) / 2e-6;
            assert!((grad[i] - numeric).abs() < 1e-7, "entry {i}: {} against {numeric}", grad[i]);
        }
        Ok(())
    }
}
