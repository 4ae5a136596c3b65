//! The recurrence as candle operations, with their backward passes.

use std::sync::Mutex;

use bss_nn::{Real, contiguous, dispatch_real, with_values};
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, Device, Layout as Strides, Result, Shape, Tensor, WithDType};
use rayon::prelude::*;

use super::chains::Chains;
use super::deal::deal;
use super::group::{Scored, Task};
use super::layout::Layout;

/// So many steps of one restart are a share of a thread's work around the kernel.
const ROWS: usize = 2048;

/// The log-density of each chain (equation 28).
///
/// # Shapes
/// `s` (restarts, steps, sources), `theta` (restarts, sources, `layout.len()`) -> (restarts, sources).
pub(crate) fn log_density(s: &Tensor, theta: &Tensor, layout: Layout) -> Result<Tensor> {
    let gradient = s.track_op() || theta.track_op();
    let op = Density { layout, gradient, grads: Mutex::new(None) };
    on_host(s, theta, layout, |s, theta| s.apply_op2(theta, op))
}

/// ε of each step (equation 20) and `log|det ∂ε/∂s|` of each chain (equations 22, 24).
///
/// # Shapes
/// As [`log_density`] -> (restarts, steps, sources), (restarts, sources).
pub(crate) fn noise(s: &Tensor, theta: &Tensor, layout: Layout) -> Result<(Tensor, Tensor)> {
    let steps = s.dim(1)?;
    let packed = on_host(s, theta, layout, |s, theta| s.apply_op2(theta, Noise { layout }))?;
    Ok((packed.narrow(1, 0, steps)?, packed.narrow(1, steps, 1)?.squeeze(1)?))
}

/// Checks the shapes, runs `f` on the CPU and brings the result back to where `s` was.
fn on_host(
    s: &Tensor,
    theta: &Tensor,
    layout: Layout,
    f: impl FnOnce(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let (restarts, steps, sources) = s.dims3()?;
    let expected = [restarts, sources, layout.len()];
    if theta.dims() != expected {
        candle_core::bail!("the prior has parameters for {:?}, the sources ask for {expected:?}", theta.dims());
    }
    if steps <= layout.order {
        candle_core::bail!("a prior of order {} needs more than {steps} steps", layout.order);
    }
    if !s.device().is_cpu() {
        tracing::debug!("the AR-flow scan runs on the host: it has no kernel for this device yet");
    }
    let host = |t: &Tensor| t.to_device(&Device::Cpu)?.contiguous();
    f(&host(s)?, &host(theta)?)?.to_device(s.device())
}

fn chains(s: &Strides) -> Chains {
    Chains { restarts: s.dims()[0], steps: s.dims()[1], sources: s.dims()[2] }
}

/// The value of each chain, in order.
fn values<T: Real>(scored: &[Scored<T>]) -> Vec<T> {
    scored.iter().flat_map(|group| &group.value).map(|&v| T::from_f64(v)).collect()
}

/// The gradients of all groups as tensors like `s` and `theta`.
fn gradients<T: Real>(scored: &[Scored<T>], layout: Layout, chains: Chains) -> Result<(Tensor, Tensor)> {
    let Chains { restarts, steps, sources } = chains;
    let mut s = vec![T::zero(); restarts * steps * sources];
    s.par_chunks_exact_mut(steps * sources).enumerate().for_each(|(restart, s)| {
        s.par_chunks_mut(ROWS * sources).enumerate().for_each(|(block, s)| {
            for group in scored {
                chains.scatter_rows(&group.s, group.which.clone(), restart, block * ROWS, s);
            }
        });
    });
    let mut theta = vec![T::zero(); chains.count() * layout.len()];
    for group in scored {
        let used = group.which.len();
        for (chain, row) in group.which.clone().zip(0..used) {
            let column = group.theta.iter().skip(row).step_by(used);
            let to = &mut theta[chain * layout.len()..(chain + 1) * layout.len()];
            to.iter_mut().zip(column).for_each(|(to, &x)| *to = T::from_f64(x));
        }
    }
    let theta = Tensor::from_vec(theta, (restarts, sources, layout.len()), &Device::Cpu)?;
    Ok((Tensor::from_vec(s, (restarts, steps, sources), &Device::Cpu)?, theta))
}

/// The log-density. Chains do not mix, so its gradients are computed beside it and scaled in the backward pass.
struct Density {
    layout: Layout,
    gradient: bool,
    grads: Mutex<Option<(Tensor, Tensor)>>,
}

impl CustomOp2 for Density {
    fn name(&self) -> &'static str {
        "ar-flow-log-density"
    }

    fn cpu_fwd(&self, s: &CpuStorage, ls: &Strides, theta: &CpuStorage, lt: &Strides) -> Result<(CpuStorage, Shape)> {
        let chains = chains(ls);
        let value = dispatch_real!(s.dtype(), T => {
            let task = Task::Density { gradient: self.gradient };
            let scored = deal::<T>(contiguous(s, ls)?, contiguous(theta, lt)?, self.layout, chains, task);
            if self.gradient {
                let grads = gradients(&scored, self.layout, chains)?;
                *self.grads.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(grads);
            }
            T::to_cpu_storage_owned(values(&scored))
        });
        Ok((value, Shape::from((chains.restarts, chains.sources))))
    }

    fn bwd(&self, s: &Tensor, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grads = self.grads.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((grad_s, grad_theta)) = &*grads else {
            candle_core::bail!("the AR-flow prior was evaluated without gradients")
        };
        let grad = grad.contiguous()?;
        let scaled = dispatch_real!(s.dtype(), T => with_values::<T, _>(grad_s, |values| with_values::<T, _>(&grad, |g| {
            let (restarts, steps, sources) = s.dims3()?;
            let mut scaled = values.to_vec();
            scaled.par_chunks_exact_mut(steps * sources).zip(g.par_chunks_exact(sources)).for_each(|(rows, g)| {
                rows.par_chunks_mut(ROWS * sources).for_each(|rows| {
                    if g.iter().all(|x| *x == g[0]) {
                        return rows.iter_mut().for_each(|x| *x *= g[0]);
                    }
                    for row in rows.chunks_exact_mut(sources) {
                        row.iter_mut().zip(g).for_each(|(x, &g)| *x *= g);
                    }
                });
            });
            Tensor::from_vec(scaled, (restarts, steps, sources), &Device::Cpu)
        }))?);
        Ok((Some(scaled), Some(grad_theta.broadcast_mul(&grad.unsqueeze(2)?)?)))
    }
}

/// ε and the log-determinant, packed as (restarts, steps + 1, sources) because an operation gives one tensor.
struct Noise {
    layout: Layout,
}

impl CustomOp2 for Noise {
    fn name(&self) -> &'static str {
        "ar-flow-noise"
    }

    fn cpu_fwd(&self, s: &CpuStorage, ls: &Strides, theta: &CpuStorage, lt: &Strides) -> Result<(CpuStorage, Shape)> {
        let chains = chains(ls);
        let packed = Chains { steps: chains.steps + 1, ..chains };
        let value = dispatch_real!(s.dtype(), T => {
            let (s, theta) = (contiguous::<T>(s, ls)?, contiguous(theta, lt)?);
            let mut out = vec![T::from_f64(0.0); packed.count() * packed.steps];
            for mut group in deal::<T>(s, theta, self.layout, chains, Task::Noise) {
                group.noise.extend(group.value.iter().map(|&v| T::from_f64(v)));
                packed.scatter(&group.noise, group.which, &mut out);
            }
            T::to_cpu_storage_owned(out)
        });
        Ok((value, Shape::from((packed.restarts, packed.steps, packed.sources))))
    }

    fn bwd(&self, s: &Tensor, theta: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let chains = chains(s.layout());
        let (s, theta) = dispatch_real!(s.dtype(), T => {
            with_values::<T, _>(s, |s| with_values::<T, _>(theta, |theta| with_values::<T, _>(&grad, |grad| {
                let scored = deal::<T>(s, theta, self.layout, chains, Task::NoiseGradient(grad));
                gradients(&scored, self.layout, chains)
            })))?
        });
        Ok((Some(s), Some(theta)))
    }
}
