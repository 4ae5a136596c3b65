//! `ar-flow`: the AR-Flow VAE, trained step by step.

mod settings;
mod training;

use anyhow::{Result, bail, ensure};
use bss_models::{ArFlowSeparator, Convention, Curvature, Uncertainty, Whitening};
use candle_core::Device;
use ndarray::Array1;

use super::convention::take_convention;
use super::tensors::{put_matrix, put_vector, take_matrix, take_vector};
use super::{FittedModel, Fitting, Kind, Separates, Tensors};
use crate::config::{Config, Encoder};

pub(crate) use settings::{Plan, whiten};

/// The kind.
pub(super) const KIND: Kind = Kind {
    sections: &["whitening", "encoder", "decoder", "prior", "training"],
    presets: &[("paper", include_str!("../../../../docs/settings/paper.toml"))],
    iterations: Some("training.iterations"),
    epochs: None,
    restarts: Some("training.restarts"),
    fitting: Fitting::Trained,
    load,
    facts: |config| vec![("prior", format!("{}, {} base", config.prior.kind, config.prior.base))],
};

/// What the names of the model's own parameters begin with.
const PARAMETER: &str = "parameter.";

impl FittedModel for ArFlowSeparator {
    fn convention(&self) -> &Convention {
        &self.convention
    }

    fn whitening(&self) -> Option<&Whitening> {
        Some(&self.whitening)
    }

    fn gives_std(&self) -> bool {
        true
    }

    fn noise_db(&self) -> Option<f64> {
        self.uncertainty.noise_db()
    }

    fn assume_noise_db(&mut self, noise_db: f64) -> bool {
        let Some(assumed) = self.uncertainty.with_noise_db(noise_db) else { return false };
        self.uncertainty = assumed;
        true
    }

    fn tensors(&self) -> Result<Tensors> {
        let parameters = self.model.parameters().iter();
        let mut tensors: Tensors =
            parameters.map(|(name, var)| (format!("{PARAMETER}{name}"), var.as_tensor().clone())).collect();
        put_vector(&mut tensors, "whitening.mean", &self.whitening.mean.to_vec())?;
        put_matrix(&mut tensors, "whitening.matrix", &self.whitening.matrix)?;
        put_matrix(&mut tensors, "whitening.inverse", &self.whitening.inverse)?;
        let Uncertainty { share, noise, curvature } = &self.uncertainty;
        put_vector(&mut tensors, "uncertainty.share", share.as_slice())?;
        put_matrix(&mut tensors, "uncertainty.noise", noise)?;
        put_vector(&mut tensors, "curvature.samples", &[curvature.samples as f64])?;
        put_matrix(&mut tensors, "curvature.shares", &curvature.shares)?;
        put_vector(&mut tensors, "curvature.noise", &curvature.noise.to_vec())?;
        Ok(tensors)
    }
}

fn load(config: &Config, tensors: &mut Tensors, device: &Device) -> Result<Separates> {
    let convention = take_convention(config, tensors)?;
    let whitening = Whitening {
        mean: Array1::from(take_vector(tensors, "whitening.mean")?),
        matrix: take_matrix(tensors, "whitening.matrix")?,
        inverse: take_matrix(tensors, "whitening.inverse")?,
    };
    let uncertainty = uncertainty(config, tensors, convention.order.len())?;
    let channels = whitening.mean.len();
    let plan = Plan::new(config, &whitening)?;
    let seen = plan.vae.channels;
    ensure!(
        whitening.matrix.dim() == (channels, seen) && whitening.inverse.dim() == (seen, channels),
        "the tensors of whitening do not fit {channels} channels and {seen} components"
    );
    let model = plan.model(1, device)?;
    let own = tensors.extract_if(.., |name, _| name.starts_with(PARAMETER));
    let own = own.map(|(name, tensor)| (name[PARAMETER.len()..].to_owned(), tensor)).collect();
    model.parameters().assign(&own)?;
    Ok(Separates::Recordings(Box::new(ArFlowSeparator { model, whitening, convention, uncertainty })))
}

fn uncertainty(config: &Config, tensors: &mut Tensors, sources: usize) -> Result<Uncertainty> {
    let share = take_vector(tensors, "uncertainty.share")?;
    let noise = take_matrix(tensors, "uncertainty.noise")?;
    let samples = take_vector(tensors, "curvature.samples")?;
    let shares = take_matrix(tensors, "curvature.shares")?;
    let of_noise = Array1::from(take_vector(tensors, "curvature.noise")?);
    let square = (sources, sources);
    ensure!(
        noise.dim() == square && shares.dim() == square && of_noise.len() == sources,
        "the tensors of uncertainty and curvature are not of {sources} sources"
    );
    let share = match share[..] {
        [] if config.encoder.kind != Encoder::Linear => None,
        [share] if share > 0.0 && config.encoder.kind == Encoder::Linear => Some(share),
        _ => bail!("tensor uncertainty.share is no share of noise above 0"),
    };
    let [samples] = samples[..] else { bail!("tensor curvature.samples is no number of samples") };
    let curvature = Curvature { samples: samples as usize, shares, noise: of_noise };
    Ok(Uncertainty { share, noise, curvature })
}
