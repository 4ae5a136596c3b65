//! An earlier run, whose weights a fit begins with.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use bss_models::ExampleModel;
use candle_core::Device;

use crate::config::Config;
use crate::model::{ExampleSeparator, Fitted, Separates};

/// The run with its model.
pub(super) struct Earlier<'a> {
    run: &'a Path,
    config: Config,
    separator: ExampleSeparator,
}

impl<'a> Earlier<'a> {
    /// Reads the run.
    ///
    /// # Errors
    /// As [`Fitted::load`]; a run of another model than the settings', or of another network.
    pub(super) fn load(run: &'a Path, config: &Config) -> Result<Self> {
        let (name, model) = (run.display(), config.model);
        let loaded = Fitted::load(run, &Device::Cpu).with_context(|| format!("--start {name}"))?;
        let Fitted { model: fitted, config: of_run, .. } = loaded;
        ensure!(
            of_run.model == model,
            "--start {name}: is a run of {}, but {model} is to be fitted; name a run of {model}, or leave --start out",
            of_run.model
        );
        let Separates::Examples(separator) = fitted else { bail!("--start {name}: is no run on a dataset") };
        let is_of_weights = |key: &str| key.starts_with("network.") || key.starts_with("front-end.");
        if let Some((key, was, now)) = of_run.differences(config).into_iter().find(|(key, ..)| is_of_weights(key)) {
            bail!("--start {name}: there {key} is {was}, here {now}; give --set {key}={was} as well");
        }
        Ok(Self { run, config: of_run, separator: *separator })
    }

    /// The number of its sources.
    pub(super) fn sources(&self) -> usize {
        self.separator.model.sources()
    }

    /// Puts its weights into a model of the settings that has as many sources or more.
    ///
    /// # Errors
    /// Another number of sources than it can have; a dataset of other examples.
    pub(super) fn put_into(&self, config: &Config, fresh: &mut dyn ExampleModel) -> Result<()> {
        let (run, model, sources) = (self.run.display(), self.config.model, fresh.sources());
        let grown = self.separator.model.to_train(sources).with_context(|| {
            format!(
                "--start {run}: has {} sources, and {model} cannot go on from there with {sources}; neri may have more \
                 than before, others as many",
                self.sources()
            )
        })?;
        ensure!(
            grown.parameters().slots() == fresh.parameters().slots(),
            "--start {run}: was fitted to other examples, of shape {:?}, than {}; its weights do not fit",
            self.separator.shape,
            config.data.inputs.join(", ")
        );
        // What is not weights, such as the gain of mixit, is that of the settings.
        fresh.parameters_mut().values.clone_from(&grown.parameters().values);
        fresh.statistics_mut().values.clone_from(&grown.statistics().values);
        Ok(())
    }
}
