//! The passes of a network that is no longer trained: running moments instead of the batch's, so each row is by itself.

use rayon::prelude::*;

use super::{Block, Output, Perceptron};
use crate::Real;
use crate::dense::FlatParameters;
use crate::dense::batch_norm::{self, EPSILON, Moments};

/// Rows that one thread takes at a time: enough for the packing of the weights to be little beside the products, few enough
/// to stay in the cache.
const SHARE: usize = 256;

/// What a pass leaves for the way back to its input, in memory that is used again and again.
#[derive(Clone, Debug, Default)]
pub struct Trace<T> {
    layers: Vec<Traced<T>>,
    /// The last layer's values, of the outputs that were asked for, (rows, outputs).
    pub output: Vec<T>,
    /// The gradients of a layer's output and of its input.
    cotangents: [Vec<T>; 2],
}

/// A block's values, and what its normalisation multiplies by.
#[derive(Clone, Debug, Default)]
struct Traced<T> {
    active: Vec<T>,
    factor: Vec<T>,
}

/// Memory for a pass, which is used again and again.
#[derive(Clone, Debug, Default)]
struct Scratch<T> {
    from: Vec<T>,
    to: Vec<T>,
}

impl Perceptron {
    /// A pass over `x` (rows, inputs) with the running moments, and `after` on what comes out, which it is given by whole
    /// rows: (rows, outputs).
    ///
    /// Threads take shares of the rows and wait for nothing; the bits do not depend on their number.
    #[must_use]
    pub fn infer<T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        statistics: &FlatParameters<T>,
        x: &[T],
        after: impl Fn(&mut [T]) + Sync,
    ) -> Vec<T> {
        let mut y = vec![T::zero(); x.len() / self.inputs() * self.outputs()];
        let shares = y.par_chunks_mut(SHARE * self.outputs()).zip(x.par_chunks(SHARE * self.inputs()));
        shares.for_each_init(Scratch::default, |scratch, (y, x)| {
            let output = self.infer_share(parameters, statistics, x, scratch);
            after(output);
            y.copy_from_slice(output);
        });
        y
    }

    /// The pass over one share, on the calling thread.
    fn infer_share<'a, T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        statistics: &FlatParameters<T>,
        x: &[T],
        scratch: &'a mut Scratch<T>,
    ) -> &'a mut [T] {
        let rows = x.len() / self.inputs();
        let Scratch { from, to } = scratch;
        from.clear();
        from.extend_from_slice(x);
        for block in &self.blocks {
            to.resize(rows * block.outputs, T::zero());
            block.sizes(rows).forward_alone(from, &parameters.values[block.weight.clone()], to);
            let moments = block.running_moments(statistics);
            let (factor, offset) = batch_norm::coefficients(&moments, block.affine(parameters));
            batch_norm::rectify(to, &factor, &offset);
            std::mem::swap(from, to);
        }
        self.output.forward_alone(parameters, from, 1, to);
        to
    }

    /// The same as [`infer`](Self::infer) on the calling thread alone, for [`input_gradient`](Self::input_gradient): of every
    /// `every`-th output, which the trace holds.
    pub fn infer_on<T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        statistics: &FlatParameters<T>,
        x: &[T],
        every: usize,
        trace: &mut Trace<T>,
    ) {
        let rows = x.len() / self.inputs();
        let Trace { layers, output, .. } = trace;
        layers.resize_with(self.blocks.len(), Traced::default);
        let mut from = x;
        for (block, Traced { active, factor }) in self.blocks.iter().zip(layers) {
            active.resize(rows * block.outputs, T::zero());
            block.sizes(rows).forward_alone(from, &parameters.values[block.weight.clone()], active);
            let moments = block.running_moments(statistics);
            let offset;
            (*factor, offset) = batch_norm::coefficients(&moments, block.affine(parameters));
            batch_norm::rectify(active, factor, &offset);
            from = active;
        }
        self.output.forward_alone(parameters, from, every, output);
    }

    /// From the gradient of what the last [`infer_on`](Self::infer_on) gave, with the same `every`, to that of its input,
    /// (rows, inputs).
    pub fn input_gradient<'a, T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        d_output: &[T],
        every: usize,
        trace: &'a mut Trace<T>,
    ) -> &'a mut [T] {
        let rows = d_output.len() / self.output.outputs.div_ceil(every);
        let Trace { layers, cotangents: [dy, dx], .. } = trace;
        dy.resize(rows * self.output.inputs, T::zero());
        let weight = &parameters.values[self.output.weight.clone()];
        self.output.thinned_sizes(rows, every).input_gradient_alone(d_output, weight, dy);
        for (block, Traced { active, factor }) in self.blocks.iter().zip(layers).rev() {
            batch_norm::rectified_gradient(dy, active, factor);
            dx.resize(rows * block.inputs, T::zero());
            block.sizes(rows).input_gradient_alone(dy, &parameters.values[block.weight.clone()], dx);
            std::mem::swap(dy, dx);
        }
        dy
    }
}

impl Output {
    /// Every `every`-th output of `X Wᵀ + b` on the calling thread alone.
    fn forward_alone<T: Real>(&self, parameters: &FlatParameters<T>, x: &[T], every: usize, y: &mut Vec<T>) {
        let sizes = self.thinned_sizes(x.len() / self.inputs, every);
        y.resize(sizes.rows * sizes.outputs, T::zero());
        sizes.forward_alone(x, &parameters.values[self.weight.clone()], y);
        self.add_bias(parameters, every, y);
    }
}

impl Block {
    /// The moments that training has left.
    fn running_moments<T: Real>(&self, statistics: &FlatParameters<T>) -> Moments<T> {
        let (mean, variance) = statistics.values[self.running.clone()].split_at(self.outputs);
        let precision = variance.iter().map(|&v| T::one() / (v + T::from_f64(EPSILON)).root()).collect();
        Moments { mean: mean.to_vec(), precision, variance: variance.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Noise, Purpose};

    /// Against central differences of `Σ c y`, in double precision and away from the rectifiers' corners.
    #[test]
    fn the_gradient_of_the_input_is_that_of_differences() {
        let (mut parameters, mut statistics) = (FlatParameters::<f64>::default(), FlatParameters::default());
        let network = Perceptron::new("p", &[5, 7, 6, 4], Noise::new(1), &mut parameters, &mut statistics);
        let draw = |step, count| Noise::new(2).normal::<f64>(Purpose::Sample, 0, step, count);
        // Running moments and affine parts of a network that was trained.
        for (value, draw) in statistics.values.iter_mut().zip(draw(0, 1000)) {
            *value += 0.3 * draw.abs();
        }
        parameters.values.iter_mut().zip(draw(1, 1000)).for_each(|(value, draw)| *value += 0.2 * draw);
        let x = draw(2, 3 * 5);
        let values = network.infer(&parameters, &statistics, &x, |_| {});
        for every in 1..=4 {
            let thinned = |values: Vec<f64>| -> Vec<f64> {
                values.chunks_exact(4).flat_map(|row| row.iter().copied().step_by(every)).collect()
            };
            let mut trace = Trace::default();
            network.infer_on(&parameters, &statistics, &x, every, &mut trace);
            let expected = thinned(values.clone());
            assert_eq!(trace.output.len(), expected.len());
            assert!(trace.output.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-14));
            let c = draw(3, expected.len());
            let gradient = network.input_gradient(&parameters, &c, every, &mut trace);
            let value = |x: &[f64]| -> f64 {
                thinned(network.infer(&parameters, &statistics, x, |_| {})).iter().zip(&c).map(|(y, c)| y * c).sum()
            };
            assert!(gradient.iter().any(|g| g.abs() > 0.01));
            for (i, gradient) in gradient.iter().enumerate() {
                let moved = |by: f64| {
                    let mut x = x.clone();
                    x[i] += by;
                    value(&x)
                };
                let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((difference - gradient).abs() < 1e-6, "{i}: {difference} against {gradient}");
            }
        }
    }
}
