//! Undoing the bend of the channels before a linear encoder: for mixtures that were distorted one number at a time.
//!
//! ```text
//! z' = h(z U + b) U⁻¹,   log|det ∂z'/∂z| = Σ_c log h_c'
//! ```
//!
//! with an increasing function `h_c` of each column ([`monotone`]). Where U leads from whitened signals to the
//! recording's own channels, this undoes a post-nonlinear mixing `x_c = f_c((A s)_c)`; where U is learned, it undoes
//! two layers, `x = B f(A s)`. At the start `h` is the identity, and so is the whole map: training sets out from
//! the linear model. Being invertible with a known volume, it keeps the density exact:
//! `log p(z) = log p(z') + Σ log h'`.

use bss_nn::{Initialiser, KNOTS, Linear, affine, inverse, knot, monotone};
use candle_core::{Device, Result, Tensor};
use ndarray::Array2;

use crate::Whitening;
use crate::map::orthonormal;

/// The coordinates in which signals are bent.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Given, (components, components), such that each column of `z U` has unit variance.
    Fixed(Array2<f64>),
    /// Learned, for each restart from a random rotation.
    Learned,
}

impl Frame {
    /// The recording's own channels, where as many components are left of them.
    #[must_use]
    pub fn of_channels(whitening: &Whitening) -> Self {
        let mut frame = whitening.inverse.clone();
        for mut column in frame.columns_mut() {
            let deviation = column.dot(&column).sqrt(); // of the channel, if the components are white
            column.mapv_inplace(|v| if deviation > 0.0 { v / deviation } else { v });
        }
        Self::Fixed(frame)
    }
}

/// The map, with parameters of its own for every restart.
#[derive(Clone, Debug)]
pub struct Straightening {
    frame: Linear,
    /// w of [`monotone`] up to a constant, (restarts, components, knots).
    log_slopes: Tensor,
    /// The constants' weights, (1, 1, knots).
    weights: Tensor,
}

impl Straightening {
    /// The identity, for signals of so many components.
    ///
    /// # Errors
    /// If the names are taken, or a fixed frame has another shape.
    pub fn new(frame: &Frame, components: usize, init: &mut Initialiser) -> Result<Self> {
        let log_slopes = init.constant("log_slopes", &[components, KNOTS], 0.0)?;
        let of_parameters = |t: Tensor| t.to_dtype(log_slopes.dtype())?.to_device(log_slopes.device());
        let frame = match frame {
            Frame::Learned => {
                let weight = orthonormal(init, components, components)?;
                Linear { weight, bias: init.constant("bias", &[components], 0.0)? }
            }
            Frame::Fixed(frame) if frame.dim() == (components, components) => {
                let shape = (1, components, components);
                let frame = Tensor::from_vec(frame.iter().copied().collect::<Vec<f64>>(), shape, &Device::Cpu)?;
                let weight = of_parameters(frame.repeat((init.restarts(), 1, 1))?)?;
                let bias = weight.narrow(1, 0, 1)?.squeeze(1)?.zeros_like()?;
                Linear { weight, bias }
            }
            Frame::Fixed(frame) => {
                candle_core::bail!("a frame of shape {:?} does not fit signals of {components} components", frame.dim())
            }
        };
        // Without it, h could grow with U⁻¹ and the encoder shrinking, and β would no longer say how much noise there is.
        let density = (0..KNOTS).map(|k| (-0.5 * knot(k).powi(2)).exp());
        let total: f64 = density.clone().sum();
        let weights = Tensor::from_iter(density.map(|d| d / total), &Device::Cpu)?.reshape((1, 1, KNOTS))?;
        Ok(Self { frame, weights: of_parameters(weights)?, log_slopes })
    }

    /// z' and log|det ∂z'/∂z|, summed over samples: (restarts, samples, components) -> the same, (restarts).
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn forward(&self, z: &Tensor) -> Result<(Tensor, Tensor)> {
        let Linear { weight, bias } = &self.frame;
        // The mean of log h' over N(0, 1) is zero: volumes stay, and with them the scale of the signals.
        let mean = self.log_slopes.broadcast_mul(&self.weights)?.sum_keepdim(2)?;
        let log_slopes = self.log_slopes.broadcast_sub(&mean)?;
        let (h, log_slope) = monotone(&affine(z, weight, bias)?, &log_slopes)?;
        let straight = affine(&h, &inverse(weight)?, &bias.zeros_like()?)?;
        Ok((straight, log_slope.sum((1, 2))?))
    }
}
