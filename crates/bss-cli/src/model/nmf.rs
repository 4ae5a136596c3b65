//! `nmf`: non-negative matrix factorisation of datasets of one-channel examples, fitted by one call.

use anyhow::{Result, bail, ensure};
use bss_baselines::{Divergence, EachNmf, FittedNmf, Nmf};
use candle_core::Device;
use ndarray::ArrayView2;

use super::examples::{put_shape, take_shape};
use super::tensors::{put_matrix, take_matrix};
use super::{DirectExamples, EXAMPLE_SOURCES, ExampleSeparator, Fitting, Kind, Separates, Tensors};
use crate::config::{self, Config};

/// The kind.
pub(super) const KIND: Kind = Kind {
    sections: &["front-end", "nmf"],
    presets: &[],
    iterations: Some("nmf.iterations"),
    epochs: None,
    restarts: None,
    fitting: Fitting::DirectExamples(fit),
    load,
    facts: |config| {
        vec![
            ("examples in a mixture", config.data.mix.to_string()),
            ("templates of a source", config.nmf.templates.to_string()),
            ("divergence", config.nmf.divergence.to_string()),
        ]
    },
};

/// The name of its tensor.
const TEMPLATES: &str = "nmf.templates";

fn fit(config: &Config, x: ArrayView2<f32>, shape: &[usize]) -> Result<DirectExamples> {
    let settings = settings(config);
    if is_of_sound(config) {
        let mut tensors = Tensors::new();
        put_shape(&mut tensors, shape)?;
        let model = Box::new(EachNmf::new(settings, sources(config), [shape[0], shape[1]])?);
        return Ok(DirectExamples { model, tensors, changes: Vec::new(), unfinished: None });
    }
    let (model, course) = settings.fit(x, sources(config))?;
    let last = course.changes.last().copied().unwrap_or(0.0);
    let unfinished = (!course.is_converged).then(|| {
        let count = course.changes.len();
        format!(
            "{count} iterations were not enough (the last moved the templates by {last:.1e} of their norm): fit anew with \
             more --iterations, or a larger nmf.tolerance"
        )
    });
    let mut tensors = Tensors::new();
    put_matrix(&mut tensors, TEMPLATES, &model.templates)?;
    put_shape(&mut tensors, shape)?;
    Ok(DirectExamples { model: Box::new(model), tensors, changes: course.changes, unfinished })
}

/// Whether mixtures are spectrograms, each factorised by itself when it is separated.
fn is_of_sound(config: &Config) -> bool {
    config.front_end.kind == config::FrontEnd::Stft
}

fn settings(config: &Config) -> Nmf {
    let config::NmfConfig { templates, mask, tolerance, iterations, .. } = config.nmf;
    Nmf { templates, divergence: divergence(config), mask, tolerance, iterations, seed: config.seed }
}

fn load(config: &Config, tensors: &mut Tensors, _: &Device) -> Result<Separates> {
    let shape = take_shape(tensors)?;
    if is_of_sound(config) {
        let [rows, columns] = shape[..] else { bail!("tensor example.shape is {shape:?}, expected bins and frames") };
        let model = EachNmf::new(settings(config), sources(config), [rows, columns])?;
        return Ok(Separates::Examples(Box::new(ExampleSeparator { model: Box::new(model), shape })));
    }
    let templates = take_matrix(tensors, TEMPLATES)?;
    let (sources, (rank, features)) = (sources(config), templates.dim());
    ensure!(
        features > 0
            && shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length)) == Some(features),
        "tensor example.shape is {shape:?}, which does not fit templates of {features} features"
    );
    ensure!(
        sources.checked_mul(config.nmf.templates) == Some(rank),
        "tensor {TEMPLATES} has {rank} templates, expected {} for each of {sources} sources",
        config.nmf.templates
    );
    ensure!(templates.iter().all(|&value| value >= 0.0), "tensor {TEMPLATES} holds values below 0");
    let model = FittedNmf { templates, sources, divergence: divergence(config), mask: config.nmf.mask };
    Ok(Separates::Examples(Box::new(ExampleSeparator { model: Box::new(model), shape })))
}

fn sources(config: &Config) -> usize {
    config.sources.unwrap_or(EXAMPLE_SOURCES)
}

fn divergence(config: &Config) -> Divergence {
    match config.nmf.divergence {
        config::Divergence::Frobenius => Divergence::Frobenius,
        config::Divergence::KullbackLeibler => Divergence::KullbackLeibler,
    }
}
