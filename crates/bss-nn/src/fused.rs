//! Element-wise steps of a training step as single passes, with hand-written gradients.
//!
//! candle walks broadcast operands one index at a time; here each is one loop over rows. Off the CPU the same
//! is composed of candle's operations, which are also what the fused ones are tested against.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Device, Layout, Result, Shape, Tensor, WithDType};

use crate::{Real, contiguous, dispatch_real, with_values};

/// `x + b`, one row `b` for all samples of a restart.
///
/// # Shapes
/// (restarts, samples, width), (restarts, width) -> (restarts, samples, width).
///
/// # Errors
/// If the shapes do not fit.
pub fn add_bias(x: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let (k, _, width) = x.dims3()?;
    if bias.dims() != [k, width] {
        candle_core::bail!("a bias of shape {:?} does not fit {:?}", bias.dims(), x.dims());
    }
    if x.device().is_cpu() {
        x.contiguous()?.apply_op2(&bias.contiguous()?, AddBias)
    } else {
        x.broadcast_add(&bias.unsqueeze(1)?)
    }
}

/// `s = μ + √q ⊙ ε` (AR-Flow VAE, equation 9): one standard deviation for all samples of a source.
///
/// No gradient flows to `ε`.
///
/// # Shapes
/// mean (restarts, samples, sources), std (restarts, sources), eps as mean -> as mean.
///
/// # Errors
/// If the shapes do not fit.
pub fn reparameterise(mean: &Tensor, std: &Tensor, eps: &Tensor) -> Result<Tensor> {
    let (k, _, n) = mean.dims3()?;
    if std.dims() != [k, n] || eps.dims() != mean.dims() {
        candle_core::bail!("std {:?} and eps {:?} do not fit a mean of {:?}", std.dims(), eps.dims(), mean.dims());
    }
    if mean.device().is_cpu() {
        mean.contiguous()?.apply_op3(&std.contiguous()?, &eps.detach().contiguous()?, Reparameterise)
    } else {
        mean + eps.detach().broadcast_mul(&std.unsqueeze(1)?)?
    }
}

/// The mean over samples and channels of `(x̂ - x)²`: Rec in equation 32 of the AR-Flow VAE.
///
/// No gradient flows to `x`.
///
/// # Shapes
/// both (restarts, samples, channels) -> (restarts).
///
/// # Errors
/// If the shapes differ.
pub fn squared_error(x_hat: &Tensor, x: &Tensor) -> Result<Tensor> {
    if x_hat.dims3()? != x.dims3()? {
        candle_core::bail!("a reconstruction of shape {:?} does not fit {:?}", x_hat.dims(), x.dims());
    }
    if x.device().is_cpu() {
        x_hat.contiguous()?.apply_op2(&x.detach().contiguous()?, SquaredError)
    } else {
        (x_hat - x.detach())?.sqr()?.mean((1, 2))
    }
}

/// `Σ_r x²` over the samples of each restart, without a gradient.
///
/// # Shapes
/// (restarts, samples, width) -> (restarts, width).
///
/// # Errors
/// If the tensor is not of rank 3.
pub fn sum_of_squares(x: &Tensor) -> Result<Tensor> {
    let (k, _, width) = x.dims3()?;
    let x = x.detach();
    if !x.device().is_cpu() {
        return x.sqr()?.sum(1);
    }
    let x = x.contiguous()?;
    dispatch_real!(x.dtype(), T => with_values::<T, _>(&x, |x| {
        Tensor::from_vec(sum_products(x, x, k, width), (k, width), &Device::Cpu)
    }))
}

/// Sums the products of entries over the rows of each restart: Σ_r x y of two (restarts, samples, width).
///
/// In double precision: a million terms in single precision would leave three digits.
fn sum_products<T: Real>(x: &[T], y: &[T], k: usize, width: usize) -> Vec<T> {
    let mut sums = vec![0.0; k * width];
    let block = x.len() / k;
    for ((sums, x), y) in sums.chunks_exact_mut(width).zip(x.chunks_exact(block)).zip(y.chunks_exact(block)) {
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact(width)) {
            sums.iter_mut().zip(x).zip(y).for_each(|((sum, x), y)| *sum += x.to_f64() * y.to_f64());
        }
    }
    sums.into_iter().map(T::from_f64).collect()
}

/// Sums the rows of each restart, in double precision: Σ_r of (restarts, samples, width).
fn sum_rows<T: Real>(values: &[T], k: usize, width: usize) -> Vec<T> {
    let mut sums = vec![0.0; k * width];
    for (sums, rows) in sums.chunks_exact_mut(width).zip(values.chunks_exact(values.len() / k)) {
        for row in rows.chunks_exact(width) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x.to_f64());
        }
    }
    sums.into_iter().map(T::from_f64).collect()
}

struct AddBias;

impl AddBias {
    fn forward<T: Real>(x: &[T], bias: &[T], width: usize) -> Vec<T> {
        let mut y = x.to_vec();
        for (y, b) in y.chunks_exact_mut(x.len() * width / bias.len()).zip(bias.chunks_exact(width)) {
            for row in y.chunks_exact_mut(width) {
                row.iter_mut().zip(b).for_each(|(y, &b)| *y += b);
            }
        }
        y
    }
}

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, b: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        let width = lb.dims()[1];
        let y = dispatch_real!(x.dtype(), T => {
            T::to_cpu_storage_owned(Self::forward::<T>(contiguous(x, lx)?, contiguous(b, lb)?, width))
        });
        Ok((y, lx.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, b: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (k, width) = b.dims2()?;
        let sums = dispatch_real!(grad.dtype(), T => with_values::<T, _>(&grad, |g| {
            Tensor::from_vec(sum_rows(g, k, width), (k, width), grad.device())
        })?);
        Ok((Some(grad), Some(sums)))
    }
}

struct Reparameterise;

impl CustomOp3 for Reparameterise {
    fn name(&self) -> &'static str {
        "reparameterise"
    }

    fn cpu_fwd(
        &self,
        mean: &CpuStorage,
        lm: &Layout,
        std: &CpuStorage,
        ls: &Layout,
        eps: &CpuStorage,
        le: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (k, n) = (ls.dims()[0], ls.dims()[1]);
        let s = dispatch_real!(mean.dtype(), T => {
            let (mean, std, eps) = (contiguous::<T>(mean, lm)?, contiguous::<T>(std, ls)?, contiguous::<T>(eps, le)?);
            let mut s = mean.to_vec();
            let block = s.len() / k;
            for ((s, eps), std) in s.chunks_exact_mut(block).zip(eps.chunks_exact(block)).zip(std.chunks_exact(n)) {
                for (s, eps) in s.chunks_exact_mut(n).zip(eps.chunks_exact(n)) {
                    s.iter_mut().zip(eps).zip(std).for_each(|((s, &e), &q)| *s += q * e);
                }
            }
            T::to_cpu_storage_owned(s)
        });
        Ok((s, lm.shape().clone()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        std: &Tensor,
        eps: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (k, n) = std.dims2()?;
        let std_grad = dispatch_real!(grad.dtype(), T => with_values::<T, _>(&grad, |g| with_values::<T, _>(eps, |e| {
            let sums = sum_products(g, e, k, n);
            Tensor::from_vec(sums, (k, n), grad.device())
        }))?);
        Ok((Some(grad), Some(std_grad), None))
    }
}

struct SquaredError;

impl CustomOp2 for SquaredError {
    fn name(&self) -> &'static str {
        "squared-error"
    }

    fn cpu_fwd(&self, a: &CpuStorage, la: &Layout, b: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        let k = la.dims()[0];
        let mean = dispatch_real!(a.dtype(), T => {
            let (a, b) = (contiguous::<T>(a, la)?, contiguous::<T>(b, lb)?);
            let block = a.len() / k;
            let square = |(a, b): (&T, &T)| (a.to_f64() - b.to_f64()).powi(2);
            let mean = |(a, b): (&[T], &[T])| {
                T::from_f64(a.iter().zip(b).map(square).sum::<f64>() / block as f64)
            };
            T::to_cpu_storage_owned(a.chunks_exact(block).zip(b.chunks_exact(block)).map(mean).collect())
        });
        Ok((mean, Shape::from(k)))
    }

    fn bwd(&self, a: &Tensor, b: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let k = grad.dims1()?;
        let a_grad = dispatch_real!(grad.dtype(), T => with_values::<T, _>(a, |av| with_values::<T, _>(b, |bv| {
            with_values::<T, _>(&grad, |g| {
                let block = av.len() / k;
                let mut out = Vec::with_capacity(av.len());
                for ((a, b), &g) in av.chunks_exact(block).zip(bv.chunks_exact(block)).zip(g) {
                    let scale = g * T::from_f64(2.0 / block as f64);
                    out.extend(a.iter().zip(b).map(|(&a, &b)| scale * (a - b)));
                }
                Tensor::from_vec(out, a.dims(), a.device())
            })
        }))?);
        Ok((Some(a_grad), None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Noise, Purpose};
    use candle_core::Var;

    fn random(stream: u64, dims: &[usize]) -> Result<Var> {
        let values = Noise::new(5).normal::<f64>(Purpose::Sample, 0, stream, dims.iter().product());
        Var::from_tensor(&Tensor::from_vec(values, dims, &Device::Cpu)?)
    }

    /// Both ways of computing the same must agree, gradients included, under a random cotangent.
    fn check(fused: &Tensor, plain: &Tensor, vars: &[&Var]) -> Result<()> {
        let cotangent = random(99, fused.dims())?;
        let both = [fused, plain].map(|y| (y * cotangent.as_tensor()).and_then(|y| y.sum_all()?.backward()));
        let [fused_grads, plain_grads] = both;
        let (fused_grads, plain_grads) = (fused_grads?, plain_grads?);
        let close =
            |a: &Tensor, b: &Tensor| -> Result<bool> { Ok((a - b)?.abs()?.max_all()?.to_scalar::<f64>()? < 1e-12) };
        assert!(close(fused, plain)?);
        for var in vars {
            assert!(close(fused_grads.get(var).unwrap(), plain_grads.get(var).unwrap())?);
        }
        Ok(())
    }

    #[test]
    fn add_bias_agrees_with_candles_broadcast() -> Result<()> {
        let (x, b) = (random(0, &[2, 5, 3])?, random(1, &[2, 3])?);
        check(&add_bias(&x, &b)?, &x.broadcast_add(&b.unsqueeze(1)?)?, &[&x, &b])
    }

    #[test]
    fn reparameterise_agrees_with_candles_broadcast() -> Result<()> {
        let (mean, std, eps) = (random(0, &[2, 5, 3])?, random(1, &[2, 3])?, random(2, &[2, 5, 3])?);
        let plain = (mean.as_tensor() + eps.broadcast_mul(&std.unsqueeze(1)?)?)?;
        check(&reparameterise(&mean, &std, &eps)?, &plain, &[&mean, &std])
    }

    #[test]
    fn squared_error_agrees_with_candles_mean() -> Result<()> {
        let (a, b) = (random(0, &[2, 5, 3])?, random(1, &[2, 5, 3])?);
        let plain = (a.as_tensor() - b.as_tensor())?.sqr()?.mean((1, 2))?;
        check(&squared_error(&a, &b)?, &plain, &[&a])
    }

    #[test]
    fn sum_of_squares_agrees_with_candles_sum() -> Result<()> {
        let x = random(0, &[2, 5, 3])?;
        let gap = (sum_of_squares(&x)? - x.sqr()?.sum(1)?)?.abs()?.max_all()?.to_scalar::<f64>()?;
        assert!(gap < 1e-12);
        Ok(())
    }

    #[test]
    fn long_sums_keep_their_digits_in_single_precision() -> Result<()> {
        let x = Tensor::full(0.1f32, (1, 2_000_000, 1), &Device::Cpu)?;
        let zero = x.zeros_like()?;
        let expected = f64::from(0.1f32).powi(2);
        let mean = f64::from(squared_error(&x, &zero)?.to_vec1::<f32>()?[0]);
        let sum = f64::from(sum_of_squares(&x)?.flatten_all()?.to_vec1::<f32>()?[0]);
        assert!((mean / expected - 1.0).abs() < 1e-6 && (sum / expected / 2e6 - 1.0).abs() < 1e-6);
        Ok(())
    }

    #[test]
    fn misfitting_shapes_are_errors() -> Result<()> {
        let (x, b) = (random(0, &[2, 5, 3])?, random(1, &[2, 4])?);
        assert!(add_bias(&x, &b).is_err());
        assert!(reparameterise(&x, &b, &x).is_err());
        assert!(squared_error(&x, random(2, &[2, 5, 2])?.as_tensor()).is_err());
        Ok(())
    }
}
