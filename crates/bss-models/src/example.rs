//! Models of datasets of one-channel examples, as a trainer and as a user see them.

use std::fmt;

use bss_nn::Noise;
use bss_nn::dense::{FlatParameters, Sink};

use crate::{NeriTerms, Refinement};

/// What a step takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Mixtures (mixtures, features); of [pairs](ExampleModel::learns_from_pairs), each as it is in the sum of its pair.
    pub x: Vec<f32>,
    /// The sums of pairs of mixtures, (mixtures / 2, features); none where the model does not learn from these.
    pub sums: Vec<f32>,
    /// Draws of N(0, 1) for the posterior, as many as [`ExampleModel::draws`] says.
    pub noise: Vec<f32>,
    /// The numbers of the examples in each mixture, (mixtures, M).
    pub examples: Vec<u32>,
}

/// A fitted model of a dataset: it separates mixtures one by one.
pub trait SeparatesExamples: fmt::Debug + Send + Sync {
    /// The values of an example.
    fn features(&self) -> usize;

    /// K, the number of sources assumed.
    fn sources(&self) -> usize;

    /// The sources of mixtures `x` (mixtures, features): (mixtures, K, features).
    fn separate(&self, x: &[f32]) -> Vec<f32>;

    /// The same after descending from there for each mixture by itself; `None` of models that cannot.
    fn separate_refined(&self, _x: &[f32], _refinement: Refinement) -> Option<Vec<f32>> {
        None
    }

    /// The standard deviations of the sources over so many draws from the posterior, (mixtures, K, features); `None` of
    /// models that give one estimate.
    fn spread(&self, _x: &[f32], _draws: usize, _noise: Noise) -> Option<Vec<f32>> {
        None
    }

    /// The divergence of each latent source from its prior in nats, (mixtures, K); `None` of models that have no posterior.
    fn divergences(&self, _x: &[f32]) -> Option<Vec<f64>> {
        None
    }

    /// Whether there is a posterior to draw from.
    fn has_posterior(&self) -> bool {
        false
    }

    /// A copy with so many sources to train on, of which those that are added are silent at first or soon; `None` of models
    /// that cannot have that many.
    fn to_train(&self, _sources: usize) -> Option<Box<dyn ExampleModel>> {
        None
    }
}

/// A model that is trained on batches of mixtures.
pub trait ExampleModel: SeparatesExamples {
    /// A copy.
    fn duplicate(&self) -> Box<dyn ExampleModel>;

    /// What is trained.
    fn parameters(&self) -> &FlatParameters<f32>;

    /// What is trained, to be changed.
    fn parameters_mut(&mut self) -> &mut FlatParameters<f32>;

    /// What training leaves beside the parameters: running moments.
    fn statistics(&self) -> &FlatParameters<f32>;

    /// The same, to be changed.
    fn statistics_mut(&mut self) -> &mut FlatParameters<f32>;

    /// Whether a step takes the sums of the mixtures two by two.
    fn learns_from_pairs(&self) -> bool {
        false
    }

    /// How many draws of N(0, 1) a step takes for so many mixtures.
    fn draws(&self, mixtures: usize) -> usize;

    /// One evaluation on a batch and the way back of `reconstruction + β divergence`; where that is not finite, no
    /// parameter moves.
    fn step(&mut self, batch: &Batch, beta: f64, sink: &mut dyn Sink<f32>) -> NeriTerms;
}
