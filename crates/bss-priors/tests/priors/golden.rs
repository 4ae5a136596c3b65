//! Golden numbers of `golden/ar_flow.py`, which evaluates equations 12-28 in float64 with JAX.

use std::collections::BTreeMap;

use bss_nn::{Initialiser, Noise, Parameters};
use bss_priors::{ArFlow, ArFlowConfig, Base, Prior};
use candle_core::{DType, Device, Result, Tensor, Var};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().expect("a list of numbers");
    values.iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    let scale = expected.iter().map(|x| x.abs()).fold(0.0, f64::max);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-9 * scale, "{what}: {found} against {expected}");
    }
}

#[test]
fn density_and_gradients_agree_with_the_reference() -> Result<()> {
    let golden: Value = serde_json::from_str(include_str!("golden/ar_flow.json")).unwrap();
    let size = |key: &str| usize::try_from(golden[key].as_u64().unwrap()).unwrap();
    let (sources, hidden, steps) = (size("sources"), size("hidden"), size("steps"));
    let config = ArFlowConfig { order: 1, hidden, kappa: golden["kappa"].as_f64().unwrap(), base: Base::Gaussian };
    let mut parameters = Parameters::new(1, DType::F64, &Device::Cpu);
    let prior = ArFlow::new(config, sources, &mut Initialiser::new(&mut parameters, Noise::new(0)))?;
    let given: Result<BTreeMap<String, Tensor>> = parameters
        .iter()
        .map(|(name, var)| {
            let values = numbers(&golden["parameters"][name]);
            Ok((name.to_owned(), Tensor::from_vec(values, var.dims(), &Device::Cpu)?))
        })
        .collect();
    parameters.assign(&given?)?;
    let s = Var::from_tensor(&Tensor::from_vec(numbers(&golden["s"]), (1, steps, sources), &Device::Cpu)?)?;
    let log_prob = prior.log_prob(&s)?;
    assert_close(&log_prob.flatten_all()?.to_vec1()?, &numbers(&golden["log_prob"]), "log_prob");
    let grads = log_prob.sum_all()?.backward()?;
    let flat = |var: &Var| grads.get(var).unwrap().flatten_all()?.to_vec1::<f64>();
    assert_close(&flat(&s)?, &numbers(&golden["grad_s"]), "s");
    for (name, var) in parameters.iter() {
        assert_close(&flat(var)?, &numbers(&golden["grad_parameters"][name]), name);
    }
    Ok(())
}
