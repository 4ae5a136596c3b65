//! Posteriors over the sources: what an encoder returns.
//!
//! A [`Posterior`] gives its mean, its standard deviation, samples by reparameterisation and log-densities.
//! [`DiagonalGaussian`] is the factorised Gaussian of the AR-Flow VAE, with one variance for all steps of a source.
//!
//! ```
//! use bss_posteriors::{DiagonalGaussian, Posterior};
//! use candle_core::{DType, Device, Tensor};
//!
//! # fn main() -> candle_core::Result<()> {
//! let mean = Tensor::new(&[[[1f64], [2.]]], &Device::Cpu)?; // one restart, two steps, one source
//! let log_variance = Tensor::new(&[[4f64.ln()]], &Device::Cpu)?;
//! let posterior = DiagonalGaussian::new(mean, log_variance)?;
//! let s = posterior.rsample(&Tensor::ones((1, 2, 1), DType::F64, &Device::Cpu)?)?;
//! assert_eq!(s.flatten_all()?.to_vec1::<f64>()?, [3., 4.]); // mean + 2 · 1
//! # Ok(())
//! # }
//! ```

mod diagonal;
mod posterior;

pub use diagonal::DiagonalGaussian;
pub use posterior::Posterior;
