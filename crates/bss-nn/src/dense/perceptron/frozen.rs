//! The passes of a network that is no longer trained: running moments instead of the batch's, so each row is by itself.

use rayon::prelude::*;

use super::{Block, Layer, Perceptron, Tape};
use crate::Real;
use crate::dense::FlatParameters;
use crate::dense::batch_norm::{self, EPSILON, Moments};

/// Rows that one thread takes at a time: enough for the packing of the weights to be little beside the products, few enough
/// to stay in the cache.
const SHARE: usize = 256;

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
        let output = &self.output;
        to.resize(rows * output.outputs, T::zero());
        output.sizes(rows).forward_alone(from, &parameters.values[output.weight.clone()], to);
        let bias = &parameters.values[output.bias.clone()];
        for row in to.chunks_exact_mut(bias.len()) {
            row.iter_mut().zip(bias).for_each(|(y, &bias)| *y += bias);
        }
        to
    }

    /// The same as [`infer`](Self::infer) on a tape, for [`input_gradient`](Self::input_gradient); the result is its `output`.
    pub fn infer_on<T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        statistics: &FlatParameters<T>,
        x: &[T],
        tape: &mut Tape<T>,
    ) {
        self.pass(parameters, x, tape, |block, _, moments| *moments = block.running_moments(statistics));
    }

    /// From the gradient of the output of the last [`infer_on`](Self::infer_on) to that of its input, (rows, inputs).
    #[must_use]
    pub fn input_gradient<T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        d_output: &[T],
        tape: &mut Tape<T>,
    ) -> Vec<T> {
        let rows = d_output.len() / self.output.outputs;
        let Tape { layers, cotangents: [dy, dx], .. } = tape;
        dy.resize(rows * self.output.inputs, T::zero());
        self.output.sizes(rows).input_gradient(d_output, &parameters.values[self.output.weight.clone()], dy);
        for (block, Layer { active, moments, .. }) in self.blocks.iter().zip(layers).rev() {
            let scale = block.affine(parameters).scale;
            let slope: Vec<T> =
                scale.iter().zip(&moments.precision).map(|(&scale, &precision)| scale * precision).collect();
            for (dy, y) in dy.chunks_exact_mut(block.outputs).zip(active.chunks_exact(block.outputs)) {
                let entries = dy.iter_mut().zip(y).zip(&slope);
                entries.for_each(|((dy, &y), &slope)| *dy = if y > T::zero() { *dy * slope } else { T::zero() });
            }
            dx.resize(rows * block.inputs, T::zero());
            block.sizes(rows).input_gradient(dy, &parameters.values[block.weight.clone()], dx);
            std::mem::swap(dy, dx);
        }
        dy.clone()
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
        let (x, c) = (draw(2, 3 * 5), draw(3, 3 * 4));
        let mut tape = Tape::default();
        network.infer_on(&parameters, &statistics, &x, &mut tape);
        let alone = network.infer(&parameters, &statistics, &x, |_| {});
        assert!(alone.iter().zip(&tape.output).all(|(alone, all)| (alone - all).abs() < 1e-14));
        let gradient = network.input_gradient(&parameters, &c, &mut tape);
        let value = |x: &[f64]| -> f64 {
            network.infer(&parameters, &statistics, x, |_| {}).iter().zip(&c).map(|(y, c)| y * c).sum()
        };
        assert!(gradient.iter().any(|g| g.abs() > 0.1));
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
