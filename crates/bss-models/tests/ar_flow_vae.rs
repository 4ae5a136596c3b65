//! The AR-Flow VAE: gradients reach all of it, its bound is one, and restarts do not mix.

use std::collections::BTreeMap;

use bss_models::{
    ArFlowObjective, ArFlowSeparator, ArFlowVae, ArFlowVaeConfig, DecoderConfig, Frame, GaussianLikelihood, MapConfig,
    Objective, PriorConfig, Separator, Whitening, least_squares_mixing,
};
use bss_nn::{Activation, Noise, Purpose};
use bss_priors::{ArFlowConfig, Base};
use candle_core::{DType, Device, Result, Tensor};
use ndarray::{Array2, Axis};

const SOURCES: usize = 3;

fn mlp() -> MapConfig {
    MapConfig::Perceptron { widths: vec![6, 5], activation: Activation::LeakyRelu }
}

/// Some channels that signals of three components may have come from.
fn channels() -> Frame {
    Frame::Fixed(ndarray::array![[0.9, 0.1, -0.3], [0.4, 0.8, 0.2], [0.1, -0.6, 0.9]])
}

/// Every kind of encoder, decoder and prior at least once.
fn table() -> Vec<(&'static str, ArFlowVaeConfig)> {
    let flow = ArFlowConfig::default();
    let ar_flow = |base| PriorConfig::ArFlow(ArFlowConfig { base, ..flow });
    let ar = PriorConfig::ArFlow(ArFlowConfig { hidden: 0, order: 2, ..flow });
    let free = |map| DecoderConfig::Free(map);
    let row =
        |encoder, decoder, prior, channels| ArFlowVaeConfig { encoder, decoder, prior, sources: SOURCES, channels };
    vec![
        ("tied", row(MapConfig::Linear, DecoderConfig::Tied, ar_flow(Base::Gaussian), 3)),
        ("linear", row(MapConfig::Linear, free(MapConfig::Linear), ar_flow(Base::Mixture(4)), 5)),
        ("mlp", row(mlp(), free(mlp()), ar, 4)),
        ("post-nonlinear", row(MapConfig::Straightened(channels()), DecoderConfig::Tied, ar_flow(Base::Mixture(4)), 3)),
        ("two-layer", row(MapConfig::Straightened(Frame::Learned), DecoderConfig::Tied, ar_flow(Base::Gaussian), 3)),
        ("straightened", row(MapConfig::Straightened(Frame::Learned), free(MapConfig::Linear), ar, 4)),
        ("plain", row(MapConfig::Linear, free(mlp()), PriorConfig::Gaussian, 3)),
    ]
}

fn random(stream: u64, dims: &[usize]) -> Result<Tensor> {
    let values: Vec<f64> = Noise::new(8).normal(Purpose::Sample, 0, stream, dims.iter().product());
    Tensor::from_vec(values, dims, &Device::Cpu)
}

fn model(config: &ArFlowVaeConfig, restarts: usize) -> Result<ArFlowVae> {
    ArFlowVae::new(config, restarts, Noise::new(1), DType::F64, &Device::Cpu)
}

#[test]
fn every_named_parameter_gets_a_finite_gradient_that_is_not_zero() -> Result<()> {
    for (name, config) in table() {
        let model = model(&config, 2)?;
        let x = random(0, &[2, 30, config.channels])?;
        let loss = model.terms(&x, &random(1, &[2, 30, SOURCES])?)?.loss(0.3)?;
        let grads = loss.sum_all()?.backward()?;
        for (parameter, var) in model.parameters().iter() {
            let grad = grads.get(var).unwrap_or_else(|| panic!("{name}: {parameter} has no gradient"));
            for k in 0..2 {
                let norm = grad.get(k)?.sqr()?.sum_all()?.to_scalar::<f64>()?;
                assert!(norm.is_finite() && norm > 0.0, "{name}: restart {k} of {parameter} has norm {norm}");
            }
        }
    }
    Ok(())
}

/// The gradient of the whole objective along a random direction of all parameters, against a central difference.
#[test]
fn the_objectives_gradient_agrees_with_finite_differences() -> Result<()> {
    for (name, config) in table() {
        let model = model(&config, 1)?;
        let (x, eps) = (random(0, &[1, 30, config.channels])?, random(1, &[1, 30, SOURCES])?);
        let loss = || model.terms(&x, &eps)?.loss(0.3)?.sum_all();
        let grads = loss()?.backward()?;
        let start = model.parameters().restart(0)?;
        let mut slope = 0.0;
        let mut direction = BTreeMap::new();
        for (i, (parameter, var)) in model.parameters().iter().enumerate() {
            let d = random(50 + i as u64, var.dims())?;
            slope += (grads.get(var).unwrap() * &d)?.sum_all()?.to_scalar::<f64>()?;
            direction.insert(parameter.to_owned(), d);
        }
        let at = |step: f64| -> Result<f64> {
            let moved = start.iter().map(|(p, value)| Ok((p.clone(), (value + (&direction[p] * step)?)?)));
            model.parameters().assign(&moved.collect::<Result<_>>()?)?;
            loss()?.to_scalar()
        };
        let numeric = (at(1e-6)? - at(-1e-6)?) / 2e-6;
        assert!((slope - numeric).abs() < 1e-6 * slope.abs().max(1.0), "{name}: {slope} against {numeric}");
    }
    Ok(())
}

/// What is traced of a linear encoder tells its means up to a constant, for every restart.
#[test]
fn the_traced_demixing_is_that_of_the_means() -> Result<()> {
    for (name, config) in table() {
        let x = random(0, &[30, config.channels])?;
        let objective = ArFlowObjective::new(model(&config, 2)?, &x, Noise::new(1))?;
        let traces: BTreeMap<_, _> = objective.traces()?.into_iter().collect();
        assert!(traces.values().all(|trace| trace.dim(0).unwrap() == 2), "{name}");
        assert_eq!(traces.contains_key("demixing"), config.encoder == MapConfig::Linear, "{name}");
        let Some(demixing) = traces.get("demixing") else { continue };
        let x = x.broadcast_as((2, 30, config.channels))?.contiguous()?;
        let rest = (objective.model.encoder_mean(&x)? - x.matmul(demixing)?)?;
        let scatter = rest.broadcast_sub(&rest.mean_keepdim(1)?)?.abs()?.max_all()?.to_scalar::<f64>()?;
        assert!(scatter < 1e-12, "{name}: {scatter}");
    }
    let row = |channels| ArFlowVaeConfig { sources: 16, channels, ..table().swap_remove(1).1 };
    let is_traced = |channels: usize| -> Result<bool> {
        let objective = ArFlowObjective::new(model(&row(channels), 1)?, &random(0, &[30, channels])?, Noise::new(1))?;
        Ok(objective.traces()?.iter().any(|(name, _)| *name == "demixing"))
    };
    assert!(is_traced(16)? && !is_traced(17)?, "large matrices would fill the log");
    Ok(())
}

#[test]
fn restarts_do_not_mix() -> Result<()> {
    for (name, config) in table() {
        let x = random(0, &[30, config.channels])?;
        let terms = |restarts| ArFlowObjective::new(model(&config, restarts)?, &x, Noise::new(1))?.terms(4);
        let (alone, together) = (terms(1)?, terms(3)?);
        for (one, many) in [
            (&alone.reconstruction, &together.reconstruction),
            (&alone.log_prior, &together.log_prior),
            (&alone.log_posterior, &together.log_posterior),
        ] {
            assert_eq!(one.to_vec1::<f64>()?[0], many.to_vec1::<f64>()?[0], "{name}");
        }
        let losses = together.loss(0.1)?.to_vec1::<f64>()?;
        assert!(losses[0] != losses[1] && losses[1] != losses[2], "{name}: {losses:?}");
    }
    Ok(())
}

/// One source, one channel, `x = d s + noise`: the evidence is N(0, d² + v), the posterior N(x d/(d²+v), v/(d²+v)).
/// With that posterior the bound is the evidence for every noise; with any other it is less on average.
#[test]
fn the_bound_is_the_evidence_at_the_true_posterior_and_less_elsewhere() -> Result<()> {
    const SAMPLES: usize = 4000;
    let (d, variance) = (1.7f64, 0.4f64);
    let config = ArFlowVaeConfig {
        encoder: MapConfig::Linear,
        decoder: DecoderConfig::Free(MapConfig::Linear),
        prior: PriorConfig::Gaussian,
        sources: 1,
        channels: 1,
    };
    let model = model(&config, 1)?;
    let x = (random(0, &[1, SAMPLES, 1])? * 1.3)?;
    let squares = x.sqr()?.sum_all()?.to_scalar::<f64>()?;
    let total = d * d + variance;
    let evidence = -0.5 * (squares / total + SAMPLES as f64 * (std::f64::consts::TAU * total).ln());
    let elbo = |gain: f64, q: f64| -> Result<f64> {
        let value = |v: f64, dims: &[usize]| Tensor::full(v, dims, &Device::Cpu);
        let parameters = BTreeMap::from([
            ("encoder.weight".to_owned(), value(gain, &[1, 1, 1])?),
            ("encoder.bias".to_owned(), value(0.0, &[1, 1])?),
            ("decoder.weight".to_owned(), value(d, &[1, 1, 1])?),
            ("decoder.bias".to_owned(), value(0.0, &[1, 1])?),
            ("posterior.log_variance".to_owned(), value(q.ln(), &[1, 1])?),
        ]);
        model.parameters().assign(&parameters)?;
        let terms = model.terms(&x, &random(1, &[1, SAMPLES, 1])?)?;
        Ok(terms.elbo(GaussianLikelihood { variance })?.to_vec1::<f64>()?[0])
    };
    let exact = elbo(d / total, variance / total)?;
    assert!((exact - evidence).abs() < 1e-9 * evidence.abs(), "{exact} against {evidence}");
    for (gain, q) in [(0.8 * d / total, variance / total), (d / total, 2.0 * variance / total), (0.1, 0.5)] {
        let found = elbo(gain, q)?;
        assert!(found < evidence - 10.0, "gain {gain}, variance {q}: {found} against {evidence}");
    }
    Ok(())
}

/// β = 2 v_y makes J the negative bound, up to scale and constants: both order models alike.
#[test]
fn the_objective_is_the_bound_up_to_scale_and_constants() -> Result<()> {
    let (_, config) = table().swap_remove(1);
    let (beta, samples) = (0.3, 30);
    let x = random(0, &[4, samples, config.channels])?;
    let terms = model(&config, 4)?.terms(&x, &random(1, &[4, samples, SOURCES])?)?;
    let likelihood = GaussianLikelihood { variance: 0.5 * beta };
    let (losses, bounds) = (terms.loss(beta)?.to_vec1::<f64>()?, terms.elbo(likelihood)?.to_vec1::<f64>()?);
    let entries = (samples * config.channels) as f64;
    let constant = 0.5 * beta * (std::f64::consts::TAU * likelihood.variance).ln();
    for (loss, bound) in losses.iter().zip(&bounds) {
        let expected = -beta * bound / entries - constant;
        assert!((loss - expected).abs() < 1e-10, "{loss} against {expected}");
    }
    Ok(())
}

#[test]
fn a_tied_decoder_inverts_the_encoder() -> Result<()> {
    let (_, config) = table().swap_remove(0);
    let model = model(&config, 2)?;
    let x = random(0, &[2, 30, config.channels])?;
    let gap = (model.decode(&model.encoder_mean(&x)?)? - &x)?.abs()?.max_all()?.to_scalar::<f64>()?;
    assert!(gap < 1e-12, "{gap}");
    Ok(())
}

#[test]
fn a_tied_decoder_needs_a_linear_square_encoder() {
    let (_, config) = table().swap_remove(0);
    for config in [ArFlowVaeConfig { channels: 4, ..config.clone() }, ArFlowVaeConfig { encoder: mlp(), ..config }] {
        let error = model(&config, 1).unwrap_err().to_string();
        assert!(error.contains("decoder.kind"), "{error}");
    }
}

/// Regression on sources gives back the matrix they were mixed with, and ends on sources that are no numbers.
#[test]
fn least_squares_finds_the_mixing_and_always_ends() {
    let s = Array2::from_shape_fn((80, 2), |(r, j)| ((0.3 + 0.2 * j as f64) * r as f64).sin());
    let a = Array2::from_shape_fn((3, 2), |(c, j)| (c + 1) as f64 - 1.5 * j as f64);
    let found = least_squares_mixing((s.dot(&a.t()) + 7.0).view(), s.view());
    assert!((found - &a).iter().all(|gap| gap.abs() < 1e-6));
    let unequal = Array2::from_shape_fn((80, 2), |(r, j)| s[(r, j)] * [1.0, 1e-5][j]);
    let found = least_squares_mixing((s.dot(&a.t()) + 7.0).view(), unequal.view());
    assert!(found.column(1).iter().zip(a.column(1)).all(|(found, a)| (found * 1e-5 - a).abs() < 1e-6));
    let x = Array2::<f64>::ones((80, 3));
    for value in [f64::NAN, f64::INFINITY, 0.0] {
        assert!(least_squares_mixing(x.view(), Array2::from_elem((80, 2), value).view()).iter().all(|&v| v == 0.0));
    }
}

/// Estimates follow the convention whatever the model, and a linear decoder's mixing gives back the recording.
#[test]
fn estimates_follow_the_convention() -> bss_models::Result<()> {
    let x = Array2::from_shape_fn((80, 5), |(r, c)| ((0.1 + 0.13 * c as f64) * r as f64).sin() * (c + 1) as f64 + 3.0);
    for (name, config) in table() {
        let whitening = Whitening::fit(x.view(), config.channels)?;
        let separator = ArFlowSeparator::new(model(&config, 1)?, whitening, x.view())?;
        let estimate = separator.separate(x.view())?;
        for (j, source) in estimate.sources.axis_iter(Axis(1)).enumerate() {
            let mean = source.mean().unwrap();
            assert!(mean.abs() < 1e-9 && (source.std(0.0) - 1.0).abs() < 1e-9, "{name}: source {j}");
        }
        let explained = &separator.convention.explained;
        assert!(explained.windows(2).all(|pair| pair[0] >= pair[1]), "{name}: {explained:?}");
        assert!(estimate.std.iter().all(|&v| v > 0.0));
        let Some(mixing) = &estimate.mixing else { continue };
        for column in mixing.columns() {
            let largest = column.iter().copied().fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
            assert!(largest > 0.0, "{name}: {column}");
        }
    }
    // Tied and square: nothing is lost.
    let x = x.select(Axis(1), &[0, 1, 2]);
    let (_, config) = table().swap_remove(0);
    let separator = ArFlowSeparator::new(model(&config, 1)?, Whitening::fit(x.view(), 3)?, x.view())?;
    let estimate = separator.separate(x.view())?;
    let rebuilt = estimate.sources.dot(&estimate.mixing.clone().unwrap().t()) + &x.mean_axis(Axis(0)).unwrap();
    assert!((rebuilt - &x).iter().all(|v| v.abs() < 1e-9));
    Ok(())
}
