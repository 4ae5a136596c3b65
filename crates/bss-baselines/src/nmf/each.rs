//! Non-negative matrix factorisation of every mixture by itself.

use bss_models::SeparatesExamples;
use bss_nn::{Noise, Purpose};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::Nmf;
use crate::{Error, Result};

/// Factorises each mixture as a matrix (rows, columns) of its own: templates over its rows, activations over its columns.
///
/// For spectrograms (bins, frames) that is the usual way: nothing is learnt ahead. Which templates belong together is found
/// by a first factorisation with one template for each source, of which those of the second are variants; there, random
/// factors from 0.5 to 1.5 tell them apart.
///
/// # Examples
/// ```
/// use bss_baselines::{EachNmf, Nmf};
/// use bss_models::SeparatesExamples;
///
/// // A rising tone in bins 0 and 2 and a falling one in bin 1, over six frames.
/// let x: Vec<f32> = [1.0, 0.0, 0.5].iter().zip([0.0, 1.0, 0.0]).flat_map(|(rising, falling)| {
///     (0..6).map(move |t| (rising * t as f32 + falling * (5 - t) as f32) / 5.0)
/// }).collect();
/// let nmf = EachNmf::new(Nmf { templates: 1, iterations: 500, ..Nmf::default() }, 2, [3, 6])?;
/// let sources = nmf.separate(&x);
/// let tone = if sources[5] > sources[18 + 5] { &sources[..18] } else { &sources[18..] };
/// assert!((tone[5] - 1.0).abs() < 0.05 && tone[6] < 0.05 && (tone[12 + 5] - 0.5).abs() < 0.05);
/// # Ok::<(), bss_baselines::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EachNmf {
    nmf: Nmf,
    sources: usize,
    shape: [usize; 2],
}

impl EachNmf {
    /// For mixtures of so many rows and columns.
    ///
    /// # Errors
    /// No sources or templates, or more templates than there are rows or columns.
    pub fn new(nmf: Nmf, sources: usize, shape: [usize; 2]) -> Result<Self> {
        if sources == 0 {
            return Err(Error::NoSources);
        }
        let rank = sources.saturating_mul(nmf.templates);
        let [features, examples] = shape;
        if rank == 0 || rank > features.min(examples) {
            return Err(Error::Templates { templates: nmf.templates, sources, examples, features });
        }
        Ok(Self { nmf, sources, shape })
    }

    /// The sources (K, rows, columns) of one mixture.
    fn separate_one(&self, x: &[f32]) -> Vec<f32> {
        let [rows, columns] = self.shape;
        // Columns are the examples of a factorisation, and rows their features.
        let x = ArrayView2::from_shape((rows, columns), x).expect("x holds whole examples").reversed_axes();
        let x = x.as_standard_layout();
        let alone = self.nmf.factorised(x.view(), self.nmf.start((self.sources, rows))).0;
        let templates = match self.nmf.templates {
            1 => alone,
            count => self.nmf.factorised(x.view(), self.variants(&alone, count)).0,
        };
        let Nmf { divergence, mask, .. } = self.nmf;
        let parts = super::FittedNmf { templates, sources: self.sources, divergence, mask }.sources_of(x.view());
        parts.permuted_axes([1, 2, 0]).iter().copied().collect()
    }

    /// So many variants of each template, those of one after the other.
    fn variants(&self, templates: &Array2<f64>, count: usize) -> Array2<f64> {
        let columns = templates.ncols();
        let values = templates.nrows() * count * columns;
        let draws = Noise::new(self.nmf.seed).normal::<f64>(Purpose::Initial, 0, 1, values);
        let mut draws = draws.into_iter();
        let mut variants = Array2::zeros((templates.nrows() * count, columns));
        for (mut variant, r) in variants.axis_iter_mut(Axis(0)).zip(0..) {
            for (to, template) in variant.iter_mut().zip(templates.row(r / count)) {
                // The normal distribution's own function would do; a logistic one is near and simple.
                let factor = 0.5 + 1.0 / (1.0 + (-1.7 * draws.next().expect("one for each")).exp());
                *to = template * factor;
            }
        }
        variants
    }
}

impl SeparatesExamples for EachNmf {
    fn features(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    fn sources(&self) -> usize {
        self.sources
    }

    fn separate(&self, x: &[f32]) -> Vec<f32> {
        let mixtures: Vec<_> = x.par_chunks_exact(self.features()).map(|x| self.separate_one(x)).collect();
        mixtures.concat()
    }
}
