//! Settings from the arguments of `bss fit`, and how they say to read the data.

use anyhow::{Result, ensure};
use toml::Value;

use super::{Config, DataConfig};
use crate::args::FitArgs;
use crate::input::Reading;

impl Config {
    /// What `bss fit` was asked for: defaults, then `--config`, then `--set`, then the other options.
    ///
    /// # Errors
    /// As [`Config::load`]; options that the model does not take.
    pub(crate) fn for_fit(args: &FitArgs) -> Result<Self> {
        let mut config = Self::load_unvalidated(args.config.as_deref(), &args.set)?;
        let whole = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let of_options = [
            ("model", args.model.clone().map(Value::String)),
            ("seed", args.seed.and_then(|seed| i64::try_from(seed).ok()).map(Value::Integer)),
            ("sources", args.sources.map(whole)),
            ("training.iterations", args.iterations.map(whole)),
            ("training.restarts", args.restarts.map(whole)),
            ("data.sample_rate", args.data.sample_rate.map(Value::Float)),
        ];
        for (key, value) in of_options {
            if let Some(value) = value {
                config.apply(key, &value)?;
            }
        }
        let DataConfig { inputs, columns, channels_first, on_nan, .. } = &mut config.data;
        inputs.clone_from(&args.inputs);
        *channels_first |= args.data.channels_first;
        *on_nan = args.data.on_nan.or(*on_nan);
        if args.data.columns.is_some() {
            columns.clone_from(&args.data.columns);
        }
        config.validate()?;
        ensure!(
            args.epochs.is_none(),
            "--epochs: {} is fitted to one recording as a whole; give --iterations instead",
            config.model
        );
        ensure!(
            args.mix.is_none(),
            "--mix: {} is fitted to one recording as it is; leave --mix out, or make the mixture with `bss mix`",
            config.model
        );
        Ok(config)
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
        }
    }
}
