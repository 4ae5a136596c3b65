//! Where the density has a closed form.

use std::collections::BTreeMap;

use bss_priors::{ArFlowConfig, Base, Prior};
use candle_core::{DType, Device, Result, Tensor};
use nalgebra::{DMatrix, DVector};

use crate::table::{ar_flow, random};

/// A linear AR(2) trajectory is `B s = D ε` with B banded, so `s ~ N(0, (Bᵀ D⁻² B)⁻¹)`: the dense normal density.
#[test]
fn linear_ar_is_the_dense_multivariate_normal() -> Result<()> {
    const STEPS: usize = 7;
    let config = ArFlowConfig { order: 2, hidden: 0, kappa: 0.8, base: Base::Gaussian };
    let (parameters, prior) = ar_flow(config, 1, 1, DType::F64)?;
    let value =
        |name: &str, i: usize| -> Result<f64> { Ok(parameters.get(name).unwrap().flatten_all()?.to_vec1()?[i]) };
    let (a1, a2) = (value("a", 0)?, value("a", 1)?);
    let (sigma, sigma0) = (value("log_sigma", 0)?.exp(), value("log_sigma0", 0)?.exp());
    let whitening = DMatrix::from_fn(STEPS, STEPS, |r, c| {
        let scale = if r < 2 { sigma0 } else { sigma };
        let entry = match r as i64 - c as i64 {
            0 => 1.0,
            1 if r >= 2 => -a1,
            2 if r >= 2 => -a2,
            _ => 0.0,
        };
        entry / scale
    });
    let s = random(0, &[1, STEPS, 1], DType::F64)?;
    let eps = &whitening * DVector::from_vec(s.flatten_all()?.to_vec1::<f64>()?);
    let expected =
        whitening.determinant().ln() - 0.5 * (eps.norm_squared() + STEPS as f64 * std::f64::consts::TAU.ln());
    let found = prior.log_prob(&s)?.flatten_all()?.to_vec1::<f64>()?[0];
    assert!((found - expected).abs() < 1e-12 * expected.abs(), "{found} against {expected}");
    Ok(())
}

/// With all its weights at zero, the flow is the identity.
#[test]
fn a_silent_flow_is_the_linear_ar_prior() -> Result<()> {
    let flow = ArFlowConfig { order: 1, hidden: 8, kappa: 0.8, base: Base::Gaussian };
    let (flow_parameters, flow_prior) = ar_flow(flow, 1, 2, DType::F64)?;
    let (parameters, prior) = ar_flow(ArFlowConfig { hidden: 0, ..flow }, 1, 2, DType::F64)?;
    let silent: Result<BTreeMap<String, Tensor>> = flow_parameters
        .iter()
        .map(|(name, var)| {
            let value = parameters.get(name).cloned().map_or_else(|| var.zeros_like(), Ok)?;
            Ok((name.to_owned(), value))
        })
        .collect();
    flow_parameters.assign(&silent?)?;
    let s = random(0, &[1, 30, 2], DType::F64)?;
    let gap = (prior.log_prob(&s)? - flow_prior.log_prob(&s)?)?.abs()?.max_all()?.to_scalar::<f64>()?;
    assert!(gap < 1e-12);
    Ok(())
}

/// Without memory, a mixture base is a sum of Gaussian densities written down directly.
#[test]
fn a_mixture_base_is_the_sum_of_its_components() -> Result<()> {
    let config = ArFlowConfig { order: 1, hidden: 0, kappa: 0.8, base: Base::Mixture(3) };
    let (parameters, prior) = ar_flow(config, 1, 1, DType::F64)?;
    let all = |name: &str| parameters.get(name).unwrap().flatten_all()?.to_vec1::<f64>();
    let (logits, means, log_scales) = (all("base.logits")?, all("base.means")?, all("base.log_scales")?);
    let (a, log_sigma, log_sigma0) = (all("a")?[0], all("log_sigma")?[0], all("log_sigma0")?[0]);
    let normal = |x: f64, mean: f64, scale: f64| {
        (-0.5 * ((x - mean) / scale).powi(2)).exp() / (scale * std::f64::consts::TAU.sqrt())
    };
    let weights: f64 = logits.iter().map(|l| l.exp()).sum();
    for x in [-3.0, 0.1, 2.0] {
        let s = [0.7, x];
        let eps = (s[1] - a * s[0]) / log_sigma.exp();
        let base: f64 = (0..3).map(|k| logits[k].exp() / weights * normal(eps, means[k], log_scales[k].exp())).sum();
        let expected = normal(s[0], 0.0, log_sigma0.exp()).ln() + base.ln() - log_sigma;
        let s = Tensor::from_vec(s.to_vec(), (1, 2, 1), &Device::Cpu)?;
        let found = prior.log_prob(&s)?.flatten_all()?.to_vec1::<f64>()?[0];
        assert!((found - expected).abs() < 1e-12, "{found} against {expected}");
    }
    Ok(())
}
