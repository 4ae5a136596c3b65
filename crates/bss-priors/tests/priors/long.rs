//! A million steps on a small stack, and results that do not depend on the number of threads.

use bss_priors::{ArFlowConfig, Prior};
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
