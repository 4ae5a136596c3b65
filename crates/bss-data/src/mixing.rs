//! Mixing sources into channels: linear, post-nonlinear, and through a small network.
//!
//! Row-wise, with s the sources and x the channels of one sample:
//!
//! ```text
//! linear           x = A s
//! post-nonlinear   xᵢ = 0.3 uᵢ + tanh(gᵢ uᵢ),   u = A s,   gᵢ uniform in 0.5 … 1.5
//! mlp              x = B tanh(A s)
//! ```
//!
//! The entries of A (channels, sources) and B (channels, channels) are standard normal. Ahead of a
//! tanh, the rows of A have unit norm, so that sources of unit variance reach its bend and do not
//! saturate it. All three can be undone where there are at least as many channels as sources: the
//! slopes of the post-nonlinear functions are at least 0.3, and A and B have condition numbers below
//! 20.

mod error;
mod matrix;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

pub use error::MixingError;
use matrix::{Rows, well_conditioned};

/// The random stream that mixing draws from: one that [`synth`](crate::synth) leaves alone, so that
/// sources and mixing of the same seed are independent.
const STREAM: u64 = 1 << 32;

/// How sources become channels; the equations are in the [module's documentation](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mixing {
    /// `linear`: x = A s.
    #[default]
    Linear,
    /// `post-nonlinear`: a monotone function of each channel of A s.
    PostNonlinear,
    /// `mlp`: x = B tanh(A s).
    Mlp,
}

impl Mixing {
    /// All kinds of mixing, in the order in which they are listed.
    pub const ALL: &[Mixing] = &[Mixing::Linear, Mixing::PostNonlinear, Mixing::Mlp];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mixing::Linear => "linear",
            Mixing::PostNonlinear => "post-nonlinear",
            Mixing::Mlp => "mlp",
        }
    }
}

impl fmt::Display for Mixing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Mixing {
    type Err = MixingError;

    fn from_str(name: &str) -> Result<Self, MixingError> {
        if let Some(&mixing) = Mixing::ALL.iter().find(|mixing| mixing.name() == name) {
            return Ok(mixing);
        }
        let names: Vec<&'static str> = Mixing::ALL.iter().map(|mixing| mixing.name()).collect();
        let lower = name.to_lowercase();
        let nearest = names.iter().min_by_key(|known| strsim::levenshtein(known, &lower));
        Err(MixingError::Unknown {
            name: name.to_owned(),
            nearest: nearest.expect("there is at least one kind of mixing"),
            known: names.join(", "),
        })
    }
}

/// A mixture and what made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixed {
    /// The channels, (samples, channels).
    pub mixture: Array2<f64>,
    /// The linear part A, (channels, sources): all of the mixing for [`Mixing::Linear`], what comes
    /// before the functions for [`Mixing::PostNonlinear`], and `None` for [`Mixing::Mlp`], which has
    /// none.
    pub mixing: Option<Array2<f64>>,
}

/// Mixes sources into channels, and adds noise where `noise_db` gives its level.
///
/// The noise is Gaussian and white, with a signal-to-noise ratio of `noise_db` dB in each channel:
/// its variance is the channel's times 10^(−D/10). It is drawn last: the same seed gives the same
/// mixing with and without it. Sources are taken as they are; those of unit variance
/// suit the non-linear kinds.
///
/// # Shapes
///
/// `sources` (samples, sources).
///
/// # Errors
///
/// No samples, sources or channels; NaN or infinite sources; a noise level that is not finite.
///
/// # Examples
///
/// ```
/// use bss_data::mixing::{Mixing, mix};
/// use bss_data::synth::{Family, synthesise};
///
/// let sources = synthesise(Family::ArGaussian, 500, 1);
/// let mixed = mix(sources.view(), 4, Mixing::Linear, Some(30.0), 1)?;
/// assert_eq!(mixed.mixture.dim(), (500, 4));
/// assert_eq!(mixed.mixing.map(|a| a.dim()), Some((4, 3)));
/// # Ok::<(), bss_data::mixing::MixingError>(())
/// ```
pub fn mix(
    sources: ArrayView2<f64>,
    channels: usize,
    mixing: Mixing,
    noise_db: Option<f64>,
    seed: u64,
) -> Result<Mixed, MixingError> {
    check(&sources, channels, noise_db)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let n_sources = sources.ncols();

    let mut mixed = match mixing {
        Mixing::Linear => {
            let a = well_conditioned(channels, n_sources, Rows::AsDrawn, &mut rng);
            Mixed { mixture: sources.dot(&a.t()), mixing: Some(a) }
        }
        Mixing::PostNonlinear => {
            let a = well_conditioned(channels, n_sources, Rows::UnitNorm, &mut rng);
            let slopes = Array1::from_shape_simple_fn(channels, || rng.random_range(0.5..1.5));
            let mut mixture = sources.dot(&a.t());
            for mut row in mixture.rows_mut() {
                row.zip_mut_with(&slopes, |u, &g| *u = 0.3 * *u + (g * *u).tanh());
            }
            Mixed { mixture, mixing: Some(a) }
        }
        Mixing::Mlp => {
            let a = well_conditioned(channels, n_sources, Rows::UnitNorm, &mut rng);
            let b = well_conditioned(channels, channels, Rows::AsDrawn, &mut rng);
            Mixed { mixture: sources.dot(&a.t()).mapv_into(f64::tanh).dot(&b.t()), mixing: None }
        }
    };
    if let Some(noise_db) = noise_db {
        add_noise(&mut mixed.mixture, noise_db, &mut rng);
    }
    Ok(mixed)
}

fn check(sources: &ArrayView2<f64>, channels: usize, noise_db: Option<f64>) -> Result<(), MixingError> {
    if sources.is_empty() {
        return Err(MixingError::Empty { shape: sources.dim().into() });
    }
    if channels == 0 {
        return Err(MixingError::NoChannels);
    }
    if let Some(noise_db) = noise_db.filter(|level| !level.is_finite()) {
        return Err(MixingError::NoiseLevel { noise_db });
    }
    let mut bad = sources.indexed_iter().filter(|(_, value)| !value.is_finite());
    match bad.next() {
        None => Ok(()),
        Some(((sample, source_idx), _)) => Err(MixingError::NonFinite { count: 1 + bad.count(), sample, source_idx }),
    }
}

fn add_noise(mixture: &mut Array2<f64>, noise_db: f64, rng: &mut ChaCha8Rng) {
    let relative = 10.0_f64.powf(-noise_db / 20.0);
    for mut channel in mixture.axis_iter_mut(Axis(1)) {
        let level = relative * channel.std(0.0);
        channel.mapv_inplace(|value| {
            let noise: f64 = StandardNormal.sample(rng);
            value + level * noise
        });
    }
}
