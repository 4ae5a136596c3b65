//! Encoders and decoders as general maps of each sample (AR-Flow VAE, equations 1 and 2).

use bss_nn::{Activation, Initialiser, Linear};
use candle_core::{Result, Tensor};
use nalgebra::DMatrix;

use crate::{Frame, Straightening};

/// The kind of a map from one sample to another.
#[derive(Clone, Debug, PartialEq)]
pub enum MapConfig {
    /// `x W + b`.
    Linear,
    /// `x W + b` and what linear maps of the given hidden widths with an activation between them add to it.
    Perceptron {
        /// The widths of the hidden layers.
        widths: Vec<usize>,
        /// What stands between two linear maps.
        activation: Activation,
    },
    /// A linear map after a [`Straightening`]: an encoder for mixtures whose channels were bent.
    Straightened(Frame),
}

/// A map with parameters of its own for every restart.
#[derive(Clone, Debug)]
pub struct Map {
    straightening: Option<Straightening>,
    affine: Linear,
    perceptron: Option<Perceptron>,
}

/// What is added to a linear map.
#[derive(Clone, Debug)]
struct Perceptron {
    hidden: Vec<Linear>,
    /// The last matrix, (restarts, hidden, outputs).
    last: Tensor,
    activation: Activation,
}

/// The last matrix of a perceptron starts at this share of the usual size.
const SMALL: f64 = 0.1;

impl Map {
    /// A map from `inputs` to `outputs` numbers a sample.
    ///
    /// Its linear part starts with orthonormal columns (or rows, whichever are fewer): on whitened data no direction is
    /// preferred, and none is missed. What bends it starts small or at nothing: training sets out from a linear map.
    ///
    /// # Errors
    /// If the names are taken.
    pub fn new(config: &MapConfig, inputs: usize, outputs: usize, init: &mut Initialiser) -> Result<Self> {
        let weight = orthonormal(init, inputs, outputs)?;
        let affine = Linear { weight, bias: init.constant("bias", &[outputs], 0.0)? };
        let (mut straightening, mut perceptron) = (None, None);
        match config {
            MapConfig::Linear => {}
            MapConfig::Straightened(frame) => {
                straightening = Some(Straightening::new(frame, inputs, &mut init.scope("straightening"))?);
            }
            MapConfig::Perceptron { widths, activation } => {
                let sizes: Vec<usize> = std::iter::once(inputs).chain(widths.iter().copied()).collect();
                let layer =
                    |(i, pair): (usize, &[usize])| Linear::new(pair[0], pair[1], &mut init.scope(&format!("layer{i}")));
                let hidden = sizes.windows(2).enumerate().map(layer).collect::<Result<_>>()?;
                let width = sizes[sizes.len() - 1];
                let mut scope = init.scope(&format!("layer{}", widths.len()));
                let last = scope.normal("weight", &[width, outputs], SMALL / (width as f64).sqrt())?;
                perceptron = Some(Perceptron { hidden, last, activation: *activation });
            }
        }
        Ok(Self { straightening, affine, perceptron })
    }

    /// The whole map, if it is linear.
    #[must_use]
    pub fn linear(&self) -> Option<&Linear> {
        self.linear_after_straightening().filter(|_| !self.straightens())
    }

    /// The linear map that is left after [`straighten`](Self::straighten), if nothing else is.
    #[must_use]
    pub fn linear_after_straightening(&self) -> Option<&Linear> {
        self.perceptron.is_none().then_some(&self.affine)
    }

    /// Whether the map begins with a [`Straightening`].
    #[must_use]
    pub fn straightens(&self) -> bool {
        self.straightening.is_some()
    }

    /// Inputs with the bend taken out of them, and the logarithm of how that changes volumes, (restarts); the
    /// inputs themselves, and `None`, where the map does no such thing.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn straighten(&self, x: &Tensor) -> Result<(Tensor, Option<Tensor>)> {
        let Some(straightening) = &self.straightening else { return Ok((x.clone(), None)) };
        let (straight, log_volume) = straightening.forward(x)?;
        Ok((straight, Some(log_volume)))
    }

    /// The map of what has been [straightened](Self::straighten): (restarts, samples, inputs) -> (restarts, samples,
    /// outputs).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward_straight(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.affine.forward(x)?;
        let Some(Perceptron { hidden, last, activation }) = &self.perceptron else { return Ok(y) };
        let mut h = x.clone();
        for layer in hidden {
            h = activation.forward(&layer.forward(&h)?)?;
        }
        y + h.matmul(last)?
    }

    /// (restarts, samples, inputs) -> (restarts, samples, outputs).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_straight(&self.straighten(x)?.0)
    }
}

/// A parameter `weight`, (restarts, rows, columns), with orthonormal columns or rows.
pub(crate) fn orthonormal(init: &mut Initialiser, rows: usize, columns: usize) -> Result<Tensor> {
    let draw = init.draw("weight", rows * columns);
    let values = draw.into_iter().flat_map(|values| {
        let random = DMatrix::from_row_slice(rows, columns, &values);
        let q = if rows >= columns { random.qr().q() } else { random.transpose().qr().q().transpose() };
        q.transpose().iter().copied().collect::<Vec<_>>()
    });
    let values = values.collect();
    init.insert("weight", &[rows, columns], values)
}
