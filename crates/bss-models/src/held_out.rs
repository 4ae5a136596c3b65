//! How well a fitted model foresees samples that it was not fitted to: what compares numbers of sources.
//!
//! Models of different n see different components of a recording, so their bounds do not compare as they are. In the
//! recording's own coordinates they do:
//!
//! ```text
//! log p(x) = log p_n(z) + log|det W| + log N(r; 0, σ² I)
//! ```
//!
//! with z = (x - mean) W the whitened components that the model sees, |det W| the volume that whitening gives to them,
//! and r what it leaves out: white Gaussian noise, the same in every direction, of the variance that it was found to
//! have (probabilistic principal components, Tipping and Bishop 1999). Noise is the same in every direction in one unit
//! only; [`noise_units`](crate::noise_units()) chooses it. The bound on log p_n(z) is that of equation 31, so observation
//! noise of the model's is part of it.

use bss_nn::{Noise, Purpose};
use candle_core::{DType, Device, Tensor};
use nalgebra::DMatrix;
use ndarray::{Array2, ArrayView2, s};

use crate::noise_units::{eigenvalues, noise_units};
use crate::{ArFlowVae, Error, GaussianLikelihood, Result, Whitening};

/// Draws from the posterior that the bound is averaged over.
const DRAWS: u64 = 4;

/// A recording in two parts: models are fitted to the first and scored on the second.
#[derive(Clone, Debug)]
pub struct HeldOut {
    /// In the units in which noise is taken to be the same for all channels.
    x: Array2<f64>,
    /// Between two successive bounds, of which the first is the end of the fitted part, lies a block.
    bounds: Vec<usize>,
    rank: usize,
    scree: Vec<f64>,
    /// What a log-density in those units lacks to one in the recording's own.
    log_volume: f64,
}

impl HeldOut {
    /// Parts a recording after `fitted` samples, and the rest into `blocks` of about the same length.
    ///
    /// # Shapes
    /// (samples, channels).
    ///
    /// # Errors
    /// [`Error::Empty`] if a block would have no samples or nothing is left to fit to; [`Error::Rank`] if the channels
    /// of the fitted part are all constant.
    pub fn new(x: ArrayView2<f64>, fitted: usize, blocks: usize) -> Result<Self> {
        let samples = x.nrows();
        if fitted == 0 || blocks == 0 || fitted + blocks > samples {
            return Err(Error::Empty);
        }
        let whitening = Whitening::of_span(x.slice(s![..fitted, ..]))?;
        let (rank, own) = (whitening.inverse.nrows(), log_volume(&whitening));
        let x = &x / &noise_units(x.slice(s![..fitted, ..]), rank);
        let in_units = log_volume(&Whitening::fit(x.slice(s![..fitted, ..]), rank)?);
        let eigenvalues = eigenvalues(x.slice(s![..fitted, ..]));
        let total: f64 = eigenvalues.iter().sum();
        Ok(Self {
            bounds: (0..=blocks).map(|i| fitted + i * (samples - fitted) / blocks).collect(),
            rank,
            scree: eigenvalues[..rank].iter().map(|value| value / total).collect(),
            log_volume: own - in_units,
            x,
        })
    }

    /// What models are to be fitted to, (samples, channels): the first part, in the units of the scores.
    #[must_use]
    pub fn fitted(&self) -> ArrayView2<'_, f64> {
        self.x.slice(s![..self.bounds[0], ..])
    }

    /// The number of samples that models are scored on.
    #[must_use]
    pub fn held_out_samples(&self) -> usize {
        self.x.nrows() - self.bounds[0]
    }

    /// The dimensions that the channels of the fitted part span: no model can see more.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The share of the fitted part's variance in each of its principal components, the largest first.
    #[must_use]
    pub fn scree(&self) -> &[f64] {
        &self.scree
    }

    /// What each block adds to the bound on the log-density of all samples until its end, for each of its samples, in
    /// nats, in the recording's own coordinates.
    ///
    /// So the prior's state comes from the samples before, the first part's included, or those that have no past would
    /// count against every source that has a memory.
    ///
    /// # Errors
    /// If the model does not fit the recording.
    pub fn score(
        &self,
        model: &ArFlowVae,
        whitening: &Whitening,
        likelihood: GaussianLikelihood,
        noise: Noise,
    ) -> Result<Score> {
        let z = whitening.apply(self.x.view())?;
        let residual = &self.x - &whitening.mean - z.dot(&whitening.inverse);
        let squares: Vec<f64> = residual.rows().into_iter().map(|r| r.dot(&r)).collect();
        let left_out = self.rank.saturating_sub(z.ncols()) as f64;
        let variance = squares[..self.bounds[0]].iter().sum::<f64>() / (self.bounds[0] as f64 * left_out);
        let constant = log_volume(whitening) + self.log_volume;
        let outside = |square: f64| match left_out {
            0.0 => 0.0,
            _ => -0.5 * (square / variance + left_out * (std::f64::consts::TAU * variance).ln()),
        };
        let bound = self.cumulative_bound(model, &z, likelihood, noise)?;
        let block = |(ends, bounds): (&[usize], &[f64])| {
            let length = (ends[1] - ends[0]) as f64;
            let outside: f64 = squares[ends[0]..ends[1]].iter().map(|&square| outside(square)).sum();
            (bounds[1] - bounds[0] + outside) / length + constant
        };
        Ok(Score { blocks: self.bounds.windows(2).zip(bound.windows(2)).map(block).collect() })
    }

    /// The bound on the log-density of all samples before each of the bounds.
    fn cumulative_bound(
        &self,
        model: &ArFlowVae,
        z: &Array2<f64>,
        likelihood: GaussianLikelihood,
        noise: Noise,
    ) -> Result<Vec<f64>> {
        let parameters = model.parameters();
        let samples = z.nrows();
        let on_device = |t: Tensor| t.to_dtype(parameters.dtype())?.to_device(parameters.device());
        let values: Vec<f64> = z.iter().copied().collect();
        let z = on_device(Tensor::from_vec(values, (1, samples, z.ncols()), &Device::Cpu)?)?;
        let sources = model.encoder_mean(&z)?.dim(2)?;
        let mut bound = vec![0.0; self.bounds.len()];
        for draw in 0..DRAWS {
            let eps = noise.bulk_normal(Purpose::Reparameterise, 1, draw, samples * sources);
            let eps = on_device(Tensor::from_vec(eps, (1, samples, sources), &Device::Cpu)?)?;
            for (sum, &end) in bound.iter_mut().zip(&self.bounds) {
                let until = |t: &Tensor| t.narrow(1, 0, end)?.contiguous();
                let elbo = model.terms(&until(&z)?, &until(&eps)?)?.elbo(likelihood)?;
                *sum += elbo.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1::<f64>()?[0] / DRAWS as f64;
            }
        }
        Ok(bound)
    }
}

/// log|det W| of a whitening on the subspace that it keeps.
fn log_volume(whitening: &Whitening) -> f64 {
    let (channels, components) = whitening.matrix.dim();
    let matrix = DMatrix::from_fn(channels, components, |c, k| whitening.matrix[(c, k)]);
    matrix.singular_values().iter().map(|value| value.ln()).sum()
}

/// A model's score on held-out samples, in nats for each sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Of each block.
    pub blocks: Vec<f64>,
}

impl Score {
    /// The mean over the blocks.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.blocks.iter().sum::<f64>() / self.blocks.len() as f64
    }

    /// Its standard error, from how blocks differ: samples within a block depend on each other.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let (mean, count) = (self.mean(), self.blocks.len() as f64);
        let squares: f64 = self.blocks.iter().map(|value| (value - mean) * (value - mean)).sum();
        (squares / (count - 1.0) / count).sqrt()
    }

    /// By how much it falls short of another on the same blocks: what makes a block hard for both drops out of the
    /// standard error of that.
    #[must_use]
    pub fn behind(&self, other: &Self) -> Self {
        Self { blocks: other.blocks.iter().zip(&self.blocks).map(|(other, own)| other - own).collect() }
    }
}

/// The first of the scores, in order of rising complexity, that falls short of the best by no more than one standard
/// error of the difference; `None` if none is finite.
///
/// ```
/// use bss_models::{Score, simplest_of_the_best};
///
/// let score = |blocks: [f64; 3]| Score { blocks: blocks.to_vec() };
/// let scores = [score([0.0, 0.5, 0.1]), score([2.0, 1.8, 2.2]), score([2.1, 1.7, 2.3])];
/// assert_eq!(simplest_of_the_best(&scores), Some(1));
/// ```
#[must_use]
pub fn simplest_of_the_best(scores: &[Score]) -> Option<usize> {
    let finite = || scores.iter().enumerate().filter(|(_, score)| score.mean().is_finite());
    let (_, best) = finite().max_by(|a, b| a.1.mean().total_cmp(&b.1.mean()))?;
    let is_near = |score: &Score| {
        let behind = score.behind(best);
        // Of a single block there is none.
        behind.mean() <= behind.standard_error().max(0.0)
    };
    finite().find(|(_, score)| is_near(score)).map(|(index, _)| index)
}
