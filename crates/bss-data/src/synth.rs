//! Synthetic source families: what separation is tested and compared on.
//!
//! A family is three sources of one kind, each drawn from the seed: periods, phases, innovations.
//! Together they cover what tells sources apart - waveform, spectrum, shape of the innovations,
//! changing variance - one family for each, since a method that relies on one of them fails where
//! it is missing.
//!
//! Every source has a random stream of its own, ([`ChaCha8Rng`] of the seed, stream = source), so
//! that the same seed gives the same bits. Families can be joined where more than three sources are
//! wanted ([`synthesise_all`]): streams are counted over all of them.
//!
//! [`images()`] draws three textures the same way, for separation along a [`Traversal`](crate::Traversal).

mod autoregressive;
mod events;
mod garch;
mod images;
mod innovation;
mod waves;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub use images::{IMAGES, images};

/// The sources of every family.
const SOURCES: usize = 3;

/// One random stream per source.
type Streams = [ChaCha8Rng; SOURCES];

/// One signal per source, not yet standardised.
type Signals = [Vec<f64>; SOURCES];

/// A kind of synthetic sources; the equations are with each variant.
///
/// Periods P are in samples and are real numbers, uniform in the range given; phases φ are uniform
/// over a turn; innovations ε have zero mean and unit variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// `sine+square+ar`: sin(2πt/P + φ), P in 20.5 … 23.5; sign sin(2πt/P + φ), P in 31 … 41;
    /// s_t = 0.6 s_{t−1} + ε_t with Laplace ε.
    SineSquareAr,
    /// `sine+sawtooth+square`: the sine and the square wave of [`Family::SineSquareAr`] and
    /// 2 frac(t/P + φ/2π) − 1, P in 48 … 60.
    SineSawtoothSquare,
    /// `modulated`: (1 + 0.8 cos(2πt/M + ψ)) sin(2πt/P + φ), P in 12 … 13.5, M in 150 … 190;
    /// sin(2πt/P + φ + 4 sin(2πt/M + ψ)), P in 21 … 24, M in 230 … 270; and a chirp, whose period
    /// goes from 55 … 60 to 9 … 10 over the recording, linearly in frequency.
    Modulated,
    /// `ar-gaussian`: s_t = a s_{t−1} + ε_t with a = 0.95, 0.6, −0.3 and Gaussian ε, which only
    /// their spectra tell apart.
    ArGaussian,
    /// `ar-laplace`: the processes of [`Family::ArGaussian`] with Laplace ε.
    ArLaplace,
    /// `ar-equal`: s_t = 0.8 s_{t−1} + ε_t three times, with Laplace, uniform and Student-t₄ ε,
    /// which only the shapes of their innovations tell apart.
    ArEqual,
    /// `skewed`: s_t = a s_{t−1} + ε_t with a = 0.9, 0.5, −0.2 and ε = Exp(1) − 1.
    Skewed,
    /// `resonances`: s_t = 2ρ cos(2π/P) s_{t−1} − ρ² s_{t−2} + ε_t, ρ = 0.97, P in 9 … 11,
    /// 18 … 22, 40 … 48, Gaussian ε.
    Resonances,
    /// `iid`: Laplace, uniform and Student-t₄ noise without memory.
    Iid,
    /// `garch`: s_t = σ_t ε_t, σ²_t = (1 − α − β) + α s²_{t−1} + β σ²_{t−1}, Gaussian ε, (α, β) =
    /// (0.15, 0.8), (0.25, 0.65), (0.35, 0.4): white, and told apart by their changing variance.
    Garch,
    /// `impulsive`: Laplace impulses at random times (3, 2 and 1 in 100 samples) through
    /// s_t = 0.85 s_{t−1}, and through decaying sines: [`Family::Resonances`]' filter with ρ = 0.9,
    /// P in 11 … 14, and ρ = 0.97, P in 29 … 37.
    Impulsive,
    /// `bursts+trend`: Gaussian noise and sin(2πt/P + φ), P in 9 … 12, each switched on and off at
    /// random (40 samples on, 80 off in the mean, on at first); and a slow trend
    /// Σₖ cos(πkt/R + φₖ)/k over k = 1, 2, 3.
    BurstsTrend,
}

impl Family {
    /// All families, in the order in which they are listed.
    pub const ALL: &[Family] = &[
        Family::SineSquareAr,
        Family::SineSawtoothSquare,
        Family::Modulated,
        Family::ArGaussian,
        Family::ArLaplace,
        Family::ArEqual,
        Family::Skewed,
        Family::Resonances,
        Family::Iid,
        Family::Garch,
        Family::Impulsive,
        Family::BurstsTrend,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Family::SineSquareAr => "sine+square+ar",
            Family::SineSawtoothSquare => "sine+sawtooth+square",
            Family::Modulated => "modulated",
            Family::ArGaussian => "ar-gaussian",
            Family::ArLaplace => "ar-laplace",
            Family::ArEqual => "ar-equal",
            Family::Skewed => "skewed",
            Family::Resonances => "resonances",
            Family::Iid => "iid",
            Family::Garch => "garch",
            Family::Impulsive => "impulsive",
            Family::BurstsTrend => "bursts+trend",
        }
    }

    /// What the family is, in a line.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Family::SineSquareAr => "a sine, a square wave and an AR(1) process with Laplace innovations",
            Family::SineSawtoothSquare => "a sine, a sawtooth and a square wave of incommensurate periods",
            Family::Modulated => "an amplitude-modulated sine, a frequency-modulated sine and a chirp",
            Family::ArGaussian => "three AR(1) processes (0.95, 0.6, -0.3) with Gaussian innovations",
            Family::ArLaplace => "three AR(1) processes (0.95, 0.6, -0.3) with Laplace innovations",
            Family::ArEqual => "three AR(1) processes (0.8) with Laplace, uniform and Student-t innovations",
            Family::Skewed => "three AR(1) processes (0.9, 0.5, -0.2) with exponential innovations",
            Family::Resonances => "three AR(2) processes that resonate at different frequencies",
            Family::Iid => "Laplace, uniform and Student-t noise without memory",
            Family::Garch => "three white processes whose variance clusters, GARCH(1,1)",
            Family::Impulsive => "sparse impulses through a decay and two decaying sines",
            Family::BurstsTrend => "bursts of noise, bursts of a sine and a slow trend",
        }
    }

    /// The number of sources.
    #[must_use]
    pub fn n_sources(self) -> usize {
        SOURCES
    }

    fn signals(self, samples: usize, streams: &mut Streams) -> Signals {
        match self {
            Family::SineSquareAr => waves::sine_square_ar(samples, streams),
            Family::SineSawtoothSquare => waves::sine_sawtooth_square(samples, streams),
            Family::Modulated => waves::modulated(samples, streams),
            Family::ArGaussian => autoregressive::ar_gaussian(samples, streams),
            Family::ArLaplace => autoregressive::ar_laplace(samples, streams),
            Family::ArEqual => autoregressive::ar_equal(samples, streams),
            Family::Skewed => autoregressive::skewed(samples, streams),
            Family::Resonances => autoregressive::resonances(samples, streams),
            Family::Iid => autoregressive::iid(samples, streams),
            Family::Garch => garch::garch(samples, streams),
            Family::Impulsive => events::impulsive(samples, streams),
            Family::BurstsTrend => events::bursts_trend(samples, streams),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A family's name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown family `{name}`: the nearest is `{nearest}`; there are {known}")]
pub struct UnknownFamily {
    /// The name as given.
    pub name: String,
    /// The known name at the smallest edit distance.
    pub nearest: &'static str,
    /// All known names, separated by commas.
    pub known: String,
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        if let Some(&family) = Family::ALL.iter().find(|family| family.name() == name) {
            return Ok(family);
        }
        let names: Vec<&'static str> = Family::ALL.iter().map(|family| family.name()).collect();
        let lower = name.to_lowercase();
        let nearest = names.iter().min_by_key(|known| strsim::levenshtein(known, &lower));
        Err(UnknownFamily {
            name: name.to_owned(),
            nearest: nearest.expect("there is at least one family"),
            known: names.join(", "),
        })
    }
}

/// Draws the sources of a family.
///
/// Each is centred and brought to unit variance over the samples given. One that is constant over
/// them, as a square wave over a few samples can be, is all zeros.
///
/// # Shapes
///
/// Result (samples, sources).
///
/// # Examples
///
/// ```
/// use bss_data::synth::{Family, synthesise};
///
/// let sources = synthesise(Family::ArLaplace, 1000, 7);
/// assert_eq!(sources.dim(), (1000, 3));
/// assert!((sources.column(0).dot(&sources.column(0)) - 1000.0).abs() < 1e-9);
/// assert_eq!(sources, synthesise(Family::ArLaplace, 1000, 7));
/// ```
#[must_use]
pub fn synthesise(family: Family, samples: usize, seed: u64) -> Array2<f64> {
    synthesise_all(&[family], samples, seed)
}

/// Draws the sources of several families, one family after the other.
///
/// The first is what [`synthesise`] gives. The others draw from streams of their own: what two
/// families have in common (a sine, say) has another period and phase in each, and a family named
/// twice gives other sources the second time.
///
/// # Shapes
///
/// Result (samples, sources), the sources of all families together.
///
/// # Examples
///
/// ```
/// use bss_data::synth::{Family, synthesise, synthesise_all};
/// use ndarray::s;
///
/// let sources = synthesise_all(&[Family::ArLaplace, Family::Iid], 1000, 7);
/// assert_eq!(sources.dim(), (1000, 6));
/// assert_eq!(sources.slice(s![.., ..3]), synthesise(Family::ArLaplace, 1000, 7));
/// ```
#[must_use]
pub fn synthesise_all(families: &[Family], samples: usize, seed: u64) -> Array2<f64> {
    let mut sources = Array2::zeros((samples, families.len() * SOURCES));
    let mut columns = sources.axis_iter_mut(Axis(1));
    for (family_idx, family) in families.iter().enumerate() {
        let mut streams = streams(seed, family_idx);
        for (signal, mut column) in family.signals(samples, &mut streams).iter().zip(columns.by_ref()) {
            for (value, standardised) in column.iter_mut().zip(standardise(signal)) {
                *value = standardised;
            }
        }
    }
    sources
}

/// The streams of a family, the first having number 0.
fn streams(seed: u64, family_idx: usize) -> Streams {
    std::array::from_fn(|source_idx| {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream((family_idx * SOURCES + source_idx) as u64);
        stream
    })
}

/// The signal centred and brought to unit variance (divided by R, not R − 1), zeros if constant.
fn standardise(signal: &[f64]) -> impl Iterator<Item = f64> {
    let samples = signal.len() as f64;
    let mean = signal.iter().sum::<f64>() / samples;
    let variance = signal.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / samples;
    let scale = if variance > f64::MIN_POSITIVE { variance.sqrt().recip() } else { 0.0 };
    signal.iter().map(move |value| (value - mean) * scale)
}
