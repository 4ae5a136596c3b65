//! A linear map for every restart.

use candle_core::{Result, Tensor};

use crate::{Initialiser, affine, inverse};

/// `y = x W + b`, with its own `W` and `b` for every restart.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `W`, shape (restarts, inputs, outputs).
    pub weight: Tensor,
    /// `b`, shape (restarts, outputs).
    pub bias: Tensor,
}

impl Linear {
    /// Parameters `weight` ~ N(0, 1/inputs) and `bias` = 0.
    ///
    /// # Errors
    /// If the names are taken.
    pub fn new(inputs: usize, outputs: usize, init: &mut Initialiser) -> Result<Self> {
        let weight = init.normal("weight", &[inputs, outputs], (inputs as f64).powf(-0.5))?;
        let bias = init.constant("bias", &[outputs], 0.0)?;
        Ok(Self { weight, bias })
    }

    /// Applies the map of each restart to its samples.
    ///
    /// # Shapes
    /// (restarts, samples, inputs) -> (restarts, samples, outputs).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        affine(x, &self.weight, &self.bias)
    }

    /// The map that undoes this one, where it is square: `x = y W⁻¹ - b W⁻¹`.
    ///
    /// # Errors
    /// If the matrices are not square.
    pub fn inverse(&self) -> Result<Self> {
        let weight = inverse(&self.weight)?;
        let origin = affine(&self.bias.unsqueeze(1)?, &weight, &self.bias.zeros_like()?)?;
        Ok(Self { weight, bias: origin.squeeze(1)?.neg()? })
    }
}
