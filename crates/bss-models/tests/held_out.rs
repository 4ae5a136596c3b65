//! Scores of held-out samples: against a dense normal density, and in any unit.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use bss_models::{
    ArFlowVae, ArFlowVaeConfig, DecoderConfig, Error, GaussianLikelihood, HeldOut, MapConfig, PriorConfig, Result,
    Score, Whitening, simplest_of_the_best,
};
use bss_nn::{Noise, Purpose};
use bss_priors::ArFlowConfig;
use candle_core::{DType, Device, Tensor};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array2, s};

const LIKELIHOOD: GaussianLikelihood = GaussianLikelihood { variance: 0.05 };
const SAMPLES: usize = 120;
const FITTED: usize = 100;
const BLOCKS: usize = 4;

/// Three channels of noise with variances and correlations of their own.
fn recording() -> Array2<f64> {
    let eps = Noise::new(5).normal::<f64>(Purpose::Sample, 0, 0, 3 * SAMPLES);
    let eps = Array2::from_shape_fn((SAMPLES, 3), |(r, c)| eps[3 * r + c]);
    eps.dot(&ndarray::array![[3.0, 1.0, 0.5], [0.0, 2.0, -1.0], [0.2, 0.0, 0.7]]) + 4.0
}

fn model(decoder: DecoderConfig, prior: PriorConfig, sources: usize) -> Result<ArFlowVae> {
    let config = ArFlowVaeConfig { encoder: MapConfig::Linear, decoder, prior, sources, channels: sources };
    Ok(ArFlowVae::new(&config, 1, Noise::new(1), DType::F64, &Device::Cpu)?)
}

/// White sources, whose model has a closed form: with the true posterior the bound is the evidence, and all of the
/// recording is normal, of the covariance V Λ (1 + v) Vᵀ + σ² (I - V Vᵀ).
#[test]
fn a_white_model_scores_as_the_dense_normal_density() -> Result<()> {
    let x = recording();
    let held_out = HeldOut::new(x.view(), FITTED, BLOCKS)?;
    let v = LIKELIHOOD.variance;
    for n in 1..=3 {
        let model = model(DecoderConfig::Free(MapConfig::Linear), PriorConfig::Gaussian, n)?;
        let eye = Tensor::eye(n, DType::F64, &Device::Cpu)?.unsqueeze(0)?;
        let mut parameters: BTreeMap<_, _> = model.parameters().restart(0)?;
        parameters.insert("encoder.weight".into(), (&eye / (1.0 + v))?);
        parameters.insert("decoder.weight".into(), eye);
        let log_variance = Tensor::full((v / (1.0 + v)).ln(), (1, n), &Device::Cpu)?;
        parameters.insert("posterior.log_variance".into(), log_variance);
        model.parameters().assign(&parameters)?;
        let whitening = Whitening::fit(held_out.fitted(), n)?;
        let found = held_out.score(&model, &whitening, LIKELIHOOD, Noise::new(2))?;

        let fitted = x.slice(s![..FITTED, ..]);
        let mean = fitted.mean_axis(ndarray::Axis(0)).unwrap();
        let centred = &fitted - &mean;
        let covariance = centred.t().dot(&centred) / FITTED as f64;
        let eigen = DMatrix::from_fn(3, 3, |i, j| covariance[(i, j)]).symmetric_eigen();
        let mut order = [0, 1, 2];
        order.sort_by(|&i, &j| eigen.eigenvalues[j].total_cmp(&eigen.eigenvalues[i]));
        let rest = order[n..].iter().map(|&k| eigen.eigenvalues[k]).sum::<f64>() / (3 - n).max(1) as f64;
        let variance = |rank: usize| if rank < n { eigen.eigenvalues[order[rank]] * (1.0 + v) } else { rest };
        let vector = |rank: usize| eigen.eigenvectors.column(order[rank]);
        let log_density = |r: usize| -> f64 {
            let d = DVector::from_fn(3, |c, _| x[(r, c)] - mean[c]);
            (0..3).map(|k| -0.5 * (vector(k).dot(&d).powi(2) / variance(k) + (TAU * variance(k)).ln())).sum()
        };
        for (block, found) in found.blocks.iter().enumerate() {
            let first = FITTED + 5 * block;
            let expected = (first..first + 5).map(log_density).sum::<f64>() / 5.0;
            assert!((found - expected).abs() < 1e-9, "{n} sources, block {block}: {found} against {expected}");
        }
    }
    Ok(())
}

#[test]
fn another_unit_shifts_every_score_by_its_volume() -> Result<()> {
    let scores = |x: Array2<f64>, n: usize| -> Result<Score> {
        let held_out = HeldOut::new(x.view(), FITTED, BLOCKS)?;
        let model = model(DecoderConfig::Tied, PriorConfig::ArFlow(ArFlowConfig::default()), n)?;
        let whitening = Whitening::fit(held_out.fitted(), n)?;
        held_out.score(&model, &whitening, LIKELIHOOD, Noise::new(2))
    };
    for n in 1..=3 {
        let shift = scores(recording() * 1e3, n)?.behind(&scores(recording(), n)?);
        let expected = 3.0 * 1e3f64.ln();
        assert!(shift.blocks.iter().all(|found| (found - expected).abs() < 1e-9), "{n} sources: {shift:?}");
    }
    Ok(())
}

#[test]
fn channels_that_span_less_end_the_count() -> Result<()> {
    let x = recording();
    let sum = &x.column(0) + &x.column(1);
    let mut x = ndarray::concatenate![ndarray::Axis(1), x, sum.insert_axis(ndarray::Axis(1))];
    assert_eq!(HeldOut::new(x.view(), FITTED, BLOCKS)?.rank(), 3);
    x.fill(1.0);
    assert!(matches!(HeldOut::new(x.view(), FITTED, BLOCKS), Err(Error::Rank { .. })));
    assert!(matches!(HeldOut::new(x.view(), SAMPLES, BLOCKS), Err(Error::Empty)));
    Ok(())
}

#[test]
fn what_is_not_a_number_is_never_chosen() {
    let score = |value: f64| Score { blocks: vec![value, value + 0.1] };
    assert_eq!(simplest_of_the_best(&[score(f64::NAN), score(1.0), score(3.0), score(2.0)]), Some(2));
    assert_eq!(simplest_of_the_best(&[score(f64::NAN)]), None);
}
