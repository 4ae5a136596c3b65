//! Settings from the arguments of `bss fit`, and how they say to read the data.

use anyhow::{Result, ensure};
use toml::Value;

use super::{Config, DataConfig};
use crate::args::FitArgs;
use crate::catalogue;
use crate::input::Reading;

impl Config {
    /// What `bss fit` was asked for: defaults, then `--config`, then `--set`, then the other options.
    ///
    /// # Errors
    /// As [`Config::load`]; options that the model does not take.
    pub(crate) fn for_fit(args: &FitArgs) -> Result<Self> {
        let mut config = Self::load_unvalidated(args.config.as_deref(), &args.set)?;
        if let Some(model) = &args.model {
            config.apply("model", &Value::String(model.clone()))?;
        }
        let kind = catalogue::require_available(config.model)?;
        for set in &args.set {
            config.ensure_takes(set.split('=').next().unwrap_or(set).trim())?;
        }
        let whole = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let of_options = [
            ("seed", args.seed.and_then(|seed| i64::try_from(seed).ok()).map(Value::Integer)),
            ("sources", args.sources.map(whole)),
            (config.key_of(kind.iterations, args.iterations.is_some(), "--iterations")?, args.iterations.map(whole)),
            (config.key_of(kind.restarts, args.restarts.is_some(), "--restarts")?, args.restarts.map(whole)),
            ("data.sample_rate", args.data.sample_rate.map(Value::Float)),
        ];
        for (key, value) in of_options {
            if let Some(value) = value {
                config.apply(key, &value)?;
            }
        }
        let DataConfig { inputs, columns, channels_first, on_nan, traversal, .. } = &mut config.data;
        inputs.clone_from(&args.inputs);
        *channels_first |= args.data.channels_first;
        *on_nan = args.data.on_nan.or(*on_nan);
        *traversal = args.data.traversal.or(*traversal);
        if args.data.columns.is_some() {
            columns.clone_from(&args.data.columns);
        }
        config.validate()?;
        ensure!(
            args.epochs.is_none(),
            "--epochs: {} is fitted to one recording as a whole; {}",
            config.model,
            if kind.iterations.is_some() { "give --iterations instead" } else { "leave --epochs out" }
        );
        ensure!(
            args.mix.is_none(),
            "--mix: {} is fitted to one recording as it is; leave --mix out, or make the mixture with `bss mix`",
            config.model
        );
        Ok(config)
    }

    /// The key that an option sets; any, if it is not given.
    fn key_of(&self, key: Option<&'static str>, is_given: bool, option: &str) -> Result<&'static str> {
        ensure!(key.is_some() || !is_given, "{option}: {} takes none; leave {option} out", self.model);
        Ok(key.unwrap_or_default())
    }
}

impl DataConfig {
    /// How to read the recording.
    pub(crate) fn reading(&self) -> Reading {
        Reading {
            columns: self.columns.clone(),
            channels_first: self.channels_first,
            sample_rate: self.sample_rate,
            on_nan: self.on_nan,
            traversal: self.traversal,
        }
    }
}
