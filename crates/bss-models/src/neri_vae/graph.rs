//! The same model as a graph of candle's own operations: what the fused ones are checked against.

use std::collections::BTreeMap;

use candle_core::{Result, Tensor};

use super::{Latent, NeriVae, SCALE};
use bss_nn::Real;

/// Parameters by name, as [`FlatParameters::tensors`](bss_nn::dense::FlatParameters::tensors) gives them.
type Named = BTreeMap<String, Tensor>;

impl<T: Real> NeriVae<T> {
    /// The terms of [`step`](Self::step) as scalars of a graph, of parameters on any device: reconstruction and divergence.
    ///
    /// `x` is (examples, features), `noise` (examples, K D_z).
    ///
    /// # Errors
    /// As candle's; if a parameter is missing.
    pub fn graph_terms(&self, parameters: &Named, x: &Tensor, noise: &Tensor) -> Result<(Tensor, Tensor)> {
        let config = self.config();
        let (examples, codes) = (x.dim(0)?, config.sources * config.latent);
        let posterior = perceptron("encoder", config.widths.len(), parameters, x)?;
        let mean = posterior.narrow(1, 0, codes)?;
        let (z, divergence) = match config.posterior {
            Latent::Gaussian => {
                let log_variance = posterior.narrow(1, codes, codes)?;
                let z = (&mean + (&log_variance * 0.5)?.exp()?.mul(noise)?)?;
                let entries = ((mean.sqr()? + log_variance.exp()?)? - log_variance)?.affine(0.5, -0.5)?;
                (z, (entries.sum_all()? / examples as f64)?)
            }
            Latent::Delta => (mean.clone(), mean.sum_all()?.zeros_like()?),
        };
        let z = z.reshape((examples * config.sources, config.latent))?;
        let logits = perceptron("decoder", config.widths.len(), parameters, &z)?;
        let sources = (logits.neg()?.exp()? + 1.0)?.recip()?.reshape((examples, config.sources, config.features))?;
        let q = f64::from(config.norm.exponent());
        let mixed = sources.powf(q)?.sum(1)?.powf(1.0 / q)?;
        let distance = (x - mixed)?.abs()?.sum_all()?;
        let constant = config.features as f64 * (2.0 * SCALE).ln();
        Ok((distance.affine(1.0 / (SCALE * examples as f64), constant)?, divergence))
    }
}

/// Blocks of linear map, batch normalisation and rectifier, and a linear map.
fn perceptron(name: &str, blocks: usize, parameters: &Named, x: &Tensor) -> Result<Tensor> {
    let get = |layer: usize, part: &str| {
        let name = format!("{name}.{layer}.{part}");
        parameters.get(&name).ok_or_else(|| candle_core::Error::Msg(format!("tensor {name} is missing")))
    };
    let mut x = x.clone();
    for i in 0..blocks {
        let h = x.matmul(&get(i, "weight")?.t()?)?;
        let centred = h.broadcast_sub(&h.mean_keepdim(0)?)?;
        let std = (centred.sqr()?.mean_keepdim(0)? + 1e-5)?.sqrt()?;
        let normal = centred.broadcast_div(&std)?;
        x = normal.broadcast_mul(get(i, "scale")?)?.broadcast_add(get(i, "shift")?)?.relu()?;
    }
    x.matmul(&get(blocks, "weight")?.t()?)?.broadcast_add(get(blocks, "bias")?)
}
