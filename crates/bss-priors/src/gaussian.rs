//! The prior of a plain VAE: every entry N(0, 1), on its own.

use candle_core::{D, Result, Tensor};

use crate::Prior;

/// `p(s) = Π_r N(s_r; 0, 1)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardGaussian;

impl Prior for StandardGaussian {
    fn log_prob(&self, s: &Tensor) -> Result<Tensor> {
        let steps = s.dim(1)? as f64;
        s.sqr()?.sum(D::Minus2)?.affine(-0.5, -0.5 * steps * std::f64::consts::TAU.ln())
    }

    fn sample(&self, eps: &Tensor) -> Result<Tensor> {
        Ok(eps.clone())
    }
}
