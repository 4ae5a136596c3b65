//! What must hold for every prior and every bijector.

use bss_nn::{Noise, Purpose};
use candle_core::{DType, Device, IndexOp, Result, Tensor, Var};

use crate::table::{all, random};

fn largest_gap(a: &Tensor, b: &Tensor) -> Result<f64> {
    (a - b)?.abs()?.max_all()?.to_scalar::<f64>()
}

#[test]
fn batching_equals_looping() -> Result<()> {
    let (batch, single) = (all(2, 3)?, all(1, 3)?);
    let s = random(0, &[2, 12, 3], DType::F64)?;
    for (many, one) in batch.iter().zip(&single) {
        let together = many.prior.log_prob(&s)?;
        for k in 0..2 {
            one.parameters.assign(&many.parameters.restart(k)?)?;
            let alone = one.prior.log_prob(&s.narrow(0, k, 1)?)?;
            assert_eq!(together.i(k)?.to_vec1::<f64>()?, alone.i(0)?.to_vec1::<f64>()?, "{}", many.name);
        }
    }
    Ok(())
}

/// Importance sampling from N(0, 4²): the mean of p(s) / q(s) is the integral of p.
#[test]
fn densities_integrate_to_one() -> Result<()> {
    const STEPS: usize = 4;
    const DRAWS: usize = 100_000;
    let draws = Noise::new(2).normal::<f64>(Purpose::Sample, 0, 0, STEPS * DRAWS);
    for row in all(1, DRAWS)? {
        // One prior shared by all draws: the first source's parameters for everyone.
        let shared = row
            .parameters
            .iter()
            .map(|(name, var)| {
                let first = var.narrow(1, 0, 1)?;
                Ok((name.to_owned(), first.broadcast_as(var.shape())?.contiguous()?))
            })
            .collect::<Result<_>>()?;
        row.parameters.assign(&shared)?;
        let s = (Tensor::from_vec(draws.clone(), (1, STEPS, DRAWS), &Device::Cpu)? * 2.5)?;
        let proposal = ((s.sqr()?.sum(1)? / -12.5)? - STEPS as f64 * (2.5 * std::f64::consts::TAU.sqrt()).ln())?;
        let ratio = (row.prior.log_prob(&s)? - proposal)?.exp()?;
        let mean = ratio.mean_all()?.to_scalar::<f64>()?;
        let error = (ratio.sqr()?.mean_all()?.to_scalar::<f64>()? / DRAWS as f64).sqrt();
        assert!(error < 0.05, "{}: too few draws to tell, ± {error}", row.name);
        assert!((mean - 1.0).abs() < 5.0 * error, "{}: {mean} ± {error}", row.name);
    }
    Ok(())
}

/// Sampling then scoring: the mean of log p over draws is minus the entropy, which a perturbed density cannot exceed
/// (Gibbs), and the noise recovered from draws is the noise they were made of.
#[test]
fn draws_score_best_under_their_own_density() -> Result<()> {
    let eps = random(1, &[1, 4000, 3], DType::F64)?;
    for row in all(1, 3)?.into_iter().filter(|row| row.bijector.is_some()) {
        let s = row.prior.sample(&eps)?;
        let own = row.prior.log_prob(&s)?.sum_all()?.to_scalar::<f64>()?;
        let before = row.parameters.restart(0)?;
        for (name, value) in &before {
            let mut moved = before.clone();
            moved.insert(name.clone(), (value + 0.1)?);
            row.parameters.assign(&moved)?;
            let other = row.prior.log_prob(&s)?.sum_all()?.to_scalar::<f64>()?;
            // Shifting all logits alike changes nothing; shifting anything else must cost.
            let slack = if name == "base.logits" { 1e-6 } else { 3.0 };
            assert!(other < own + slack, "{}: moving {name} raised the score from {own} to {other}", row.name);
        }
    }
    Ok(())
}

#[test]
fn bijectors_round_trip_and_their_log_determinants_cancel() -> Result<()> {
    let eps = random(2, &[2, 50, 3], DType::F64)?;
    for row in all(2, 3)? {
        let Some(bijector) = row.bijector() else { continue };
        let (s, forward) = bijector.forward(&eps)?;
        let (back, inverse) = bijector.inverse(&s)?;
        assert!(largest_gap(&back, &eps)? < 1e-9, "{}", row.name);
        assert!(forward.add(&inverse)?.abs()?.max_all()?.to_scalar::<f64>()? < 1e-9, "{}", row.name);
    }
    Ok(())
}

#[test]
fn log_determinants_are_those_of_the_autodiff_jacobian() -> Result<()> {
    const STEPS: usize = 6;
    for row in all(1, 2)? {
        let Some(bijector) = row.bijector() else { continue };
        let s = Var::from_tensor(&random(3, &[1, STEPS, 2], DType::F64)?)?;
        let (noise, log_det) = bijector.inverse(&s)?;
        for j in 0..2 {
            let mut jacobian = nalgebra::DMatrix::zeros(STEPS, STEPS);
            for r in 0..STEPS {
                let grads = noise.i((0, r, j))?.backward()?;
                let row = grads.get(&s).unwrap().i((0, .., j))?.to_vec1::<f64>()?;
                (0..STEPS).for_each(|c| jacobian[(r, c)] = row[c]);
                assert!(row[r + 1..].iter().all(|&x| x == 0.0), "noise {r} depends on the future");
            }
            let expected = jacobian.determinant().abs().ln();
            let found = log_det.i((0, j))?.to_scalar::<f64>()?;
            assert!((expected - found).abs() < 1e-9, "{}: {found} against {expected}", row.name);
        }
    }
    Ok(())
}

#[test]
fn noise_before_a_change_is_bit_identical() -> Result<()> {
    const CHANGED: usize = 17;
    let s = random(4, &[1, 40, 3], DType::F64)?;
    let mut values = s.flatten_all()?.to_vec1::<f64>()?;
    (0..3).for_each(|j| values[CHANGED * 3 + j] += 1.0);
    let changed = Tensor::from_vec(values, s.dims(), &Device::Cpu)?;
    for row in all(1, 3)? {
        let Some(bijector) = row.bijector() else { continue };
        let rows = |t: &Tensor| -> Result<_> { bijector.inverse(t)?.0.i(0)?.to_vec2::<f64>() };
        let (before, after) = (rows(&s)?, rows(&changed)?);
        assert_eq!(before[..CHANGED], after[..CHANGED], "{}", row.name);
        assert_ne!(before[CHANGED], after[CHANGED], "{}", row.name);
    }
    Ok(())
}

#[test]
fn densities_stay_finite_far_out() -> Result<()> {
    for row in all(1, 3)? {
        for scale in [0.0, 40.0, 1e3] {
            let s = Var::from_tensor(&(random(5, &[1, 30, 3], DType::F64)? * scale)?)?;
            let log_prob = row.prior.log_prob(&s)?;
            let grads = log_prob.sum_all()?.backward()?;
            let finite =
                |t: &Tensor| -> Result<bool> { Ok(t.flatten_all()?.to_vec1::<f64>()?.iter().all(|x| x.is_finite())) };
            assert!(finite(&log_prob)? && finite(grads.get(&s).unwrap())?, "{} at {scale}", row.name);
        }
    }
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_errors() -> Result<()> {
    for row in all(1, 3)?.into_iter().filter(|row| row.bijector.is_some()) {
        assert!(row.prior.log_prob(&random(0, &[1, 30, 4], DType::F64)?).is_err(), "{}", row.name);
        let short = row.prior.log_prob(&random(0, &[1, row.order, 3], DType::F64)?);
        assert!(short.unwrap_err().to_string().contains("needs more than"), "{}", row.name);
    }
    Ok(())
}
