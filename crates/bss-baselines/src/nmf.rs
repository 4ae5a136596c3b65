//! Non-negative matrix factorisation (Lee and Seung 2001, NeurIPS 13), of many single-channel mixtures at once.

mod divergence;
mod each;
#[cfg(test)]
mod tests;

use bss_models::SeparatesExamples;
use bss_nn::{Noise, Purpose};
use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::masks::shares;
use crate::{Course, Error, Result};

pub use divergence::Divergence;
pub use each::EachNmf;

/// Mixtures that are updated together. It is fixed, so that sums run in the same order whatever the threads do.
const BLOCK: usize = 128;

/// Updates of the activations of a mixture that is separated: convex, since the templates stay, and settled by then.
const ACTIVATION_UPDATES: usize = 100;

/// Non-negative templates of which every mixture is a non-negative combination,
///
/// ```text
/// x_i ≈ Σ_r h_ir w_r,   h, w ≥ 0
/// ```
///
/// found by multiplicative updates, the activations h first and then the templates w, which never raise the
/// [`Divergence`]. Source k is the part of `templates` consecutive ones. The method does not know which templates
/// belong together: nothing in it ties those of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nmf {
    /// Templates of each source.
    pub templates: usize,
    /// What is made small.
    pub divergence: Divergence,
    /// Whether the sources are masked: x ∘ part ⊘ sum of the parts, so that they add up to the mixture.
    pub mask: bool,
    /// Templates that move by this fraction of their norm in an iteration have converged.
    pub tolerance: f64,
    /// The most iterations.
    pub iterations: usize,
    /// Of the start: magnitudes of normal draws.
    pub seed: u64,
}

impl Default for Nmf {
    fn default() -> Self {
        let divergence = Divergence::Frobenius;
        Self { templates: 8, divergence, mask: false, tolerance: 1e-4, iterations: 200, seed: 0 }
    }
}

impl Nmf {
    /// Finds the templates of mixtures of `sources` sources; also gives how the iterations went.
    ///
    /// # Shapes
    /// x (examples, features).
    ///
    /// # Errors
    /// No sources or templates, more templates than there are examples or features, values that are negative or not
    /// finite.
    ///
    /// # Examples
    /// ```
    /// use bss_baselines::Nmf;
    /// use ndarray::Array2;
    ///
    /// // A box on the left and one on the right, each of any height.
    /// let x = Array2::from_shape_fn((40, 6), |(i, f)| ((if f < 3 { 3 * i % 7 } else { 5 * i % 11 }) as f32) / 11.0);
    /// let (fitted, _) = Nmf { templates: 1, mask: true, ..Nmf::default() }.fit(x.view(), 2)?;
    /// let sources = fitted.separate(x.view())?;
    /// assert_eq!(sources.dim(), (40, 2, 6));
    /// assert!((&sources.sum_axis(ndarray::Axis(1)) - &x).iter().all(|gap| gap.abs() < 1e-6));
    /// # Ok::<(), bss_baselines::Error>(())
    /// ```
    pub fn fit(&self, x: ArrayView2<f32>, sources: usize) -> Result<(FittedNmf, Course)> {
        if sources == 0 {
            return Err(Error::NoSources);
        }
        let (rank, most) = (sources.saturating_mul(self.templates), x.nrows().min(x.ncols()));
        if rank == 0 || rank > most {
            let (examples, features) = x.dim();
            return Err(Error::Templates { templates: self.templates, sources, examples, features });
        }
        check(x)?;
        let (templates, course) = self.factorised(x, self.start((rank, x.ncols())));
        Ok((FittedNmf { templates, sources, divergence: self.divergence, mask: self.mask }, course))
    }

    /// Magnitudes of normal draws.
    fn start(&self, shape: (usize, usize)) -> Array2<f64> {
        let draws = Noise::new(self.seed).normal::<f64>(Purpose::Initial, 0, 0, shape.0 * shape.1);
        Array2::from_shape_vec(shape, draws).expect("as many draws as entries").mapv_into(f64::abs)
    }

    /// The templates from a start of their own, and how the iterations went; activations start at 1.
    fn factorised(&self, x: ArrayView2<f32>, mut templates: Array2<f64>) -> (Array2<f64>, Course) {
        let blocks: Vec<_> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
        let mut activations: Vec<_> = blocks.iter().map(|x| Array2::ones((x.nrows(), templates.nrows()))).collect();
        let course = Course::run(self.iterations, self.tolerance, |_| {
            let update = |(x, h): (&ArrayView2<f32>, &mut Array2<f64>)| {
                let x = x.mapv(f64::from);
                self.divergence.update_activations(&x, h, &templates);
                self.divergence.totals(&x, h, &templates)
            };
            let totals: Vec<_> = blocks.par_iter().zip(activations.par_iter_mut()).map(update).collect();
            let totals = totals.into_iter().reduce(|a, b| a + b).expect("there is a block");
            let before = templates.clone();
            self.divergence.update_templates(&totals, &mut templates);
            norm(&(&templates - &before)) / norm(&before).max(f64::MIN_POSITIVE)
        });
        (templates, course)
    }
}

/// Templates that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedNmf {
    /// (sources · templates of each, features), those of a source one after the other.
    pub templates: Array2<f64>,
    /// The number of sources.
    pub sources: usize,
    /// By which activations are found.
    pub divergence: Divergence,
    /// Whether the sources are masked.
    pub mask: bool,
}

impl FittedNmf {
    /// The sources of mixtures, in the mixtures' scale: they add up to what the templates can make of the mixture, or,
    /// masked, to the mixture. Every mixture is separated by itself.
    ///
    /// # Shapes
    /// x (examples, features); result (examples, sources, features).
    ///
    /// # Errors
    /// Other features than those of the templates, values that are negative or not finite.
    pub fn separate(&self, x: ArrayView2<f32>) -> Result<Array3<f32>> {
        let features = self.templates.ncols();
        if x.ncols() != features {
            return Err(Error::Features { found: x.ncols(), expected: features });
        }
        check(x)?;
        Ok(self.sources_of(x))
    }

    /// The same of mixtures that are known to be sound.
    fn sources_of(&self, x: ArrayView2<f32>) -> Array3<f32> {
        let blocks: Vec<_> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
        let parts: Vec<_> = blocks.par_iter().map(|x| self.parts(&x.mapv(f64::from))).collect();
        let mut sources = Array3::zeros((x.nrows(), self.sources, x.ncols()));
        for (mut chunk, parts) in sources.axis_chunks_iter_mut(Axis(0), BLOCK).zip(parts) {
            chunk.assign(&parts);
        }
        if self.mask { shares(sources.view(), 1.0) * x.insert_axis(Axis(1)) } else { sources }
    }

    /// What the templates of each source add to some mixtures.
    fn parts(&self, x: &Array2<f64>) -> Array3<f32> {
        let mut h = Array2::ones((x.nrows(), self.templates.nrows()));
        for _ in 0..ACTIVATION_UPDATES {
            self.divergence.update_activations(x, &mut h, &self.templates);
        }
        let mut parts = Array3::zeros((x.nrows(), self.sources, x.ncols()));
        let each = self.templates.nrows() / self.sources;
        for source in 0..self.sources {
            let own = source * each..(source + 1) * each;
            let part = h.slice(s![.., own.clone()]).dot(&self.templates.slice(s![own, ..]));
            parts.index_axis_mut(Axis(1), source).assign(&part.mapv(|value| value as f32));
        }
        parts
    }
}

/// Of mixtures without negative values, as those of images are.
impl SeparatesExamples for FittedNmf {
    fn features(&self) -> usize {
        self.templates.ncols()
    }

    fn sources(&self) -> usize {
        self.sources
    }

    fn separate(&self, x: &[f32]) -> Vec<f32> {
        let dim = (x.len() / self.templates.ncols(), self.templates.ncols());
        let x = ArrayView2::from_shape(dim, x).expect("x holds whole examples");
        self.sources_of(x).into_iter().collect()
    }
}

/// Refuses values that no combination of templates can be.
fn check(x: ArrayView2<f32>) -> Result<()> {
    match x.indexed_iter().find(|(_, value)| !(value.is_finite() && **value >= 0.0)) {
        Some(((example, feature), &value)) => Err(Error::Negative { example, feature, value }),
        None => Ok(()),
    }
}

fn norm(values: &Array2<f64>) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}
