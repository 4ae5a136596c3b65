//! Every key of the settings: where its value is, what it takes, and what it is for.

use toml::Value;

use super::Config;
use super::rule::Rule::{self, Any, AtLeast, Between, Inside, NotNegative, Positive, Share};
use super::setting::Setting;

/// A key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// The section and the name in it, with a dot between; the name alone ahead of all sections.
    pub(crate) path: &'static str,
    /// What the setting is for; a comment in `config.toml`.
    pub(crate) about: &'static str,
    rule: Rule,
    field: fn(&mut Config) -> &mut dyn Setting,
}

const fn key(path: &'static str, rule: Rule, about: &'static str, field: fn(&mut Config) -> &mut dyn Setting) -> Key {
    Key { path, about, rule, field }
}

/// All keys, in the order in which they are written.
#[rustfmt::skip] // one key, one line
pub(crate) const KEYS: &[Key] = &[
    key("model", Any, "see `bss models`", |c| &mut c.model),
    key("seed", AtLeast(0), "of all that is random", |c| &mut c.seed),
    key("sources", Between(1, 65_536), "number of sources; that of the channels if absent, of datasets 2", |c| &mut c.sources),
    key("data.inputs", Any, "files, joined along samples or examples; images and mono sound, along channels", |c| &mut c.data.inputs),
    key("data.columns", Any, "columns to take as channels, from 0; all if absent", |c| &mut c.data.columns),
    key("data.channels_first", Any, "whether the files hold (channels, samples)", |c| &mut c.data.channels_first),
    key("data.sample_rate", Positive, "in Hz; the file's if absent; of sound as a dataset, the rate to resample to", |c| &mut c.data.sample_rate),
    key("data.on_nan", Any, "drop | interpolate; NaN is an error if absent", |c| &mut c.data.on_nan),
    key("data.traversal", Any, "raster | serpentine | hilbert: the files hold images", |c| &mut c.data.traversal),
    key("data.mix", Between(1, 1024), "M: examples in a mixture; 1: the files hold mixtures", |c| &mut c.data.mix),
    key("whitening.kind", Any, "pca | none (centred only)", |c| &mut c.whitening.kind),
    key("encoder.kind", Any, "linear | post-nonlinear | two-layer | mlp", |c| &mut c.encoder.kind),
    key("encoder.widths", Between(1, 65_536), "of an mlp's hidden layers", |c| &mut c.encoder.widths),
    key("encoder.activation", Any, "tanh | relu | leaky-relu | silu", |c| &mut c.encoder.activation),
    key("decoder.kind", Any, "auto (tied if the encoder is square and no mlp) | tied | linear | mlp", |c| &mut c.decoder.kind),
    key("decoder.widths", Between(1, 65_536), "of an mlp's hidden layers", |c| &mut c.decoder.widths),
    key("decoder.activation", Any, "tanh | relu | leaky-relu | silu", |c| &mut c.decoder.activation),
    key("prior.kind", Any, "gaussian | ar | ar-flow", |c| &mut c.prior.kind),
    key("prior.base", Any, "gaussian | mixture: the innovations' density", |c| &mut c.prior.base),
    key("prior.components", AtLeast(1), "of a mixture base", |c| &mut c.prior.components),
    key("prior.order", Between(1, 1024), "lags of the autoregression", |c| &mut c.prior.order),
    key("prior.hidden", Between(0, 1024), "width of the flow's hidden state", |c| &mut c.prior.hidden),
    key("prior.kappa", Inside, "bound on the log-scale of an innovation", |c| &mut c.prior.kappa),
    key("training.iterations", AtLeast(1), "optimiser steps", |c| &mut c.training.iterations),
    key("training.restarts", Between(1, 65_535), "independent fits, of which the best is kept", |c| &mut c.training.restarts),
    key("training.learning_rate", Positive, "at the start", |c| &mut c.training.learning_rate),
    key("training.learning_rate_end", NotNegative, "at the end", |c| &mut c.training.learning_rate_end),
    key("training.beta", Positive, "weight of the KL divergence at the start", |c| &mut c.training.beta),
    key("training.beta_end", Positive, "... and at the end", |c| &mut c.training.beta_end),
    key("training.anneal_from", Share, "share of the run after which beta starts to fall", |c| &mut c.training.anneal_from),
    key("training.anneal_to", Share, "... and by which it has reached beta_end", |c| &mut c.training.anneal_to),
    key("training.clip_norm", Positive, "largest norm of a gradient", |c| &mut c.training.clip_norm),
    key("training.log_every", AtLeast(1), "iterations between two lines of metrics.jsonl", |c| &mut c.training.log_every),
    key("training.checkpoint_seconds", NotNegative, "between two saved states", |c| &mut c.training.checkpoint_seconds),
    key("front-end.kind", Any, "none: values from 0 to 1 | stft: sound, as magnitudes of its short-time Fourier transform", |c| &mut c.front_end.kind),
    key("front-end.points", Between(2, 1 << 24), "samples of a frame", |c| &mut c.front_end.points),
    key("front-end.hop", Between(1, 1 << 24), "samples from one frame to the next", |c| &mut c.front_end.hop),
    key("front-end.bins", Between(1, 1 << 24), "frequencies that are seen, from 0 on", |c| &mut c.front_end.bins),
    key("front-end.frames", Between(2, 1 << 24), "frames that are seen", |c| &mut c.front_end.frames),
    key("front-end.pool", Between(1, 1 << 24), "frames whose mean magnitude is seen as one", |c| &mut c.front_end.pool),
    key("front-end.power", Positive, "of the magnitudes; below 1, it makes what is faint larger", |c| &mut c.front_end.power),
    key("front-end.adds", Any, "magnitudes | energies: what adds up in a mixture", |c| &mut c.front_end.adds),
    key("front-end.mask", Any, "magnitudes | energies: what masks are shares of", |c| &mut c.front_end.mask),
    key("network.widths", Between(1, 65_536), "of the encoder's hidden layers; of the decoder's, in reverse", |c| &mut c.network.widths),
    key("network.width_factor", Positive, "what these widths are multiplied by", |c| &mut c.network.width_factor),
    key("network.latent", Between(1, 65_536), "dimensions of a source's latent variable", |c| &mut c.network.latent),
    key("learning.start", Any, "folder of a run whose weights are the first ones; drawn at random if absent", |c| &mut c.learning.start),
    key("learning.epochs", Between(1, 1 << 32), "passes over the examples", |c| &mut c.learning.epochs),
    key("learning.batch", Between(2, 1 << 24), "mixtures in a step", |c| &mut c.learning.batch),
    key("learning.distortion", NotNegative, "pixels by which images are bent along each axis, anew each time; 0: not at all", |c| &mut c.learning.distortion),
    key("learning.learning_rate", Positive, "at the start", |c| &mut c.learning.learning_rate),
    key("learning.learning_rate_end", NotNegative, "at the end of a cosine", |c| &mut c.learning.learning_rate_end),
    key("learning.decay", Any, "cosine | exponential: how the learning rate falls", |c| &mut c.learning.decay),
    key("learning.decay_per_epoch", Share, "share that an exponential decay takes away", |c| &mut c.learning.decay_per_epoch),
    key("learning.beta", NotNegative, "weight of the KL divergence of an example, which ae has not; examples of few values need less", |c| &mut c.learning.beta),
    key("learning.beta_first", NotNegative, "factor of beta at the start: high, it makes the sources economical first", |c| &mut c.learning.beta_first),
    key("learning.cooling_epochs", NotNegative, "over which that factor goes to 1", |c| &mut c.learning.cooling_epochs),
    key("learning.beta_last", NotNegative, "factor of beta at the end, towards which it moves all the time", |c| &mut c.learning.beta_last),
    key("learning.warm_up_epochs", NotNegative, "over which beta rises from 0; with a cosine, the learning rate too", |c| &mut c.learning.warm_up_epochs),
    key("learning.weight_decay", NotNegative, "share of a weight, times the learning rate, lost at a step", |c| &mut c.learning.weight_decay),
    key("learning.average", Share, "share that the average of the weights keeps at a step; 0 for none", |c| &mut c.learning.average),
    key("learning.log_every", AtLeast(1), "iterations between two lines of metrics.jsonl", |c| &mut c.learning.log_every),
    key("learning.checkpoint_seconds", NotNegative, "between two saved states", |c| &mut c.learning.checkpoint_seconds),
    key("separation.refine", Between(0, 1 << 24), "steps from the encoder's answer on, for each mixture by itself; 0: none", |c| &mut c.separation.refine),
    key("separation.rounds", Between(0, 1 << 16), "with refine: how often each source is looked for in what the others leave", |c| &mut c.separation.rounds),
    key("nmf.templates", Between(1, 65_536), "of each source", |c| &mut c.nmf.templates),
    key("nmf.divergence", Any, "frobenius | kl: what is made small", |c| &mut c.nmf.divergence),
    key("nmf.mask", Any, "whether the parts share the mixture out, so that they add up to it", |c| &mut c.nmf.mask),
    key("nmf.tolerance", Positive, "move of the templates, relative to their norm, at which the iterations end", |c| &mut c.nmf.tolerance),
    key("nmf.iterations", AtLeast(1), "the most", |c| &mut c.nmf.iterations),
    key("nmf.mixtures", Between(1, 1 << 24), "the most to learn from, where data.mix makes them of clean examples", |c| &mut c.nmf.mixtures),
    key("sobi.lags", Between(1, 1 << 32), "of the covariances that are diagonalised", |c| &mut c.sobi.lags),
    key("fastica.nonlinearity", Any, "logcosh | cube | exp: measures how far a source is from Gaussian", |c| &mut c.fastica.nonlinearity),
    key("fastica.tolerance", Positive, "turn of a source, 1 - cos, at which the iterations end", |c| &mut c.fastica.tolerance),
    key("fastica.iterations", AtLeast(1), "the most", |c| &mut c.fastica.iterations),
    key("picard.tolerance", Positive, "largest entry of the gradient at which the iterations end", |c| &mut c.picard.tolerance),
    key("picard.iterations", AtLeast(1), "the most", |c| &mut c.picard.iterations),
    key("picard.memory", Between(0, 1024), "steps that L-BFGS remembers", |c| &mut c.picard.memory),
];

/// What each section is for; a comment in `config.toml`.
pub(crate) const SECTIONS: &[(&str, &str)] = &[
    ("data", "what the model is fitted to"),
    ("whitening", "what happens to the channels before the encoder sees them"),
    ("encoder", "demixing: x -> q(s | x)"),
    ("decoder", "remixing: s -> p(x | s)"),
    ("prior", "p(s), of each source on its own"),
    ("training", "how the model is fitted"),
    ("front-end", "what a model sees of an example"),
    ("network", "encoder x -> q(z_1..z_K | x), one decoder for all sources"),
    ("learning", "how the model is fitted"),
    ("separation", "how the sources of a mixture are found unless options say otherwise"),
    ("nmf", "non-negative templates, of which every mixture is a combination"),
    ("sobi", "joint diagonalisation of lagged covariances"),
    ("fastica", "fixed-point iteration for independent components"),
    ("picard", "maximum likelihood over rotations by L-BFGS"),
];

impl Key {
    /// Takes a value.
    ///
    /// # Errors
    /// A sentence with the key, the value and what was expected.
    pub(crate) fn assign(self, config: &mut Config, value: &Value) -> Result<(), String> {
        let field = (self.field)(config);
        if field.assign(value) && field.value().is_none_or(|value| self.rule.allows(&value)) {
            return Ok(());
        }
        Err(self.complaint(config, value))
    }

    /// The value there is; `None` if the key is not set.
    pub(crate) fn value(self, config: &Config) -> Option<Value> {
        (self.field)(&mut config.clone()).value()
    }

    fn complaint(self, config: &mut Config, value: &Value) -> String {
        let field = (self.field)(config);
        let (expected, names) = (field.expected(), field.names());
        let hint = match value.as_str().and_then(|text| crate::nearest::nearest(text, names.iter().copied())) {
            Some(name) => format!("; did you mean {name}?"),
            None => String::new(),
        };
        format!("{} is {value}, expected {expected}{}{hint}", self.path, self.rule.words())
    }
}
