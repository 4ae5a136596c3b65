//! Activation functions of multilayer perceptrons.

use candle_core::{Result, Tensor};

/// A function applied to every entry between two linear maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `tanh x`.
    Tanh,
    /// `max(0, x)`.
    Relu,
    /// `x` for `x > 0`, else `0.1 x`: invertible, as a demixing should be.
    LeakyRelu,
    /// `x / (1 + e⁻ˣ)`.
    Silu,
}

impl Activation {
    /// Applies the function to every entry; the shape stays.
    ///
    /// # Errors
    /// As candle's.
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Tanh => x.tanh(),
            Self::Relu => x.relu(),
            Self::LeakyRelu => x.relu()? - (x.neg()?.relu()? * 0.1)?,
            Self::Silu => x.silu(),
        }
    }
}
