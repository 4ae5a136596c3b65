//! Settings from the arguments of `bss fit`, and how they say to read the data.

use anyhow::{Context as _, Result, ensure};
use toml::Value;

use super::{Config, DataConfig, FrontEnd, Model};
use crate::args::{DataArgs, FitArgs};
use crate::input::Reading;
use crate::model;

impl Config {
    /// What `bss fit` was asked for: defaults, then `--preset`, then `--config`, then `--set`, then the other options.
    ///
    /// # Errors
    /// As [`Config::load`]; options that the model does not take.
    pub(crate) fn for_fit(args: &FitArgs) -> Result<Self> {
        let put_together = |start: Self| {
            let mut config = start.overruled(args.config.as_deref(), &args.set)?;
            if let Some(model) = &args.model {
                config.apply("model", &Value::String(model.clone()))?;
            }
            Ok::<_, anyhow::Error>(config)
        };
        let mut config = put_together(Self::default())?;
        let kind = model::kind(config.model);
        if let Some(name) = &args.preset {
            // Which presets there are depends on the model, which a file or `--set` may name.
            config = put_together(Self::of_preset(config.model, kind, name)?)?;
        }
        for set in &args.set {
            config.ensure_takes(set.split('=').next().unwrap_or(set).trim())?;
        }
        config.apply_options(args, kind)?;
        config.data.inputs.clone_from(&args.inputs);
        config.validate()?;
        Ok(config)
    }

    /// The defaults, overruled by a preset of the model.
    fn of_preset(model: Model, kind: &model::Kind, name: &str) -> Result<Self> {
        let names: Vec<&str> = kind.presets.iter().map(|(name, _)| *name).collect();
        let preset = kind.presets.iter().find(|(preset, _)| *preset == name);
        let (_, text) = preset.with_context(|| match names.as_slice() {
            [] => format!("--preset {name}: {model} has no presets; leave --preset out"),
            names => format!(
                "--preset {name}: {model} has no such preset; there is {}, and others of other models, for --model",
                names.join(", ")
            ),
        })?;
        let mut config = Self::default();
        config.apply_toml(text).with_context(|| format!("--preset {name}"))?;
        Ok(config)
    }

    /// Options that stand for settings.
    fn apply_options(&mut self, args: &FitArgs, kind: &model::Kind) -> Result<()> {
        let no_iterations = if kind.epochs.is_some() { "give --epochs instead" } else { "leave --iterations out" };
        let as_a_whole = if kind.is_of_datasets() { "takes none" } else { "is fitted to one recording as a whole" };
        let no_epochs = if kind.iterations.is_some() { "give --iterations instead" } else { "leave --epochs out" };
        let whole = |number: usize| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        for (option, key, given, mend) in [
            ("--iterations", kind.iterations, args.iterations, format!("takes none; {no_iterations}")),
            ("--restarts", kind.restarts, args.restarts, "takes none; leave --restarts out".to_owned()),
            ("--epochs", kind.epochs, args.epochs, format!("{as_a_whole}; {no_epochs}")),
            (
                "--mix",
                kind.is_of_datasets().then_some("data.mix"),
                args.mix,
                "is fitted to one recording as it is; leave --mix out, or make the mixture with `bss mix`".to_owned(),
            ),
        ] {
            let Some(number) = given else { continue };
            let key = key.with_context(|| format!("{option}: {} {mend}", self.model))?;
            self.apply(key, &whole(number))?;
        }
        if let Some(run) = &args.start {
            ensure!(
                kind.epochs.is_some(),
                "--start: {} is not trained on batches; leave --start out, or name the model of that run with --model",
                self.model
            );
            self.learning.start = Some(run.display().to_string());
        }
        let seed = args.seed.and_then(|seed| i64::try_from(seed).ok()).map(Value::Integer);
        for (key, value) in [("seed", seed), ("sources", args.sources.map(whole))] {
            if let Some(value) = value {
                self.apply(key, &value)?;
            }
        }
        if let Some(rate) = args.data.sample_rate {
            self.apply("data.sample_rate", &Value::Float(rate))?;
        }
        if kind.is_of_datasets() {
            let is_sound = self.front_end.kind == FrontEnd::Stft;
            let data = DataArgs { sample_rate: args.data.sample_rate.filter(|_| !is_sound), ..args.data.clone() };
            return data.ensure_none(&format!("{} is fitted to examples as they are", self.model));
        }
        let DataConfig { columns, channels_first, on_nan, traversal, .. } = &mut self.data;
        *channels_first |= args.data.channels_first;
        *on_nan = args.data.on_nan.or(*on_nan);
        *traversal = args.data.traversal.or(*traversal);
        if args.data.columns.is_some() {
            columns.clone_from(&args.data.columns);
        }
        Ok(())
    }
}

impl DataArgs {
    /// Refuses options that say how to read a recording.
    ///
    /// # Errors
    /// Naming the option; `because` says why.
    pub(crate) fn ensure_none(&self, because: &str) -> Result<()> {
        let given = [
            ("--columns", self.columns.is_some()),
            ("--channels-first", self.channels_first),
            ("--sample-rate", self.sample_rate.is_some()),
            ("--on-nan", self.on_nan.is_some()),
            ("--traversal", self.traversal.is_some()),
        ];
        let first = given.iter().find(|(_, is_given)| *is_given);
        ensure!(first.is_none(), "{}: {because}; leave it out", first.map_or("", |(option, _)| option));
        Ok(())
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
