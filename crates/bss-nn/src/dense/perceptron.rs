//! Fully connected layers, each with batch normalisation and a rectifier, and a linear layer at the end.

mod frozen;

pub use frozen::Trace;

use std::ops::Range;

use rayon::prelude::*;

use super::batch_norm::{self, Affine, Moments};
use super::product::Sizes;
use super::{FlatParameters, ROWS, Sink, vectorise};
use crate::{Noise, Real};

/// How far the running moments go towards those of each batch.
const MOMENTUM: f64 = 0.1;

/// Where the parameters of a stack of layers are, and how it is evaluated.
///
/// A block is `Y = max(0, BatchNorm(X Wᵀ))`; it needs no bias, which the normalisation would take out again. The last layer
/// is `X Wᵀ + b`.
#[derive(Clone, Debug)]
pub struct Perceptron {
    blocks: Vec<Block>,
    output: Output,
}

#[derive(Clone, Debug)]
struct Block {
    inputs: usize,
    outputs: usize,
    weight: Range<usize>,
    /// γ and β of the batch normalisation, one behind the other.
    affine: Range<usize>,
    /// Their running mean and variance among the statistics, one behind the other.
    running: Range<usize>,
}

#[derive(Clone, Debug)]
struct Output {
    inputs: usize,
    outputs: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

/// What a pass leaves for the way back, in memory that is used again and again.
#[derive(Clone, Debug, Default)]
pub struct Tape<T> {
    layers: Vec<Layer<T>>,
    /// The last layer's values, (rows, outputs).
    pub output: Vec<T>,
    /// The gradients of a layer's output and of its input.
    cotangents: [Vec<T>; 2],
    gradient: Vec<T>,
}

#[derive(Clone, Debug, Default)]
struct Layer<T> {
    /// `X Wᵀ`, and on the way back its gradient.
    hidden: Vec<T>,
    active: Vec<T>,
    moments: Moments<T>,
}

impl Perceptron {
    /// Adds layers of the given widths, of which the first is the number of inputs and the last that of outputs.
    ///
    /// Weights are drawn from N(0, 1/(3 inputs)), the variance of PyTorch's default.
    ///
    /// # Panics
    /// With fewer than two widths.
    pub fn new<T: Real>(
        name: &str,
        widths: &[usize],
        noise: Noise,
        parameters: &mut FlatParameters<T>,
        statistics: &mut FlatParameters<T>,
    ) -> Self {
        let [hidden @ .., outputs] = widths else { panic!("{name} needs widths") };
        let weight = |parameters: &mut FlatParameters<T>, layer: usize, inputs: usize, outputs: usize| {
            let std = (3.0 * inputs as f64).sqrt().recip();
            parameters.normal(format!("{name}.{layer}.weight"), &[outputs, inputs], std, noise)
        };
        let mut blocks = Vec::new();
        for (i, pair) in hidden.windows(2).enumerate() {
            let (inputs, outputs) = (pair[0], pair[1]);
            let weight = weight(parameters, i, inputs, outputs);
            let scale = parameters.constant(format!("{name}.{i}.scale"), &[outputs], 1.0);
            let shift = parameters.constant(format!("{name}.{i}.shift"), &[outputs], 0.0);
            let mean = statistics.constant(format!("{name}.{i}.mean"), &[outputs], 0.0);
            let variance = statistics.constant(format!("{name}.{i}.variance"), &[outputs], 1.0);
            let (affine, running) = (scale.start..shift.end, mean.start..variance.end);
            blocks.push(Block { inputs, outputs, weight, affine, running });
        }
        let inputs = hidden.last().copied().expect("there is at least one width before the last");
        let weight = weight(parameters, blocks.len(), inputs, *outputs);
        let bias = parameters.constant(format!("{name}.{}.bias", blocks.len()), &[*outputs], 0.0);
        Self { blocks, output: Output { inputs, outputs: *outputs, weight, bias } }
    }

    /// Columns of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.blocks.first().map_or(self.output.inputs, |block| block.inputs)
    }

    /// Columns of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.output.outputs
    }

    /// A pass over a batch `x` (rows, inputs), with the batch's own moments, which the running ones follow.
    ///
    /// The result is the tape's `output`, (rows, outputs).
    pub fn forward<T: Real>(
        &self,
        parameters: &FlatParameters<T>,
        statistics: &mut FlatParameters<T>,
        x: &[T],
        tape: &mut Tape<T>,
    ) {
        let rows = x.len() / self.inputs();
        tape.layers.resize_with(self.blocks.len(), Layer::default);
        for (i, block) in self.blocks.iter().enumerate() {
            let (before, layers) = tape.layers.split_at_mut(i);
            let x = before.last().map_or(x, |layer| &layer.active);
            let Layer { hidden, active, moments } = &mut layers[0];
            hidden.resize(rows * block.outputs, T::zero());
            active.resize(rows * block.outputs, T::zero());
            block.sizes(rows).forward(x, &parameters.values[block.weight.clone()], hidden);
            let (mean, variance) = statistics.values[block.running.clone()].split_at_mut(block.outputs);
            batch_norm::moments(hidden, mean, moments);
            follow(mean, &moments.mean);
            follow(variance, &moments.variance);
            batch_norm::forward(hidden, moments, block.affine(parameters), active);
        }
        let x = tape.layers.last().map_or(x, |layer| &layer.active);
        self.output.forward(parameters, x, &mut tape.output);
    }

    /// The way back of the last [`forward`](Self::forward) of the same `x`: from the gradient of the output, which is
    /// overwritten, to those of all parameters, which `sink` takes layer by layer, last layer first, and to that of the
    /// input, where it is asked for.
    pub fn backward<T: Real>(
        &self,
        parameters: &mut FlatParameters<T>,
        x: &[T],
        d_output: &[T],
        tape: &mut Tape<T>,
        d_input: Option<&mut Vec<T>>,
        sink: &mut dyn Sink<T>,
    ) {
        let rows = x.len() / self.inputs();
        let Tape { layers, cotangents: [dy, dx], gradient, .. } = tape;
        let wants_input = |i: usize| i > 0 || d_input.is_some();
        let input = layers.last().map_or(x, |layer| &layer.active);
        if wants_input(self.blocks.len()) {
            dy.resize(rows * self.output.inputs, T::zero());
            self.output.sizes(rows).input_gradient(d_output, &parameters.values[self.output.weight.clone()], dy);
        }
        let at = self.output.weight.start..self.output.bias.end;
        gradient.resize(at.len(), T::zero());
        let (weight, bias) = gradient.split_at_mut(self.output.weight.len());
        self.output.sizes(rows).weight_gradient(d_output, input, weight);
        bias.fill(T::zero());
        vectorise(
            #[inline(always)]
            || {
                for row in d_output.chunks_exact(bias.len()) {
                    bias.iter_mut().zip(row).for_each(|(sum, &d)| *sum += d);
                }
            },
        );
        sink.take(at.clone(), &mut parameters.values[at], gradient);
        for (i, block) in self.blocks.iter().enumerate().rev() {
            let (before, layers) = layers.split_at_mut(i);
            let input = before.last().map_or(x, |layer| &layer.active);
            let Layer { hidden, active, moments } = &mut layers[0];
            let at = block.weight.start..block.affine.end;
            gradient.resize(at.len(), T::zero());
            let (weight, affine) = gradient.split_at_mut(block.weight.len());
            let scale = &parameters.values[block.affine.clone()][..block.outputs];
            batch_norm::backward(hidden, active, dy, moments, scale, affine);
            if wants_input(i) {
                dx.resize(rows * block.inputs, T::zero());
                block.sizes(rows).input_gradient(hidden, &parameters.values[block.weight.clone()], dx);
            }
            block.sizes(rows).weight_gradient(hidden, input, weight);
            sink.take(at.clone(), &mut parameters.values[at], gradient);
            std::mem::swap(dy, dx);
        }
        if let Some(d_input) = d_input {
            d_input.clear();
            d_input.extend_from_slice(dy);
        }
    }
}

/// Moves a running average on.
fn follow<T: Real>(running: &mut [T], batch: &[T]) {
    let share = T::from_f64(MOMENTUM);
    running.iter_mut().zip(batch).for_each(|(running, &batch)| *running += (batch - *running) * share);
}

impl Block {
    fn sizes(&self, rows: usize) -> Sizes {
        Sizes { rows, inputs: self.inputs, outputs: self.outputs, every: 1 }
    }

    fn affine<'a, T: Real>(&self, parameters: &'a FlatParameters<T>) -> Affine<'a, T> {
        let (scale, shift) = parameters.values[self.affine.clone()].split_at(self.outputs);
        Affine { scale, shift }
    }
}

impl Output {
    fn sizes(&self, rows: usize) -> Sizes {
        self.thinned_sizes(rows, 1)
    }

    /// Those of a layer that gives only every `every`-th output.
    fn thinned_sizes(&self, rows: usize, every: usize) -> Sizes {
        Sizes { rows, inputs: self.inputs, outputs: self.outputs.div_ceil(every), every }
    }

    fn forward<T: Real>(&self, parameters: &FlatParameters<T>, x: &[T], y: &mut Vec<T>) {
        let rows = x.len() / self.inputs;
        y.resize(rows * self.outputs, T::zero());
        self.sizes(rows).forward(x, &parameters.values[self.weight.clone()], y);
        y.par_chunks_mut(ROWS * self.outputs).for_each(|rows| self.add_bias(parameters, 1, rows));
    }

    /// `Y + b`, of every `every`-th output.
    fn add_bias<T: Real>(&self, parameters: &FlatParameters<T>, every: usize, y: &mut [T]) {
        let bias: Vec<T> = parameters.values[self.bias.clone()].iter().step_by(every).copied().collect();
        vectorise(
            #[inline(always)]
            || {
                for row in y.chunks_exact_mut(bias.len()) {
                    row.iter_mut().zip(&bias).for_each(|(y, &bias)| *y += bias);
                }
            },
        );
    }
}
