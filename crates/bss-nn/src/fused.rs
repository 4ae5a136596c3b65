//! Element-wise steps of a training step as single passes, with hand-written gradients.
//!
//! candle walks broadcast operands one index at a time; here each is one pass over rows. Off the CPU the same
//! is composed of candle's operations, which are also what the fused ones are tested against.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Device, Layout, Result, Shape, Tensor, WithDType};

use crate::{columns, contiguous, dispatch_real, with_values};

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
/// The gradient flows to both.
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
        x_hat.contiguous()?.apply_op2(&x.contiguous()?, SquaredError)
    } else {
        (x_hat - x)?.sqr()?.mean((1, 2))
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
        Tensor::from_vec(columns::sum(x, x, k, width, |x, _| x * x), (k, width), &Device::Cpu)
    }))
}

struct AddBias;

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, b: &CpuStorage, lb: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = dispatch_real!(x.dtype(), T => {
            let mut y = contiguous::<T>(x, lx)?.to_vec();
            columns::add(&mut y, contiguous(b, lb)?, lb.dims()[0]);
            T::to_cpu_storage_owned(y)
        });
        Ok((y, lx.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, b: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (k, width) = b.dims2()?;
        let sums = dispatch_real!(grad.dtype(), T => with_values::<T, _>(&grad, |g| {
            Tensor::from_vec(columns::sum(g, g, k, width, |g, _| g), (k, width), grad.device())
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
        let s = dispatch_real!(mean.dtype(), T => {
            let mut s = contiguous::<T>(mean, lm)?.to_vec();
            columns::add_scaled(&mut s, contiguous(std, ls)?, contiguous(eps, le)?, ls.dims()[0]);
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
            let sums = columns::sum(g, e, k, n, |g, e| g * e);
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
            let entries = T::from_f64((a.len() / k) as f64);
            let sums = columns::sum(a, b, k, 1, |a, b| (a - b) * (a - b));
            T::to_cpu_storage_owned(sums.into_iter().map(|sum| sum / entries).collect())
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
        let b_grad = b.track_op().then(|| a_grad.neg()).transpose()?;
        Ok((Some(a_grad), b_grad))
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
        check(&squared_error(&a, &b)?, &plain, &[&a, &b])
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
