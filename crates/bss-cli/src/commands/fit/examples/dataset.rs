//! What a model of a dataset is fitted to.

use anyhow::Result;
use bss_nn::Noise;
use bss_train::Mixtures;

use crate::args::FitArgs;
use crate::commands::fit::settings::fingerprint;
use crate::config::Config;
use crate::input::{Examples, read_examples};
use crate::model;
use crate::warnings::{Warning, Warnings};

/// A dataset, ready to be mixed.
pub(super) struct Dataset {
    pub(super) mixtures: Mixtures,
    /// The features of an example, by axis.
    pub(super) shape: Vec<usize>,
    /// Whether 8-bit values were divided by 255.
    pub(super) were_bytes: bool,
    /// The files it came from, for messages.
    pub(super) label: String,
    /// Tells whether a run is resumed on the data it was started on.
    pub(super) fingerprint: String,
}

impl Dataset {
    /// Reads the inputs; `batch` says how many mixtures to take at once, or why there are too few examples for it.
    ///
    /// # Errors
    /// As [`read_examples`], and as `batch`.
    pub(super) fn read(
        args: &FitArgs,
        config: &Config,
        warnings: &mut Warnings,
        batch: impl FnOnce(&Examples) -> Result<usize>,
    ) -> Result<Self> {
        // What `bss mix` wrote holds mixtures and what they were made of.
        let examples = read_examples(&args.inputs, (model::mixed(config) == 1).then_some("mixture"))?;
        if examples.shape.len() == 1 && examples.shape[0] > examples.count() {
            let (label, count, features) = (examples.label.clone(), examples.count(), examples.shape[0]);
            warnings.push(Warning::MoreFeaturesThanExamples { label, examples: count, features });
        }
        let batch = batch(&examples)?;
        let bits = examples.values.iter().map(|value| u64::from(value.to_bits()));
        let fingerprint = fingerprint(&[&[examples.count()], &examples.shape[..]].concat(), bits);
        let Examples { values, shape, label, were_bytes } = examples;
        let features = shape.iter().product();
        let (mix, noise) = (config.data.mix, Noise::new(config.seed));
        let mixtures = Mixtures { examples: values.into(), features, mix, batch, noise };
        Ok(Self { mixtures, shape, were_bytes, label, fingerprint })
    }

    /// How many examples there are.
    pub(super) fn count(&self) -> usize {
        self.mixtures.examples.len() / self.mixtures.features
    }
}
