//! Priors of a source with exact density: Gaussian, autoregressive, AR-flow.
//!
//! A [`Prior`] scores the trajectories of several sources at once, for several restarts at once:
//! `s` is (restarts, steps, sources) throughout. [`StandardGaussian`] is that of a plain VAE; [`ArFlow`] is the AR-flow
//! prior of Wei et al. 2026 (equations 12-28) and, with no hidden units, the linear AR prior; its noise is Gaussian
//! as in the paper or a learned mixture ([`Base`]). [`ArFlow`] is also the [`Bijector`] between noise and sources.
//!
//! ```
//! use bss_nn::{Initialiser, Noise, Parameters, Purpose};
//! use bss_priors::{ArFlow, ArFlowConfig, Bijector, Prior};
//! use candle_core::{DType, Device, Tensor};
//!
//! # fn main() -> candle_core::Result<()> {
//! let mut parameters = Parameters::new(1, DType::F64, &Device::Cpu);
//! let prior = ArFlow::new(ArFlowConfig::default(), 2, &mut Initialiser::new(&mut parameters, Noise::new(0)))?;
//! let eps = Noise::new(1).normal::<f64>(Purpose::Sample, 0, 0, 100 * 2);
//! let eps = Tensor::from_vec(eps, (1, 100, 2), &Device::Cpu)?;
//! let s = prior.sample(&eps)?;
//! let (noise, log_det) = prior.inverse(&s)?;
//! assert!((noise - &eps)?.abs()?.max_all()?.to_scalar::<f64>()? < 1e-9);
//! // Change of variables: log p(s) = log N(ε) + log|det ∂ε/∂s|.
//! let base = ((eps.sqr()?.sum(1)? + 100. * std::f64::consts::TAU.ln())? * -0.5)?;
//! let gap = (prior.log_prob(&s)? - (base + log_det)?)?.abs()?.max_all()?.to_scalar::<f64>()?;
//! assert!(gap < 1e-9);
//! # Ok(())
//! # }
//! ```
//!
//! Deliberately absent: models, posteriors, files. A prior does not know what it is the prior of.

mod ar_flow;
mod gaussian;
mod mixture;
mod prior;
mod scan;

pub use ar_flow::{ArFlow, ArFlowConfig, Base};
pub use gaussian::StandardGaussian;
pub use prior::{Bijector, Prior};
