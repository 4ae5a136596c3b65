//! Encoders and decoders as general maps of each sample (AR-Flow VAE, equations 1 and 2).

use bss_nn::{Activation, Initialiser, Linear};
use candle_core::{Result, Tensor};
use nalgebra::DMatrix;

/// The kind of a map from one sample to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapConfig {
    /// `x W + b`.
    Linear,
    /// Linear maps of the given hidden widths with an activation between them.
    Perceptron {
        /// The widths of the hidden layers.
        widths: Vec<usize>,
        /// What stands between two linear maps.
        activation: Activation,
    },
}

/// A map with parameters of its own for every restart.
#[derive(Clone, Debug)]
pub struct Map {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Map {
    /// A map from `inputs` to `outputs` numbers a sample.
    ///
    /// A linear map starts with orthonormal columns (or rows, whichever are fewer): on whitened data no direction is
    /// preferred, and none is missed.
    ///
    /// # Errors
    /// If the names are taken.
    pub fn new(config: &MapConfig, inputs: usize, outputs: usize, init: &mut Initialiser) -> Result<Self> {
        let MapConfig::Perceptron { widths, activation } = config else {
            let weight = orthonormal(init, inputs, outputs)?;
            let bias = init.constant("bias", &[outputs], 0.0)?;
            return Ok(Self { layers: vec![Linear { weight, bias }], activation: Activation::Tanh });
        };
        let sizes: Vec<usize> =
            std::iter::once(inputs).chain(widths.iter().copied()).chain(std::iter::once(outputs)).collect();
        let layer = |(i, pair): (usize, &[usize])| Linear::new(pair[0], pair[1], &mut init.scope(&format!("layer{i}")));
        let layers = sizes.windows(2).enumerate().map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, activation: *activation })
    }

    /// The only layer, if the map is linear.
    #[must_use]
    pub fn linear(&self) -> Option<&Linear> {
        match self.layers.as_slice() {
            [linear] => Some(linear),
            _ => None,
        }
    }

    /// (restarts, samples, inputs) -> (restarts, samples, outputs).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut y = x.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            let input = if i == 0 { y } else { self.activation.forward(&y)? };
            y = layer.forward(&input)?;
        }
        Ok(y)
    }
}

/// A parameter `weight`, (restarts, rows, columns), with orthonormal columns or rows.
fn orthonormal(init: &mut Initialiser, rows: usize, columns: usize) -> Result<Tensor> {
    let draw = init.draw("weight", rows * columns);
    let values = draw.into_iter().flat_map(|values| {
        let random = DMatrix::from_row_slice(rows, columns, &values);
        let q = if rows >= columns { random.qr().q() } else { random.transpose().qr().q().transpose() };
        q.transpose().iter().copied().collect::<Vec<_>>()
    });
    let values = values.collect();
    init.insert("weight", &[rows, columns], values)
}
