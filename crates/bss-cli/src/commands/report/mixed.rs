//! The mixtures of a dataset that a report shows.

use anyhow::{Context as _, Result, ensure};
use bss_models::Refinement;
use bss_nn::Noise;
use bss_train::Mixtures;
use ndarray::{ArrayD, IxDyn};

use crate::args::ReportArgs;
use crate::config::Config;
use crate::input::{Examples, Take, read_examples};
use crate::model::{self, ExampleSeparator};

/// How the sources of mixtures that are drawn are refined unless options say how: by steps, in rounds.
const REFINED: (usize, usize) = (50, 2);

/// Mixtures as a dataset stores them, values or spectra, and what they are made of where that is known, (examples, M,
/// features…), or of sound (examples, M, samples).
pub(super) struct Mixed {
    pub(super) stored: Vec<f32>,
    pub(super) truth: Option<ArrayD<f64>>,
    /// Samples per second of sound, where known.
    pub(super) sample_rate: Option<f64>,
}

impl Mixed {
    /// Mixtures that the run was fitted to, or where it mixed clean examples, such as it might have been; so many or fewer.
    ///
    /// # Errors
    /// What [`read_examples`] refuses, and examples of another shape.
    pub(super) fn of_run(config: &Config, shape: &[usize], take: Take, most: usize) -> Result<Self> {
        let mix = model::mixed(config);
        let examples = read_examples(&config.data.inputs, (mix == 1).then_some("mixture"), take)?;
        ensure!(
            examples.shape == shape && examples.count() >= mix,
            "{}: holds {}, expected {mix} or more of shape {shape:?}; the file has changed since the run was fitted",
            examples.label,
            examples.extent()
        );
        let (features, batch, noise) = (examples.features(), most.min(examples.count() / mix), Noise::new(config.seed));
        let Examples { values, sum, sample_rate, .. } = examples;
        let mixtures =
            Mixtures { examples: values.into(), features, mix, sum, distortion: None, pairs: false, batch, noise };
        Ok(Self { stored: mixtures.mixtures(0), truth: None, sample_rate })
    }
}

/// How sources are refined: for all mixtures where options ask for it, or else for those that are drawn.
pub(super) struct Refining {
    pub(super) refinement: Refinement,
    pub(super) all: bool,
}

impl Refining {
    pub(super) fn of(args: &ReportArgs, config: &Config) -> Self {
        let asked = config.separation().overruled(args.refine, args.rounds);
        let asked = asked.refinement(&config.learning);
        let drawn = || Refinement::new(REFINED.0, args.rounds.unwrap_or(REFINED.1), config.learning.beta);
        Self { refinement: asked.unwrap_or_else(drawn), all: asked.is_some() && args.reference.is_some() }
    }

    /// The refined sources of mixtures x as the model sees them, of all or the first `drawn` values; `None` where the model
    /// cannot.
    ///
    /// # Errors
    /// Where it cannot, but was asked to.
    pub(super) fn sources(
        &self,
        separator: &ExampleSeparator,
        config: &Config,
        x: &[f32],
        drawn: usize,
    ) -> Result<Option<Vec<f32>>> {
        let refined = separator.model.separate_refined(if self.all { x } else { &x[..drawn] }, self.refinement);
        let missing = || format!("--refine: {} has no encoder to go on from; leave --refine out", config.model);
        if self.all { refined.with_context(missing).map(Some) } else { Ok(refined) }
    }
}

/// Values as (examples, rows, features…).
pub(super) fn dataset(values: Vec<f64>, rows: usize, shape: &[usize]) -> Result<ArrayD<f64>> {
    let examples = values.len() / (rows * shape.iter().product::<usize>());
    Ok(ArrayD::from_shape_vec(IxDyn(&[&[examples, rows], shape].concat()), values)?)
}
