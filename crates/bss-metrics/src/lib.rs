//! Scores of a separation after optimal matching.
//!
//! Blind separation finds the sources up to their order, sign and gain. So every score here first
//! matches estimates to references ([`align`](crate::align()): the assignment with the largest sum of absolute
//! correlations, or [`align_by_sir`]) and then measures what is left:
//!
//! - [`Metric::Correlation`]: |Pearson correlation| of each reference with its estimate;
//! - [`Metric::Mcc`]: their mean, the mean correlation coefficient ([`mcc`]);
//! - [`Metric::SiSdr`]: the scale-invariant signal-to-distortion ratio ([`si_sdr_db`]);
//! - [`Metric::Sdr`], [`Metric::Sir`], [`Metric::Sar`]: what an estimate has of its reference, of others and of neither,
//!   whatever filter it went through ([`bss_eval`](crate::bss_eval()));
//! - [`Metric::Amari`]: the Amari distance of the global system from a scaled permutation
//!   ([`amari`](crate::amari()) of two mixing matrices, [`amari_from_sources`] of two recordings);
//! - [`Metric::Coverage`]: how often a 95 % band around the estimate covers the truth ([`coverage`](crate::coverage())).
//!
//! Images have scores of their own, in which gain and sign matter: [`psnr_db`] and [`ssim`](crate::ssim()).
//!
//! [`evaluate`](crate::evaluate()) computes several at once from a single [`Alignment`]; for datasets of many examples
//! [`evaluate_examples`] does, with a matching for each example.
//!
//! Recordings are (samples, sources), datasets (examples, sources, features…). All functions are pure: no file, no
//! random number, no output. Bad input (other shapes, NaN, a silent reference) is an [`Error`] that says what was found and how to
//! mend it, and no score is ever NaN or infinite.
//!
//! # Examples
//!
//! ```
//! use bss_metrics::{Matching, Metric, evaluate};
//! use ndarray::{Array2, s};
//!
//! let reference = Array2::from_shape_fn((500, 2), |(t, j)| ((0.1 + 0.17 * j as f64) * t as f64).sin());
//! // The same sources in another order, one of them upside down and louder.
//! let mut estimate = reference.slice(s![.., ..;-1]).to_owned();
//! estimate.column_mut(0).mapv_inplace(|value| -3.0 * value);
//!
//! let scores = evaluate(estimate.view(), None, reference.view(), Matching::Correlation, &[Metric::Mcc, Metric::SiSdr])?;
//! assert_eq!(scores.alignment.permutation, [1, 0]);
//! assert_eq!(scores.alignment.sign, [1.0, -1.0]);
//! assert!((scores.values[0].1.mean - 1.0).abs() < 1e-12);
//! # Ok::<(), bss_metrics::Error>(())
//! ```

mod align;
mod amari;
mod assignment;
mod bss_eval;
mod correlation;
mod coverage;
mod error;
mod evaluate;
mod example;
mod examples;
mod image;
mod metric;
mod projection;
mod psnr;
mod si_sdr;
mod signal;
mod ssim;

pub use align::{Alignment, Matching, align, align_by_sir, apply, assign};
pub use amari::{amari, amari_from_sources};
pub use bss_eval::{BSS_EVAL_CAP_DB, BssEval, FILTER_TAPS, bss_eval, bss_eval_pairs};
pub use correlation::{correlation_matrix, mcc};
pub use coverage::coverage;
pub use error::{Error, Result};
pub use evaluate::{Scores, Values, evaluate};
pub use examples::{ExampleScores, ExampleValues, evaluate_examples};
pub use metric::Metric;
pub use psnr::{PSNR_CAP_DB, psnr_db};
pub use si_sdr::{SI_SDR_CAP_DB, si_sdr_db};
pub use signal::Role;
pub use ssim::ssim;
