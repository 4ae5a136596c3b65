//! `x W + b` with a matrix for every restart.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType};
use pulp::Arch;
use rayon::prelude::*;

use crate::band::{Apply, Correlate};
use crate::{Real, add_bias, contiguous, dispatch_real, with_values};

/// Square matrices up to this width are applied by [`Apply`]; beyond, a general matrix product is faster.
const MAX_WIDTH: usize = 8;

/// Fewer numbers than this are computed sooner than another thread wakes up.
const WORTH_A_THREAD: usize = 1 << 16;

/// `y = x W + b`, with `W` and `b` of its own for each restart.
///
/// # Shapes
/// (restarts, samples, inputs), (restarts, inputs, outputs), (restarts, outputs) -> (restarts, samples, outputs).
///
/// # Errors
/// If the shapes do not fit.
pub fn affine(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let (k, _, inputs) = x.dims3()?;
    let outputs = weight.dim(2)?;
    if weight.dims() != [k, inputs, outputs] || bias.dims() != [k, outputs] {
        let (x, weight, bias) = (x.dims(), weight.dims(), bias.dims());
        candle_core::bail!("weights of shape {weight:?} and a bias of shape {bias:?} do not fit {x:?}");
    }
    if x.device().is_cpu() && inputs == outputs && outputs <= MAX_WIDTH {
        x.contiguous()?.apply_op3(&weight.contiguous()?, &bias.contiguous()?, Affine)
    } else {
        add_bias(&x.matmul(weight)?, bias)
    }
}

struct Affine;

/// `x W + b` of all restarts, one after the other.
fn apply<T: Real>(x: &[T], weight: &[T], bias: &[T], width: usize) -> Vec<T> {
    let mut y = vec![T::zero(); x.len()];
    let block = x.len() / (bias.len() / width);
    let restarts = y.par_chunks_exact_mut(block).zip(x.par_chunks_exact(block));
    let restarts = restarts.zip(weight.par_chunks_exact(width * width)).zip(bias.par_chunks_exact(width));
    restarts.with_min_len(WORTH_A_THREAD.div_ceil(block)).for_each(|(((y, x), weight), bias)| {
        Arch::new().dispatch(Apply { x, weight, bias, y });
    });
    y
}

/// The gradients of `W` and `b` of all restarts, one after the other.
fn parameter_gradients<T: Real>(x: &[T], g: &[T], restarts: usize, width: usize) -> (Vec<T>, Vec<T>) {
    let block = x.len() / restarts;
    let rows = x.par_chunks_exact(block).zip(g.par_chunks_exact(block)).with_min_len(WORTH_A_THREAD.div_ceil(block));
    let sums: Vec<_> = rows.map(|(x, g)| Arch::new().dispatch(Correlate { x, g, width })).collect();
    let to_type = |&sum: &f64| T::from_f64(sum);
    (
        sums.iter().flat_map(|sums| &sums.0).map(to_type).collect(),
        sums.iter().flat_map(|sums| &sums.1).map(to_type).collect(),
    )
}

/// The transposed matrix of each restart.
fn transposed<T: Real>(weight: &[T], width: usize) -> Vec<T> {
    let one = |w: &[T]| (0..width * width).map(|i| w[i % width * width + i / width]).collect::<Vec<T>>();
    weight.chunks_exact(width * width).flat_map(one).collect()
}

impl CustomOp3 for Affine {
    fn name(&self) -> &'static str {
        "affine"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        weight: &CpuStorage,
        lw: &Layout,
        bias: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let width = lb.dims()[1];
        let y = dispatch_real!(x.dtype(), T => {
            let (x, weight, bias) = (contiguous::<T>(x, lx)?, contiguous(weight, lw)?, contiguous(bias, lb)?);
            T::to_cpu_storage_owned(apply(x, weight, bias, width))
        });
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (k, width) = bias.dims2()?;
        let device = grad.device();
        dispatch_real!(grad.dtype(), T => with_values::<T, _>(&grad, |g| {
            // The recording itself needs no gradient.
            let x_grad = if x.track_op() {
                let weight = with_values::<T, _>(weight, |weight| Ok(transposed(weight, width)))?;
                let values = apply(g, &weight, &vec![T::from_f64(0.0); k * width], width);
                Some(Tensor::from_vec(values, x.dims(), device)?)
            } else {
                None
            };
            let (weight, bias) = with_values::<T, _>(x, |x| Ok(parameter_gradients(x, g, k, width)))?;
            let weight = Tensor::from_vec(weight, (k, width, width), device)?;
            Ok((x_grad, Some(weight), Some(Tensor::from_vec(bias, (k, width), device)?)))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Noise, Purpose};
    use candle_core::{DType, Device, Var};

    fn random(stream: u64, dims: &[usize], dtype: DType) -> Result<Var> {
        let values = Noise::new(6).normal::<f64>(Purpose::Sample, 0, stream, dims.iter().product());
        Var::from_tensor(&Tensor::from_vec(values, dims, &Device::Cpu)?.to_dtype(dtype)?)
    }

    /// Against a matrix product and a broadcast sum: every width to beyond the limit, and lengths around the block's.
    #[test]
    fn agrees_with_candles_matrix_product() -> Result<()> {
        let sizes = [1, 7, 511, 512, 513, 1100].into_iter().map(|samples| (samples, 3));
        for (samples, width) in sizes.chain((1..=17).map(|width| (90, width))) {
            for (dtype, tolerance) in [(DType::F64, 1e-11), (DType::F32, 2e-4)] {
                let x = random(0, &[2, samples, width], dtype)?;
                let (weight, bias) = (random(1, &[2, width, width], dtype)?, random(2, &[2, width], dtype)?);
                let fused = affine(&x, &weight, &bias)?;
                let plain = x.matmul(&weight)?.broadcast_add(&bias.unsqueeze(1)?)?;
                let cotangent = random(3, fused.dims(), dtype)?;
                let gap = |a: &Tensor, b: &Tensor| -> Result<f64> {
                    (a - b)?.abs()?.max_all()?.to_dtype(DType::F64)?.to_scalar()
                };
                assert!(gap(&fused, &plain)? < tolerance, "{samples} samples of width {width}");
                let grads = |y: &Tensor| (y * cotangent.as_tensor())?.sum_all()?.backward();
                let (fused, plain) = (grads(&fused)?, grads(&plain)?);
                for var in [&x, &weight, &bias] {
                    let gap = gap(fused.get(var).unwrap(), plain.get(var).unwrap())?;
                    assert!(gap < tolerance, "{samples} samples of width {width}: {gap}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn gradients_agree_with_finite_differences() -> Result<()> {
        let shapes: [&[usize]; 3] = [&[2, 5, 3], &[2, 3, 3], &[2, 3]];
        let vars = [0, 1, 2].map(|i| random(i as u64, shapes[i], DType::F64).unwrap());
        let loss = || affine(&vars[0], &vars[1], &vars[2])?.sqr()?.sum_all();
        let grads = loss()?.backward()?;
        for var in &vars {
            let (start, direction) = (var.copy()?, random(9, var.dims(), DType::F64)?);
            let slope = (grads.get(var).unwrap() * direction.as_tensor())?.sum_all()?.to_scalar::<f64>()?;
            let at = |step: f64| -> Result<f64> {
                var.set(&(&start + (direction.as_tensor() * step)?)?)?;
                loss()?.to_scalar()
            };
            let numeric = (at(1e-6)? - at(-1e-6)?) / 2e-6;
            assert!((slope - numeric).abs() < 1e-7 * slope.abs().max(1.0), "{slope} against {numeric}");
            var.set(&start)?;
        }
        Ok(())
    }

    #[test]
    fn a_value_that_is_no_number_stays_in_its_restart() -> Result<()> {
        let x = Tensor::new(&[[[1f32, f32::NAN]], [[1., 2.]]], &Device::Cpu)?;
        let weight = Tensor::new(&[[[1f32, 0.], [0., 1.]], [[1., 0.], [0., 1.]]], &Device::Cpu)?;
        let y = affine(&x, &weight, &Tensor::zeros((2, 2), DType::F32, &Device::Cpu)?)?;
        assert_eq!(y.get(1)?.to_vec2::<f32>()?, [[1.0, 2.0]]);
        assert!(y.get(0)?.sum_all()?.to_scalar::<f32>()?.is_nan());
        Ok(())
    }

    #[test]
    fn misfitting_shapes_are_errors() -> Result<()> {
        let (x, weight) = (random(0, &[2, 5, 3], DType::F64)?, random(1, &[2, 3, 3], DType::F64)?);
        assert!(affine(&x, &weight, random(2, &[2, 4], DType::F64)?.as_tensor()).is_err());
        assert!(
            affine(&x, random(1, &[1, 3, 3], DType::F64)?.as_tensor(), random(2, &[2, 3], DType::F64)?.as_tensor())
                .is_err()
        );
        Ok(())
    }
}
