//! The fused step against the graph in double precision, and its laws.

use std::collections::BTreeMap;
use std::ops::Range;

use bss_models::{
    Batch, ExampleModel as _, Glo, Latent, NeriConfig, NeriVae, Norm, Refinement, SeparatesExamples as _,
};
use bss_nn::dense::{FlatAdam, FlatAdamConfig, Sink};
use bss_nn::{Noise, Purpose, Real};
use candle_core::{Device, Result, Tensor, Var};

/// Keeps gradients instead of following them.
struct Keep<T>(Vec<T>);

impl<T: Real> Sink<T> for Keep<T> {
    fn take(&mut self, at: Range<usize>, _: &mut [T], gradient: &[T]) {
        self.0[at].copy_from_slice(gradient);
    }
}

const EXAMPLES: usize = 37;

fn config(sources: usize, posterior: Latent) -> NeriConfig {
    NeriConfig { features: 23, widths: vec![17, 11], latent: 3, sources, posterior, norm: Norm::One }
}

fn mixtures<T: Real>() -> Vec<T> {
    let values: Vec<f64> = Noise::new(5).normal(Purpose::Sample, 0, 0, EXAMPLES * 23);
    values.into_iter().map(|v| T::from_f64(1.0 / (1.0 + v.exp()))).collect()
}

/// Loss terms and the gradient of all parameters.
fn fused<T: Real>(config: &NeriConfig, beta: f64) -> (NeriVae<T>, [f64; 2], Vec<T>) {
    let mut model = NeriVae::<T>::new(config.clone(), Noise::new(1));
    let noise = Noise::new(2).normal(Purpose::Reparameterise, 0, 0, model.draws(EXAMPLES));
    let mut keep = Keep(vec![T::zero(); model.parameters.values.len()]);
    let terms = model.step(&mixtures(), &noise, beta, &mut keep);
    (model, [terms.reconstruction, terms.divergence], keep.0)
}

#[test]
fn the_fused_step_agrees_with_the_graph_in_double_precision() -> Result<()> {
    let of_norm = |norm| NeriConfig { norm, ..config(3, Latent::Gaussian) };
    let others = [config(2, Latent::Gaussian), config(2, Latent::Delta), of_norm(Norm::Two), of_norm(Norm::Four)];
    for config in others {
        let (model, terms, gradient) = fused::<f64>(&config, 0.5);
        let vars: BTreeMap<String, Var> = (model.parameters.tensors()?.into_iter())
            .map(|(name, tensor)| Ok((name, Var::from_tensor(&tensor)?)))
            .collect::<Result<_>>()?;
        let parameters = vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())).collect();
        let x = Tensor::from_vec(mixtures::<f64>(), (EXAMPLES, 23), &Device::Cpu)?;
        let codes = config.sources * config.latent;
        let noise = Noise::new(2).normal::<f64>(Purpose::Reparameterise, 0, 0, EXAMPLES * codes);
        let noise = Tensor::from_vec(noise, (EXAMPLES, codes), &Device::Cpu)?;
        let (reconstruction, divergence) = model.graph_terms(&parameters, &x, &noise)?;
        let of_graph = [reconstruction.to_scalar::<f64>()?, divergence.to_scalar::<f64>()?];
        for (fused, graph) in terms.iter().zip(of_graph) {
            assert!((fused - graph).abs() <= 1e-10 * graph.abs(), "{fused} against {graph}");
        }
        let grads = (reconstruction + (divergence * 0.5)?)?.backward()?;
        for slot in model.parameters.slots() {
            let graph = grads.get(&vars[&slot.name]).unwrap().flatten_all()?.to_vec1::<f64>()?;
            let largest = graph.iter().fold(0.0f64, |a, b| a.max(b.abs()));
            assert!(largest > 0.0 && largest.is_finite(), "{} has no gradient", slot.name);
            for (fused, graph) in gradient[slot.range.clone()].iter().zip(graph) {
                assert!((fused - graph).abs() < 1e-10 * largest, "{}: {fused} against {graph}", slot.name);
            }
        }
    }
    Ok(())
}

#[test]
fn single_precision_agrees_with_double() {
    let config = config(2, Latent::Gaussian);
    let (model, terms, double) = fused::<f64>(&config, 0.5);
    let (_, single_terms, single) = fused::<f32>(&config, 0.5);
    assert!((terms[0] - single_terms[0]).abs() < 1e-4 && (terms[1] - single_terms[1]).abs() < 1e-4);
    for slot in model.parameters.slots() {
        let largest = double[slot.range.clone()].iter().fold(0.0f64, |a, b| a.max(b.abs()));
        for (single, double) in single[slot.range.clone()].iter().zip(&double[slot.range.clone()]) {
            assert!((f64::from(*single) - double).abs() < 2e-3 * largest, "{}: {single}, {double}", slot.name);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let config = NeriConfig { widths: vec![170, 130], ..config(2, Latent::Gaussian) };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (model, terms, gradient) = fused::<f32>(&config, 0.5);
            (terms, gradient, model.statistics.values.clone(), model.separate(&mixtures()))
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}

#[test]
fn a_loss_that_is_not_finite_moves_nothing() {
    let config = config(2, Latent::Gaussian);
    let mut model = NeriVae::<f32>::new(config, Noise::new(1));
    let mut x = mixtures::<f32>();
    x[5] = f32::NAN;
    let noise = vec![0.0; model.draws(EXAMPLES)];
    let mut keep = Keep(vec![7.0; model.parameters.values.len()]);
    let terms = model.step(&x, &noise, 0.5, &mut keep);
    assert!(terms.loss(0.5).is_nan());
    assert!(keep.0.iter().all(|&g| g == 7.0));
}

#[test]
fn a_weight_that_is_no_number_shows_in_the_loss_and_in_the_estimate() {
    let fresh = || NeriVae::<f32>::new(config(2, Latent::Gaussian), Noise::new(1));
    let noise = vec![0.5; fresh().draws(EXAMPLES)];
    for slot in fresh().parameters.slots() {
        let mut model = fresh();
        model.parameters.values[slot.range.start] = f32::NAN;
        assert!(model.separate(&mixtures()).iter().any(|s| s.is_nan()), "{}", slot.name);
        let terms = model.step(&mixtures(), &noise, 0.5, &mut Keep(vec![0.0; model.parameters.values.len()]));
        assert!(!terms.loss(0.5).is_finite(), "{}", slot.name);
    }
}

#[test]
fn an_example_is_separated_the_same_alone_and_in_company() {
    let (model, ..) = fused::<f64>(&config(3, Latent::Gaussian), 0.5);
    let x = mixtures::<f64>();
    let all = model.separate(&x);
    assert!(all.iter().all(|s| (0.0..=1.0).contains(s)));
    for (i, x) in x.chunks_exact(23).enumerate() {
        let alone = model.separate(x);
        for (alone, all) in alone.iter().zip(&all[i * 69..]) {
            assert!((alone - all).abs() < 1e-12);
        }
    }
}

#[test]
fn refining_brings_sources_nearer_to_their_mixture_and_leaves_each_by_itself() {
    let config = config(2, Latent::Gaussian);
    let (mut model, ..) = fused::<f64>(&config, 0.5);
    // Weights large enough for the decoder to bend.
    model.parameters.values.iter_mut().for_each(|value| *value *= 3.0);
    let x = mixtures::<f64>();
    let distance = |sources: &[f64]| -> f64 {
        let examples = x.chunks_exact(23).zip(sources.chunks_exact(46));
        examples.map(|(x, s)| (0..23).map(|i| (x[i] - s[i] - s[23 + i]).abs()).sum::<f64>()).sum()
    };
    let refinement = Refinement { beta: 0.0, ..Refinement::default() };
    let (before, after) = (model.separate(&x), model.separate_refined(&x, refinement));
    assert!(distance(&after) < 0.97 * distance(&before), "{} after {}", distance(&after), distance(&before));
    let alone = model.separate_refined(&x[5 * 23..6 * 23], refinement);
    for (alone, all) in alone.iter().zip(&after[5 * 46..]) {
        assert!((alone - all).abs() < 1e-9);
    }
    // Rounds keep what costs least, in each example by itself.
    assert_eq!(Refinement::new(50, 0, 0.5), Refinement { steps: 50, rate: 0.05, ..Refinement::default() });
    assert_eq!([5, 200].map(|steps| Refinement::new(steps, 0, 0.5).rate), [0.125, 0.0125]);
    let refinement = Refinement { rounds: 2, ..refinement };
    let renewed = model.separate_refined(&x, refinement);
    let pairs = after.chunks_exact(46).zip(renewed.chunks_exact(46)).zip(x.chunks_exact(23));
    let distances: Vec<[f64; 2]> = pairs
        .map(|((after, renewed), x)| {
            [after, renewed].map(|s| (0..23).map(|i| (x[i] - s[i] - s[23 + i]).abs()).sum::<f64>())
        })
        .collect();
    assert!(distances.iter().all(|[after, renewed]| renewed <= after));
    assert!(distances.iter().any(|[after, renewed]| *renewed < 0.9 * after), "{distances:?}");
    let alone = model.separate_refined(&x[5 * 23..6 * 23], refinement);
    assert!(alone.iter().zip(&renewed[5 * 46..]).all(|(alone, all)| (alone - all).abs() < 1e-9));
}

#[test]
fn descents_that_look_at_some_values_do_as_well_by_all() {
    // Four latent dimensions, of which each is told by 10 of 211 values: every fifth is looked at.
    let config = NeriConfig { features: 211, latent: 2, ..config(2, Latent::Gaussian) };
    let model = NeriVae::<f64>::new(config, Noise::new(1));
    let z: Vec<f64> = Noise::new(3).normal(Purpose::Sample, 0, 0, 4 * 40);
    let truth = model.generate(&z);
    let x: Vec<f64> = truth.chunks_exact(422).flat_map(|s| (0..211).map(|i| s[i] + s[211 + i])).collect();
    let distances = |sources: &[f64]| -> Vec<f64> {
        let examples = x.chunks_exact(211).zip(sources.chunks_exact(422));
        examples.map(|(x, s)| (0..211).map(|i| (x[i] - s[i] - s[211 + i]).abs()).sum::<f64>()).collect()
    };
    let refinement = Refinement { steps: 200, beta: 0.0, ..Refinement::default() };
    let (before, after) = (distances(&model.separate(&x)), distances(&model.separate_refined(&x, refinement)));
    let nearer = before.iter().zip(&after).filter(|(before, after)| **after < 0.2 * **before).count();
    assert!(nearer >= 20, "{nearer} of 40: {before:?} {after:?}");
}

#[test]
fn the_gradients_of_generative_latent_optimisation_are_slopes_of_its_loss() {
    let config = NeriConfig { widths: vec![32, 16], ..config(2, Latent::Delta) };
    let model = Glo::new(config, EXAMPLES, Noise::new(1));
    let batch = Batch { x: mixtures(), examples: (0..EXAMPLES as u32).collect(), ..Batch::default() };
    let mut keep = Keep(vec![0.0f32; model.parameters().values.len()]);
    let here = model.clone().step(&batch, 0.3, &mut keep).loss(0.3);
    for slot in model.parameters().slots() {
        let gradient = &keep.0[slot.range.clone()];
        let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        assert!(norm > 0.0 && norm.is_finite(), "{} has no gradient", slot.name);
        // Along the gradient: far enough for single precision to see it, and not across many kinks.
        let length = 2e-5 * here / norm;
        let at = |sign: f64| {
            let mut model = model.clone();
            let values = &mut model.parameters_mut().values[slot.range.clone()];
            values.iter_mut().zip(gradient).for_each(|(v, g)| *v += (sign * length / norm) as f32 * g);
            model.step(&batch, 0.3, &mut Keep(vec![0.0; keep.0.len()])).loss(0.3)
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * length);
        assert!((slope / norm - 1.0).abs() < 0.03, "{}: a slope of {slope} against {norm}", slot.name);
    }
}

#[test]
fn generative_latent_optimisation_learns_its_examples_and_takes_their_sum_apart() {
    // Bars of 6 by 4 pixels: of each example one column is lit.
    let example = |i: usize| (0..24).map(move |p| if p % 6 == i % 6 { 0.9f32 } else { 0.05 });
    let config = NeriConfig { features: 24, widths: vec![32, 16], ..config(2, Latent::Delta) };
    let mut model = Glo::new(config, 60, Noise::new(1));
    let mut adam = FlatAdam::<f32>::new(FlatAdamConfig::default(), model.parameters().values.len());
    let batch = Batch { x: (0..60).flat_map(example).collect(), examples: (0..60).collect(), ..Batch::default() };
    let mut losses = Vec::new();
    for _ in 0..400 {
        losses.push(model.step(&batch, 0.1, &mut adam.step(0.01)).reconstruction);
    }
    assert!(losses[399] < losses[0] - 3.0, "{} after {}", losses[399], losses[0]);
    // A mixture is the mean of the examples, and its sources are their halves.
    let halves = [1, 4].map(|i| example(i).map(|value| value / 2.0).collect::<Vec<f32>>());
    let [first, second] = &halves;
    let x: Vec<f32> = first.iter().zip(second).map(|(a, b)| a + b).collect();
    let sources = model.separate(&x);
    let error = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let straight = error(&sources[..24], first).max(error(&sources[24..], second));
    let crossed = error(&sources[..24], second).max(error(&sources[24..], first));
    assert!(straight.min(crossed) < 0.15, "{sources:?}");
}

#[test]
fn the_spread_is_that_of_sources_drawn_from_the_posterior() {
    let (model, ..) = fused::<f64>(&config(2, Latent::Gaussian), 0.5);
    let x = mixtures::<f64>();
    let (few, many) = (model.spread(&x, 16, Noise::new(3)), model.spread(&x, 2000, Noise::new(4)));
    assert_eq!(few.len(), EXAMPLES * 2 * 23);
    assert!(many.iter().all(|s| *s > 0.0 && *s < 0.5));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean(&few) / mean(&many) - 1.0).abs() < 0.05, "{} against {}", mean(&few), mean(&many));
    let (point, ..) = fused::<f64>(&config(2, Latent::Delta), 0.5);
    assert!(point.spread(&x, 16, Noise::new(3)).iter().all(|s| *s == 0.0));
}
