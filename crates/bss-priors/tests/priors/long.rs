//! A million steps on a small stack, and results that do not depend on the number of threads.

use bss_priors::{ArFlowConfig, Base, Prior};
use candle_core::{DType, Result, Var};

use crate::table::{ar_flow, random};

#[test]
fn a_million_steps_fit_a_two_megabyte_stack() {
    let work = || -> Result<(f64, bool)> {
        let (_, prior) = ar_flow(ArFlowConfig::default(), 1, 1, DType::F32)?;
        let s = Var::from_tensor(&random(0, &[1, 1_000_000, 1], DType::F32)?)?;
        let log_prob = prior.log_prob(&s)?.sum_all()?;
        let grad = log_prob.backward()?.get(&s).unwrap().abs()?.max_all()?.to_scalar::<f32>()?;
        Ok((f64::from(log_prob.to_scalar::<f32>()?), grad.is_finite() && grad > 0.0))
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap();
    let (log_prob, gradient) = thread.join().unwrap().unwrap();
    assert!(log_prob.is_finite() && gradient);
}

/// A long trajectory in single precision, mixture base included, keeps its digits.
#[test]
fn long_sums_agree_in_single_and_double_precision() -> Result<()> {
    let config = ArFlowConfig { base: Base::Mixture(4), ..ArFlowConfig::default() };
    let run = |dtype: DType| -> Result<(f64, Vec<f64>)> {
        let (parameters, prior) = ar_flow(config, 1, 2, dtype)?;
        let log_prob = prior.log_prob(&random(0, &[1, 300_000, 2], dtype)?)?.sum_all()?;
        let grads = log_prob.backward()?;
        let norm = |var: &Var| grads.get(var).unwrap().to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>();
        let norms = parameters.iter().map(|(_, var)| norm(var)).collect::<Result<_>>()?;
        Ok((log_prob.to_dtype(DType::F64)?.to_scalar()?, norms))
    };
    let ((single, single_norms), (double, double_norms)) = (run(DType::F32)?, run(DType::F64)?);
    assert!((single / double - 1.0).abs() < 1e-5, "{single} against {double}");
    let total: f64 = double_norms.iter().sum();
    for (single, double) in single_norms.iter().zip(&double_norms) {
        assert!((single.sqrt() - double.sqrt()).abs() < 1e-4 * total.sqrt(), "{single} against {double}");
    }
    Ok(())
}

#[test]
fn threads_do_not_change_a_bit() -> Result<()> {
    let run = |threads: usize| -> Result<(Vec<f32>, Vec<f32>)> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (_, prior) = ar_flow(ArFlowConfig::default(), 7, 3, DType::F32)?;
            let s = Var::from_tensor(&random(0, &[7, 500, 3], DType::F32)?)?;
            let log_prob = prior.log_prob(&s)?;
            let grad = log_prob.sum_all()?.backward()?.get(&s).unwrap().flatten_all()?.to_vec1()?;
            Ok((log_prob.flatten_all()?.to_vec1()?, grad))
        })
    };
    assert_eq!(run(1)?, run(3)?);
    Ok(())
}
