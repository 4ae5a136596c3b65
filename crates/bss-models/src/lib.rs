//! Encoders, decoders, likelihoods, the ELBO and the models built of them.
//!
//! [`ArFlowVae`] is the AR-Flow VAE of Wei et al. 2026. A recording is [`Whitening`]-ed, the model's [`Terms`] are
//! minimised by a trainer through [`Objective`], and the fitted model separates as a [`Separator`]:
//!
//! ```
//! use bss_models::{ArFlowObjective, ArFlowSeparator, ArFlowVae, ArFlowVaeConfig, DecoderConfig, MapConfig};
//! use bss_models::{Objective, PriorConfig, Separator, Whitening};
//! use bss_nn::{Adam, AdamConfig, Noise};
//! use bss_priors::ArFlowConfig;
//! use candle_core::{DType, Device, Tensor};
//! use ndarray::Array2;
//!
//! # fn main() -> Result<(), bss_models::Error> {
//! // Two channels, each a sum of a slow and a fast oscillation.
//! let x = Array2::from_shape_fn((200, 2), |(r, c)| {
//!     let (slow, fast) = ((0.07 * r as f64).sin(), (1.1 * r as f64).cos());
//!     if c == 0 { slow + 0.6 * fast } else { 0.4 * slow - fast }
//! });
//! let whitening = Whitening::fit(x.view(), 2)?;
//! let config = ArFlowVaeConfig {
//!     encoder: MapConfig::Linear,
//!     decoder: DecoderConfig::Tied,
//!     prior: PriorConfig::ArFlow(ArFlowConfig::default()),
//!     sources: 2,
//!     channels: 2,
//! };
//! let noise = Noise::new(0);
//! let model = ArFlowVae::new(&config, 1, noise, DType::F32, &Device::Cpu)?;
//! let z = whitening.apply(x.view())?;
//! let z = Tensor::from_vec(z.into_iter().collect::<Vec<f64>>(), (200, 2), &Device::Cpu)?;
//! let objective = ArFlowObjective::new(model, &z, noise)?;
//! let mut adam = Adam::new(AdamConfig::default(), objective.parameters());
//! for iteration in 0..300 {
//!     let loss = objective.terms(iteration)?.loss(0.1)?.sum_all()?;
//!     adam.step(objective.parameters(), &loss.backward()?, 0.02)?;
//! }
//! let separator = ArFlowSeparator::new(objective.model, whitening, x.view())?;
//! let estimate = separator.separate(x.view())?;
//! assert_eq!(estimate.sources.dim(), (200, 2));
//! assert!((estimate.sources.column(0).std(0.) - 1.).abs() < 1e-3);
//! # Ok(())
//! # }
//! ```
//!
//! Deliberately absent: files, epochs, schedules, the terminal; true sources never reach a model.

mod ar_flow_vae;
mod curvature;
mod decoder;
mod error;
mod example;
mod glo;
mod held_out;
mod leakage;
mod likelihood;
mod magnitudes;
mod map;
mod mixit;
mod neri_vae;
mod noise_share;
mod noise_units;
mod objective;
mod ratio_mask;
mod separator;
mod straightening;
mod uncertainty;
mod whitening;

pub use ar_flow_vae::{ArFlowObjective, ArFlowVae, ArFlowVaeConfig, PriorConfig};
pub use curvature::Curvature;
pub use decoder::{Decoder, DecoderConfig};
pub use error::{Error, Result};
pub use example::{Batch, ExampleModel, SeparatesExamples};
pub use glo::Glo;
pub use held_out::{HeldOut, Score, simplest_of_the_best};
pub use leakage::leakage;
pub use likelihood::GaussianLikelihood;
pub use magnitudes::Magnitudes;
pub use map::{Map, MapConfig};
pub use mixit::MixIt;
pub use neri_vae::{Latent, NeriConfig, NeriTerms, NeriVae, Norm, Refinement, SCALE};
pub use noise_units::noise_units;
pub use objective::{Objective, Terms};
pub use ratio_mask::ratio_mask;
pub use separator::{ArFlowSeparator, Convention, Estimate, Separator, least_squares_mixing};
pub use straightening::{Frame, Straightening};
pub use uncertainty::Uncertainty;
pub use whitening::Whitening;
