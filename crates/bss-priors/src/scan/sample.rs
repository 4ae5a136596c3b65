//! The recurrence run forwards, from noise to a trajectory (equations 12, 14, 15).

use bss_nn::{Real, dispatch_real, with_values};
use candle_core::{Device, Result, Tensor, WithDType};
use rayon::prelude::*;

use super::chains::Chains;
use super::layout::Layout;

/// The trajectory that the noise ε drives, and `log|det ∂s/∂ε|` of each chain. Not differentiable.
///
/// # Shapes
/// `eps` (restarts, steps, sources), `theta` (restarts, sources, `layout.len()`)
/// -> (restarts, steps, sources), (restarts, sources).
pub(crate) fn trajectory(eps: &Tensor, theta: &Tensor, layout: Layout) -> Result<(Tensor, Tensor)> {
    let (restarts, steps, sources) = eps.dims3()?;
    let chains = Chains { restarts, steps, sources };
    let host = |t: &Tensor| t.to_device(&Device::Cpu)?.contiguous();
    let (host_eps, host_theta) = (host(eps)?, host(theta)?);
    let (s, log_det) = dispatch_real!(eps.dtype(), T => {
        with_values::<T, _>(&host_eps, |eps| with_values::<T, _>(&host_theta, |theta| {
            let one = |chain| {
                let noise: Vec<T> = chains.column(eps, chain).copied().collect();
                drive(&noise, &theta[chain * layout.len()..][..layout.len()], layout)
            };
            let all: Vec<(Vec<T>, T)> = (0..chains.count()).into_par_iter().map(one).collect();
            let mut s = vec![T::from_f64(0.0); eps.len()];
            all.iter().enumerate().for_each(|(chain, (rows, _))| chains.scatter(rows, chain..chain + 1, &mut s));
            let log_det: Vec<T> = all.iter().map(|(_, log_det)| *log_det).collect();
            let s = Tensor::from_vec(s, (restarts, steps, sources), &Device::Cpu)?;
            Ok((s, Tensor::from_vec(log_det, (restarts, sources), &Device::Cpu)?))
        }))?
    });
    Ok((s.to_device(eps.device())?, log_det.to_device(eps.device())?))
}

/// One chain.
fn drive<T: Real>(noise: &[T], theta: &[T], layout: Layout) -> (Vec<T>, T) {
    let (hidden, weights, biases) = (layout.hidden, layout.weights().start, layout.biases().start);
    let (sigma, sigma0) = (theta[layout.log_sigma()].exp(), theta[layout.log_sigma0()].exp());
    let kappa = T::from_f64(layout.kappa);
    let dot = |from: usize, h: &[T]| theta[from..][..hidden].iter().zip(h).map(|(&w, &h)| w * h).sum::<T>();
    let mut h = vec![T::zero(); hidden];
    let mut s: Vec<T> = Vec::with_capacity(noise.len());
    let mut log_det = 0.0;
    for (r, &eps) in noise.iter().enumerate() {
        if r < layout.order {
            s.push(sigma0 * eps);
            log_det += theta[layout.log_sigma0()].to_f64();
            continue;
        }
        let mut u = eps;
        if hidden > 0 {
            let affine = |row: usize| dot(weights + row * hidden, &h) + theta[biases + row];
            let b = affine(hidden);
            let alpha = kappa * affine(hidden + 1).tanh();
            u = b + alpha.exp() * eps; // (15)
            h = (0..hidden).map(|j| (affine(j) + theta[layout.w_eps().start + j] * eps).tanh()).collect(); // (18)
            log_det += alpha.to_f64();
        }
        let past: T = theta[layout.a()].iter().enumerate().map(|(k, &a)| a * s[r - 1 - k]).sum();
        s.push(past + sigma * u);
        log_det += theta[layout.log_sigma()].to_f64();
    }
    (s, T::from_f64(log_det))
}
