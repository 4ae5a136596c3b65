//! Hand-written gradients against finite differences, and every parameter reached.

use bss_priors::Prior;
use candle_core::{DType, Result, Tensor, Var};

use crate::table::{CONFIGS, all, ar_flow, random};

/// The derivative of `f` along `direction` at `var`, from both sides.
fn numeric(var: &Var, direction: &Tensor, mut f: impl FnMut() -> Result<f64>) -> Result<f64> {
    let start = var.copy()?;
    let mut at = |step: f64| {
        var.set(&(&start + (direction * step)?)?)?;
        f()
    };
    // Richardson's extrapolation of two central differences.
    let difference =
        |f: &mut dyn FnMut(f64) -> Result<f64>, h: f64| Ok::<_, candle_core::Error>((f(h)? - f(-h)?) / (2.0 * h));
    let (fine, coarse) = (difference(&mut at, 1e-4)?, difference(&mut at, 2e-4)?);
    var.set(&start)?;
    Ok((4.0 * fine - coarse) / 3.0)
}

fn dot(a: &Tensor, b: &Tensor) -> Result<f64> {
    (a * b)?.sum_all()?.to_scalar()
}

/// Every parameter and the sources, along a random direction, for trajectories of one segment and of several.
#[test]
fn log_densities_agree_with_finite_differences() -> Result<()> {
    for (name, config) in CONFIGS {
        let (parameters, prior) = ar_flow(config, 2, 2, DType::F64)?;
        // Without hidden states a tape is short, and only a longer trajectory takes several segments.
        for steps in [20, if config.hidden == 0 { 40_000 } else { 3300 }] {
            let s = Var::from_tensor(&random(0, &[2, steps, 2], DType::F64)?)?;
            let weights = random(1, &[2, 2], DType::F64)?;
            let value = || dot(&prior.log_prob(&s)?, &weights);
            let grads = (prior.log_prob(&s)? * &weights)?.sum_all()?.backward()?;
            let vars = parameters.iter().chain(std::iter::once(("s", &s)));
            for (i, (parameter, var)) in vars.enumerate() {
                let direction = random(200 + i as u64, var.dims(), DType::F64)?;
                let found = dot(grads.get(var).unwrap(), &direction)?;
                let expected = numeric(var, &direction, value)?;
                let scale = grads.get(var).unwrap().sqr()?.sum_all()?.to_scalar::<f64>()?.sqrt().max(1.0);
                let error = (found - expected).abs() / scale;
                assert!(error < 1e-6, "{name}, {steps} steps, {parameter}: {found} against {expected}");
            }
        }
    }
    Ok(())
}

/// The same for the noise and log-determinant of the bijector, under random cotangents.
#[test]
fn noise_agrees_with_finite_differences() -> Result<()> {
    for row in all(1, 2)? {
        let Some(bijector) = row.bijector() else { continue };
        let s = Var::from_tensor(&random(0, &[1, 25, 2], DType::F64)?)?;
        let (c_noise, c_det) = (random(1, &[1, 25, 2], DType::F64)?, random(2, &[1, 2], DType::F64)?);
        let value = || {
            let (noise, log_det) = bijector.inverse(&s)?;
            Ok(dot(&noise, &c_noise)? + dot(&log_det, &c_det)?)
        };
        let (noise, log_det) = bijector.inverse(&s)?;
        let grads = ((noise * &c_noise)?.sum_all()? + (log_det * &c_det)?.sum_all()?)?.backward()?;
        // The base density's parameters have no part in the bijector.
        let vars = row.parameters.iter().filter(|(name, _)| !name.starts_with("base."));
        for (i, (name, var)) in vars.chain(std::iter::once(("s", &s))).enumerate() {
            let direction = random(300 + i as u64, var.dims(), DType::F64)?;
            let (found, expected) = (dot(grads.get(var).unwrap(), &direction)?, numeric(var, &direction, value)?);
            assert!(
                (found - expected).abs() < 1e-6 * found.abs().max(1.0),
                "{}, {name}: {found} against {expected}",
                row.name
            );
        }
    }
    Ok(())
}

#[test]
fn every_named_parameter_gets_a_finite_gradient_that_is_not_zero() -> Result<()> {
    for row in all(2, 3)? {
        let grads = row.prior.log_prob(&random(0, &[2, 30, 3], DType::F64)?)?.sum_all()?;
        let grads = if row.bijector.is_some() { grads.backward()? } else { continue };
        for (name, var) in row.parameters.iter() {
            let grad = grads.get(var).unwrap_or_else(|| panic!("{}: {name} has no gradient", row.name));
            let norm = grad.sqr()?.sum_all()?.to_scalar::<f64>()?;
            assert!(norm.is_finite() && norm > 0.0, "{}: the gradient of {name} has norm {norm}", row.name);
        }
    }
    Ok(())
}

#[test]
fn single_precision_agrees_with_double() -> Result<()> {
    for (name, config) in CONFIGS {
        let run = |dtype: DType| -> Result<(f64, Tensor)> {
            let (_, prior) = ar_flow(config, 1, 3, dtype)?;
            let s = Var::from_tensor(&random(0, &[1, 1000, 3], dtype)?)?;
            let sum = prior.log_prob(&s)?.sum_all()?;
            let grad = sum.backward()?.get(&s).unwrap().to_dtype(DType::F64)?;
            Ok((sum.to_dtype(DType::F64)?.to_scalar()?, grad))
        };
        let ((single, grad), (double, expected)) = (run(DType::F32)?, run(DType::F64)?);
        assert!(((single - double) / double).abs() < 1e-5, "{name}: {single} against {double}");
        let error = (grad - &expected)?.abs()?.max_all()?.to_scalar::<f64>()?;
        assert!(error < 1e-3 * expected.abs()?.max_all()?.to_scalar::<f64>()?, "{name}: {error}");
    }
    Ok(())
}
