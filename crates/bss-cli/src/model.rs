//! Models between the settings and the disk: what [`crate::config`] asks for, fitted, saved and loaded.
//!
//! A [`Kind`] is all that the commands know of a model, and each has one place: [`ar_flow`], [`examples`] for the networks of
//! datasets and [`nmf`] beside them, or [`baseline`] for the classical methods. A new kind is a file beside these and a line in [`kind`].

pub(crate) mod ar_flow;
mod baseline;
mod convention;
mod examples;
mod file;
mod nmf;
mod tensors;

use std::collections::BTreeMap;

use anyhow::Result;
use bss_models::{Convention, SeparatesExamples, Separator, Whitening};
use candle_core::{Device, Tensor};
use ndarray::ArrayView2;

use crate::config::{Config, Model};

pub(crate) use examples::{EXAMPLE_SOURCES, ExampleSeparator, Network, Size, mixed, network_tensors};
pub(crate) use file::{Fitted, save, save_examples};

/// What the commands need to know of a model.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The sections of the settings that it takes, beside those that all models take.
    pub(crate) sections: &'static [&'static str],
    /// What `--preset` takes: names, and settings as TOML.
    pub(crate) presets: &'static [(&'static str, &'static str)],
    /// The key that `--iterations` sets, if it has one.
    pub(crate) iterations: Option<&'static str>,
    /// The key that `--epochs` sets, if it has one.
    pub(crate) epochs: Option<&'static str>,
    /// The key that `--restarts` sets, if it has one.
    pub(crate) restarts: Option<&'static str>,
    /// How it is fitted.
    pub(crate) fitting: Fitting,
    /// Puts a fitted model together again from its tensors, of which it takes out its own.
    pub(crate) load: Load,
    /// What sets a run apart from others of the kind, for the report: name and value.
    pub(crate) facts: fn(&Config) -> Vec<(&'static str, String)>,
}

impl Kind {
    /// Whether it is fitted to datasets of one-channel examples, and not to recordings.
    pub(crate) fn is_of_datasets(&self) -> bool {
        matches!(self.fitting, Fitting::Examples(_) | Fitting::DirectExamples(_))
    }
}

/// From the settings and the tensors to a model on the device.
pub(crate) type Load = fn(&Config, &mut Tensors, &Device) -> Result<Separates>;

/// A fitted model, by what it takes apart.
pub(crate) enum Separates {
    /// Recordings (samples, channels).
    Recordings(Box<dyn FittedModel>),
    /// Datasets (examples, features…).
    Examples(Box<ExampleSeparator>),
}

/// Tensors by name.
pub(crate) type Tensors = BTreeMap<String, Tensor>;

/// How a kind is fitted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fitting {
    /// Step by step, with restarts, checkpoints and a log.
    Trained,
    /// By one call for a recording (samples, channels), on the processor.
    Direct(fn(&Config, ArrayView2<f64>) -> Result<Direct>),
    /// To a dataset, step by step on batches, on the processor.
    Examples(Network),
    /// By one call for mixtures (mixtures, features) of examples of a shape, on the processor.
    DirectExamples(FitExamples),
}

/// From the settings, mixtures and the shape of an example to what the fit comes to.
pub(crate) type FitExamples = fn(&Config, ArrayView2<f32>, &[usize]) -> Result<DirectExamples>;

/// What a direct fit to a dataset comes to.
pub(crate) struct DirectExamples {
    /// The fitted model.
    pub(crate) model: Box<dyn SeparatesExamples>,
    /// All that is needed to put it together again, besides the settings.
    pub(crate) tensors: Tensors,
    /// What each iteration changed.
    pub(crate) changes: Vec<f64>,
    /// What to do where the iterations did not come to an end.
    pub(crate) unfinished: Option<String>,
}

/// What a direct fit comes to.
pub(crate) struct Direct {
    /// The fitted model.
    pub(crate) model: Box<dyn FittedModel>,
    /// What each iteration changed.
    pub(crate) changes: Vec<f64>,
    /// What to do where the iterations did not come to an end.
    pub(crate) unfinished: Option<String>,
}

/// A model that separates recordings, and can be saved.
pub(crate) trait FittedModel: Separator {
    /// Order, sign and scale of its sources.
    fn convention(&self) -> &Convention;

    /// The ratio of signal to noise in each channel, in dB, that its standard deviations assume; `None` if they know none.
    fn noise_db(&self) -> Option<f64> {
        None
    }

    /// Makes the standard deviations assume another ratio; whether it could.
    fn assume_noise_db(&mut self, _noise_db: f64) -> bool {
        false
    }

    /// What stands before the encoder, whose course the log tells; `None` for methods without one.
    fn whitening(&self) -> Option<&Whitening>;

    /// Whether it says how sure it is of its sources; where not, the standard deviations of its estimates are zero.
    fn gives_std(&self) -> bool;

    /// All that is needed to put it together again, besides the settings and the convention.
    ///
    /// # Errors
    /// As candle's.
    fn tensors(&self) -> Result<Tensors>;
}

/// The kind of a model.
pub(crate) fn kind(model: Model) -> &'static Kind {
    match model {
        Model::ArFlow => &ar_flow::KIND,
        Model::FastIca => &baseline::FASTICA,
        Model::Picard => &baseline::PICARD,
        Model::Sobi => &baseline::SOBI,
        Model::Jade => &baseline::JADE,
        Model::Neri => &examples::NERI,
        Model::Ae => &examples::AE,
        Model::MixIt => &examples::MIXIT,
        Model::Glo => &examples::GLO,
        Model::Nmf => &nmf::KIND,
    }
}
