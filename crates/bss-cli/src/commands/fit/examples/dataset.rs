//! What a model of a dataset is fitted to.

use anyhow::{Result, bail, ensure};
use bss_nn::Noise;
use bss_train::{Distortion, Mixtures};

use crate::args::FitArgs;
use crate::commands::fit::settings::fingerprint;
use crate::config::{self, Config};
use crate::front_end::FrontEnd;
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
    /// Samples per second of sound.
    pub(super) sample_rate: Option<f64>,
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
        let front_end = FrontEnd::of(config)?;
        let default_key = (model::mixed(config) == 1).then_some("mixture");
        let examples = read_examples(&args.inputs, default_key, front_end.as_ref().into())?;
        if examples.shape.len() == 1 && examples.shape[0] > examples.count() {
            let (label, count, features) = (examples.label.clone(), examples.count(), examples.shape[0]);
            warnings.push(Warning::MoreFeaturesThanExamples { label, examples: count, features });
        }
        examples.tell_silent(warnings);
        let batch = batch(&examples)?;
        let bits = examples.values.iter().map(|value| u64::from(value.to_bits()));
        let fingerprint = fingerprint(&[&[examples.count()], &examples.shape[..]].concat(), bits);
        let Examples { values, sum, shape, label, were_bytes, sample_rate, .. } = examples;
        let features = shape.iter().product();
        let distortion = distortion(config, &shape, &label)?;
        let (mix, noise) = (config.data.mix, Noise::new(config.seed));
        let mixtures = Mixtures { examples: values.into(), features, mix, sum, distortion, pairs: false, batch, noise };
        Ok(Self { mixtures, shape, were_bytes, sample_rate, label, fingerprint })
    }
}

/// What the settings ask for, of images.
fn distortion(config: &Config, shape: &[usize], label: &str) -> Result<Option<Distortion>> {
    let size = config.learning.distortion;
    if size == 0.0 {
        return Ok(None);
    }
    ensure!(
        config.front_end.kind == config::FrontEnd::None,
        "learning.distortion = {size} moves the pixels of images, and this is sound; set it to 0"
    );
    let [height, width] = *shape else {
        bail!(
            "learning.distortion = {size} moves the pixels of images (examples, height, width), and {label} holds \
             examples of shape {shape:?}; set it to 0"
        );
    };
    ensure!(
        size < height.min(width) as f64,
        "learning.distortion = {size} moves pixels out of images of {height} by {width}; try 0.6"
    );
    Ok(Some(Distortion::new(size, [height, width])))
}
