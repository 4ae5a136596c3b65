//! Building blocks on candle: seeded noise, named parameters, batched linear maps, vector lanes, Adam.
//!
//! - [`Noise`] is all randomness of a run, as a function of the seed.
//! - [`Parameters`] are named, sorted, and carry the restarts in their first dimension; an [`Initialiser`] makes them.
//! - [`Linear`] and [`Activation`] make perceptrons; [`affine()`], [`inverse()`], [`monotone()`], [`squared_error`] and
//!   [`reparameterise`] are fused operations with hand-written gradients.
//! - [`Adam`] updates in place and can be saved.
//! - [`Real`], [`Lane`] and [`Instructions`] are what the fused kernels of other crates are written in.
//!
//! ```
//! use bss_nn::{Adam, AdamConfig, Initialiser, Linear, Noise, Parameters, squared_error};
//! use candle_core::{DType, Device, Tensor};
//!
//! # fn main() -> candle_core::Result<()> {
//! // Two restarts of a linear regression y = 3 x, side by side.
//! let mut parameters = Parameters::new(2, DType::F64, &Device::Cpu);
//! let linear = Linear::new(1, 1, &mut Initialiser::new(&mut parameters, Noise::new(0)))?;
//! let x = Tensor::new(&[[[1f64], [2.]], [[1.], [2.]]], &Device::Cpu)?; // (restarts, samples, channels)
//! let y = (&x * 3.)?;
//! let mut adam = Adam::new(AdamConfig::default(), &parameters);
//! for _ in 0..2000 {
//!     let loss = squared_error(&linear.forward(&x)?, &y)?; // one a restart
//!     adam.step(&parameters, &loss.sum_all()?.backward()?, 0.05)?;
//! }
//! let weight = parameters.get("weight").unwrap().flatten_all()?.to_vec1::<f64>()?;
//! assert!(weight.iter().all(|w| (w - 3.).abs() < 1e-2));
//! # Ok(())
//! # }
//! ```
//!
//! Deliberately absent: files, epochs, models.

mod activation;
mod adam;
mod affine;
mod band;
mod columns;
pub mod dense;
mod fused;
mod instructions;
mod inverse;
mod lane;
mod linear;
mod monotone;
mod noise;
mod normal;
mod parameters;
mod real;
mod values;

pub use activation::Activation;
pub use adam::{Adam, AdamConfig, Moments};
pub use affine::affine;
pub use fused::{add_bias, reparameterise, squared_error, sum_of_squares};
pub use instructions::Instructions;
pub use inverse::inverse;
pub use lane::Lane;
pub use linear::Linear;
pub use monotone::{KNOTS, knot, monotone};
pub use noise::{Noise, Purpose};
pub use parameters::{Initialiser, Parameters};
pub use real::Real;
pub use values::{contiguous, with_values};
