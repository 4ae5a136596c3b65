//! `fastica`, `picard`, `sobi` and `jade`: the classical methods, fitted by one call.

use anyhow::{Result, ensure};
use bss_baselines::{Demix, Demixing, FastIca, Fitted, Jade, Nonlinearity, Picard, Sobi};
use bss_models::{Convention, Whitening};
use candle_core::Device;
use ndarray::{Array1, ArrayView2};

use super::convention::take_convention;
use super::tensors::{put_matrix, put_vector, take_matrix, take_vector};
use super::{Direct, FittedModel, Fitting, Kind, Separates, Tensors};
use crate::config::{self, Config};

/// FastICA.
pub(super) const FASTICA: Kind = Kind {
    sections: &["fastica"],
    iterations: Some("fastica.iterations"),
    fitting: Fitting::Direct(|config, x| {
        let config::FastIcaConfig { nonlinearity, tolerance, iterations } = config.fastica;
        let nonlinearity = match nonlinearity {
            config::Nonlinearity::LogCosh => Nonlinearity::LogCosh,
            config::Nonlinearity::Cube => Nonlinearity::Cube,
            config::Nonlinearity::Exp => Nonlinearity::Exp,
        };
        let advice = "more --iterations, another --seed, or a larger fastica.tolerance";
        direct(&FastIca { nonlinearity, tolerance, iterations, seed: config.seed }, config, x, advice)
    }),
    facts: |config| vec![("nonlinearity", config.fastica.nonlinearity.to_string())],
    ..BASELINE
};

/// Picard-O.
pub(super) const PICARD: Kind = Kind {
    sections: &["picard"],
    iterations: Some("picard.iterations"),
    fitting: Fitting::Direct(|config, x| {
        let config::PicardConfig { tolerance, iterations, memory } = config.picard;
        let advice = "more --iterations, another --seed, or a larger picard.tolerance";
        direct(&Picard { tolerance, iterations, memory, seed: config.seed }, config, x, advice)
    }),
    ..BASELINE
};

/// SOBI.
pub(super) const SOBI: Kind = Kind {
    sections: &["sobi"],
    fitting: Fitting::Direct(|config, x| {
        direct(&Sobi { lags: config.sobi.lags.clone() }, config, x, "other sobi.lags, or fewer --sources")
    }),
    facts: |config| vec![("lags", format!("{:?}", config.sobi.lags))],
    ..BASELINE
};

/// JADE.
pub(super) const JADE: Kind = BASELINE;

/// What the classical methods share.
const BASELINE: Kind = Kind {
    sections: &[],
    presets: &[],
    iterations: None,
    epochs: None,
    restarts: None,
    fitting: Fitting::Direct(|config, x| direct(&Jade, config, x, "fewer --sources")),
    load,
    facts: |_| Vec::new(),
};

/// Fits a method; `advice` says what to try where it does not come to an end.
fn direct(method: &dyn Demix, config: &Config, x: ArrayView2<f64>, advice: &str) -> Result<Direct> {
    let Fitted { demixing, course } = method.fit(x, config.sources.unwrap_or(x.ncols()))?;
    let last = course.changes.last().copied().unwrap_or(0.0);
    let unfinished = (!course.is_converged).then(|| {
        let count = course.changes.len();
        format!("{count} iterations were not enough ({last:.1e} is left, by the method's own measure): fit anew with {advice}")
    });
    Ok(Direct { model: Box::new(demixing), changes: course.changes, unfinished })
}

impl FittedModel for Demixing {
    fn convention(&self) -> &Convention {
        &self.convention
    }

    fn whitening(&self) -> Option<&Whitening> {
        None
    }

    fn gives_std(&self) -> bool {
        false
    }

    fn tensors(&self) -> Result<Tensors> {
        let mut tensors = Tensors::new();
        put_vector(&mut tensors, "demixing.mean", &self.mean.to_vec())?;
        put_matrix(&mut tensors, "demixing.matrix", &self.demixing)?;
        put_matrix(&mut tensors, "demixing.mixing", &self.mixing)?;
        Ok(tensors)
    }
}

fn load(config: &Config, tensors: &mut Tensors, _: &Device) -> Result<Separates> {
    let convention = take_convention(config, tensors)?;
    let mean = Array1::from(take_vector(tensors, "demixing.mean")?);
    let demixing = take_matrix(tensors, "demixing.matrix")?;
    let mixing = take_matrix(tensors, "demixing.mixing")?;
    let (sources, channels) = (convention.order.len(), mean.len());
    ensure!(
        demixing.dim() == (sources, channels) && mixing.dim() == (channels, sources),
        "the tensors of demixing do not fit {channels} channels and {sources} sources"
    );
    Ok(Separates::Recordings(Box::new(Demixing { mean, demixing, mixing, convention })))
}
