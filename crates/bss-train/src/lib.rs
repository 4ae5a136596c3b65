//! The training loop: schedules, restarts, checkpoints, run records.
//!
//! A [`Trainer`] takes steps of an [`Objective`](bss_models::Objective) along a [`Schedule`], keeps the losses of the
//! run's [`Tail`] to rank the restarts and reach a [`Verdict`], and saves and restores its whole state bit for bit.
//! A [`RunFolder`] is where a run lives on disk; a [`Checkpoint`] is one file of it.
//!
//! ```
//! use bss_models::{ArFlowObjective, ArFlowVae, ArFlowVaeConfig, DecoderConfig, MapConfig, PriorConfig};
//! use bss_nn::{AdamConfig, Noise};
//! use bss_priors::ArFlowConfig;
//! use bss_train::{Schedule, Trainer};
//! use candle_core::{DType, Device, Tensor};
//!
//! # fn main() -> Result<(), bss_train::Error> {
//! let (encoder, decoder) = (MapConfig::Linear, DecoderConfig::Tied);
//! let prior = PriorConfig::ArFlow(ArFlowConfig::default());
//! let config = ArFlowVaeConfig { encoder, decoder, prior, sources: 2, channels: 2 };
//! let schedule = Schedule { iterations: 20, ..Schedule::default() };
//! let noise = Noise::new(0);
//! let x: Vec<f64> = (0..200).map(|i| (0.3 * i as f64).sin() + (0.05 * (i * i % 97) as f64).cos()).collect();
//! let x = Tensor::from_vec(x, (100, 2), &Device::Cpu)?; // whitened mixtures (samples, channels)
//! let model = ArFlowVae::new(&config, 3, noise, DType::F32, &Device::Cpu)?; // three restarts, side by side
//! let mut trainer = Trainer::new(ArFlowObjective::new(model, &x, noise)?, AdamConfig::default(), schedule)?;
//! while !trainer.is_done() {
//!     trainer.step()?;
//! }
//! let (best, loss) = trainer.ranking()[0];
//! assert!(best < 3 && loss < trainer.ranking()[2].1);
//! # Ok(())
//! # }
//! ```
//!
//! Deliberately absent: what is trained, the terminal, and settings as text.

mod batches;
mod checkpoint;
mod distortion;
mod error;
mod example_schedule;
mod example_trainer;
mod run_folder;
mod schedule;
mod trainer;
mod verdict;

pub use batches::{Mixtures, Sum};
pub use checkpoint::{Checkpoint, FORMAT};
pub use distortion::Distortion;
pub use error::{Error, Result};
pub use example_schedule::{Beta, Decay, ExampleSchedule};
pub use example_trainer::{ExampleStep, ExampleTrainer};
pub use run_folder::RunFolder;
pub use schedule::Schedule;
pub use trainer::{Step, Trainer};
pub use verdict::{Tail, Verdict};
