//! Every prior there is, by name, with random parameters.

use std::collections::BTreeMap;

use bss_nn::{Initialiser, Noise, Parameters, Purpose};
use bss_priors::{ArFlow, ArFlowConfig, Base, Bijector, Prior, StandardGaussian};
use candle_core::{DType, Device, Result, Tensor};

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) order: usize,
    pub(crate) parameters: Parameters,
    pub(crate) prior: Box<dyn Prior>,
    pub(crate) bijector: Option<ArFlow>,
}

impl Row {
    pub(crate) fn bijector(&self) -> Option<&dyn Bijector> {
        self.bijector.as_ref().map(|b| b as &dyn Bijector)
    }
}

/// N(0, std²) noise of the given shape.
pub(crate) fn random(stream: u64, dims: &[usize], dtype: DType) -> Result<Tensor> {
    let values: Vec<f64> = Noise::new(11).normal(Purpose::Sample, 0, stream, dims.iter().product());
    Tensor::from_vec(values, dims, &Device::Cpu)?.to_dtype(dtype)
}

/// An AR-flow prior whose parameters have all been moved away from their initial values.
pub(crate) fn ar_flow(
    config: ArFlowConfig,
    restarts: usize,
    sources: usize,
    dtype: DType,
) -> Result<(Parameters, ArFlow)> {
    let mut parameters = Parameters::new(restarts, dtype, &Device::Cpu);
    let prior = ArFlow::new(config, sources, &mut Initialiser::new(&mut parameters, Noise::new(3)))?;
    let moved: Result<BTreeMap<String, Tensor>> = parameters
        .iter()
        .enumerate()
        .map(|(i, (name, var))| {
            let step = (random(100 + i as u64, var.dims(), dtype)? * 0.15)?;
            Ok((name.to_owned(), (var.as_tensor() * 0.8)?.add(&step)?))
        })
        .collect();
    parameters.assign(&moved?)?;
    Ok((parameters, prior))
}

pub(crate) const CONFIGS: [(&str, ArFlowConfig); 7] = [
    ("ar", config(1, 0, Base::Gaussian)),
    ("ar of order 3", config(3, 0, Base::Gaussian)),
    ("ar, mixture", config(1, 0, Base::Mixture(3))),
    ("ar-flow", config(1, 8, Base::Gaussian)),
    ("ar-flow of odd width", config(1, 5, Base::Gaussian)),
    ("ar-flow, mixture", config(1, 8, Base::Mixture(4))),
    ("ar-flow of order 2, mixture", config(2, 16, Base::Mixture(16))),
];

const fn config(order: usize, hidden: usize, base: Base) -> ArFlowConfig {
    ArFlowConfig { order, hidden, kappa: 0.8, base }
}

pub(crate) fn all(restarts: usize, sources: usize) -> Result<Vec<Row>> {
    let parameters = Parameters::new(restarts, DType::F64, &Device::Cpu);
    let prior = Box::new(StandardGaussian);
    let mut rows = vec![Row { name: "gaussian", order: 0, parameters, prior, bijector: None }];
    for (name, config) in CONFIGS {
        let (parameters, prior) = ar_flow(config, restarts, sources, DType::F64)?;
        let bijector = Some(prior.clone());
        rows.push(Row { name, order: config.order, parameters, prior: Box::new(prior), bijector });
    }
    Ok(rows)
}
