//! Classical blind source separation behind the same [`Separator`](bss_models::Separator) as the variational models.
//!
//! Four methods, each a struct of its settings: [`Sobi`] looks at spectra, [`Jade`], [`FastIca`] and [`Picard`] at the
//! shape of distributions. After whitening what is left to find is a rotation; that alone is what sets them apart, and
//! all that [`Demix`] asks of a method. [`Demix::fit`] gives a [`Fitted`]: the [`Demixing`] that separates, and the
//! [`Course`] that says whether the method came to an end.
//!
//! ```
//! use bss_baselines::{Demix, Sobi};
//! use bss_models::Separator;
//! use ndarray::Array2;
//!
//! // Two channels, each a sum of a slow and a fast oscillation.
//! let x = Array2::from_shape_fn((500, 2), |(r, c)| {
//!     let (slow, fast) = ((0.07 * r as f64).sin(), (1.1 * r as f64).cos());
//!     if c == 0 { slow + 0.6 * fast } else { 0.4 * slow - fast }
//! });
//! let fitted = Sobi::default().fit(x.view(), 2)?;
//! assert!(fitted.course.is_converged);
//! let sources = fitted.demixing.separate(x.view())?.sources;
//! let fast = (0..500).map(|r| sources[(r, 0)] * (1.1 * r as f64).cos()).sum::<f64>() / 500.0;
//! assert!((fast.abs() - 0.5_f64.sqrt()).abs() < 0.01); // the fast one, of unit variance
//! # Ok::<(), bss_baselines::Error>(())
//! ```
//!
//! Each is blind where its property is missing: SOBI to sources of equal spectra, the others to sources that are
//! Gaussian. None says so by itself, and none says how sure it is.
//!
//! Datasets of single-channel mixtures, (examples, features), are another shape with methods of their own: [`Nmf`], which
//! finds templates in mixtures and separates others with them, and [`ratio_masks`] and [`binary_masks`], which say what a
//! mask made of the truth would reach.
//!
//! Deliberately absent: files, the terminal, a choice among the methods, standard deviations.

mod course;
mod decorrelation;
mod demix;
mod demixing;
mod error;
mod fastica;
mod jade;
mod joint_diagonalisation;
mod masks;
mod nmf;
mod nonlinearity;
mod picard;
mod sobi;

pub use course::Course;
pub use demix::{Demix, Fitted, Rotation};
pub use demixing::Demixing;
pub use error::{Error, Result};
pub use fastica::FastIca;
pub use jade::Jade;
pub use joint_diagonalisation::joint_diagonaliser;
pub use masks::{binary_masks, masked, ratio_masks};
pub use nmf::{Divergence, EachNmf, FittedNmf, Nmf};
pub use nonlinearity::Nonlinearity;
pub use picard::Picard;
pub use sobi::Sobi;
