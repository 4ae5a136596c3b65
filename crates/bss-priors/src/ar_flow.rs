//! The autoregressive-flow prior of a source (AR-Flow VAE, equations 12-28), and the linear AR prior it contains.

use bss_nn::Initialiser;
use candle_core::{Result, Tensor};

use crate::scan::{self, Layout};
use crate::{Bijector, Prior};

/// The density of the noise ε that drives a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// N(0, 1), as in the paper (equation 25): given the past, a source is then Gaussian.
    Gaussian,
    /// A mixture of so many Gaussians, learned for each source: innovations of any shape, the density still exact.
    Mixture(usize),
}

/// Settings of an [`ArFlow`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArFlowConfig {
    /// p, the order of the autoregression; 1 in the paper.
    pub order: usize,
    /// H, the width of the hidden state; 0 switches the flow off and leaves a linear AR prior.
    pub hidden: usize,
    /// κ of equation 17, in (0, 1): the log-scale of an innovation stays within ±κ.
    pub kappa: f64,
    /// The density of ε.
    pub base: Base,
}

impl Default for ArFlowConfig {
    fn default() -> Self {
        Self { order: 1, hidden: 8, kappa: 0.8, base: Base::Gaussian }
    }
}

/// A prior with parameters of its own for every source of every restart.
///
/// ```text
/// s_r = a₁ s_{r-1} + … + a_p s_{r-p} + σ u_r          (14)
/// u_r = b_r + exp(α_r) ε_r                            (15)
/// b_r = w⁽ᵇ⁾·h_{r-1} + c⁽ᵇ⁾                           (16)
/// α_r = κ tanh(w⁽ᵅ⁾·h_{r-1} + c⁽ᵅ⁾)                   (17)
/// h_r = tanh(W⁽ʰ⁾ h_{r-1} + W⁽ᵋ⁾ ε_r + c⁽ᵋ⁾)          (18)
/// ```
///
/// with `s_1 … s_p ~ N(0, σ₀²)` (12), `h_p = 0` (19) and ε from the base density.
#[derive(Clone, Debug)]
pub struct ArFlow {
    config: ArFlowConfig,
    /// a, (restarts, sources, order).
    coefficients: Tensor,
    /// log σ and log σ₀, each (restarts, sources, 1).
    log_scales: [Tensor; 2],
    /// The flow's parameters in the order of [`Layout`], each (restarts, sources, …).
    flow: Vec<Tensor>,
    /// Logits, means and logarithms of the scales of a mixture base, each (restarts, sources, components).
    base: Vec<Tensor>,
}

impl ArFlow {
    /// Parameters for `sources` sources.
    ///
    /// The AR coefficients start spread over the sources (0.1 … 0.95), because identical priors cannot specialise.
    ///
    /// # Errors
    /// If a setting is out of range, or the names are taken.
    pub fn new(config: ArFlowConfig, sources: usize, init: &mut Initialiser) -> Result<Self> {
        let ArFlowConfig { order, hidden, kappa, base } = config;
        if order == 0 {
            candle_core::bail!("prior.order is 0, expected 1 or more");
        }
        if !(kappa > 0.0 && kappa < 1.0) {
            candle_core::bail!("prior.kappa is {kappa}, expected a number between 0 and 1");
        }
        let spread = |j: usize| 0.1 + 0.85 * j as f64 / (sources.max(2) - 1) as f64;
        let a: Vec<f64> =
            (0..sources).flat_map(|j| (0..order).map(move |k| if k == 0 { spread(j) } else { 0.0 })).collect();
        let coefficients = init.values("a", &[sources, order], &a)?;
        let log_scales =
            [init.constant("log_sigma", &[sources, 1], 0.5f64.ln())?, init.constant("log_sigma0", &[sources, 1], 0.0)?];
        let (mut flow, mut mixture) = (Vec::new(), Vec::new());
        if hidden > 0 {
            let h = hidden;
            flow.push(init.normal("w_h", &[sources, h, h], 0.3 / (h as f64).sqrt())?);
            flow.push(init.normal("w_b", &[sources, h], 0.1)?);
            flow.push(init.normal("w_alpha", &[sources, h], 0.1)?);
            flow.push(init.normal("w_eps", &[sources, h], 0.5)?);
            flow.push(init.constant("c_h", &[sources, h], 0.0)?);
            flow.push(init.constant("c_b", &[sources, 1], 0.0)?);
            flow.push(init.constant("c_alpha", &[sources, 1], 0.0)?);
        }
        if let Base::Mixture(components) = base {
            if !(2..=scan::MAX_COMPONENTS).contains(&components) {
                let most = scan::MAX_COMPONENTS;
                candle_core::bail!("prior.components is {components}, expected 2 to {most}");
            }
            let mean = |k: usize| k as f64 / (components - 1) as f64 - 0.5;
            let means: Vec<f64> = (0..sources).flat_map(|_| (0..components).map(mean)).collect();
            mixture.push(init.constant("base.logits", &[sources, components], 0.0)?);
            mixture.push(init.values("base.means", &[sources, components], &means)?);
            mixture.push(init.constant("base.log_scales", &[sources, components], 0.8f64.ln())?);
        }
        Ok(Self { config, coefficients, log_scales, flow, base: mixture })
    }

    /// The AR coefficients a, (restarts, sources, order).
    #[must_use]
    pub fn coefficients(&self) -> &Tensor {
        &self.coefficients
    }

    /// The innovation scales σ, (restarts, sources).
    ///
    /// # Errors
    /// As candle's.
    pub fn innovation_scale(&self) -> Result<Tensor> {
        self.log_scales[0].squeeze(2)?.exp()
    }

    fn layout(&self) -> Layout {
        let components = match self.config.base {
            Base::Gaussian => 0,
            Base::Mixture(components) => components,
        };
        let ArFlowConfig { order, hidden, kappa, .. } = self.config;
        Layout { order, hidden, components, kappa }
    }

    /// All parameters, (restarts, sources, `layout.len()`).
    fn theta(&self) -> Result<Tensor> {
        let parts = self.flow.iter().chain(&self.base).chain([&self.coefficients]).chain(&self.log_scales);
        let flat = parts.map(|part| part.flatten_from(2)).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&flat, 2)
    }
}

impl Prior for ArFlow {
    fn log_prob(&self, s: &Tensor) -> Result<Tensor> {
        scan::log_density(s, &self.theta()?, self.layout())
    }

    /// With a mixture base, each `eps` is first carried to the mixture's quantile of the same probability.
    fn sample(&self, eps: &Tensor) -> Result<Tensor> {
        let eps = match self.config.base {
            Base::Gaussian => eps.clone(),
            Base::Mixture(_) => {
                crate::mixture::transport(eps, &self.base[0], &self.base[1], &self.base[2], self.config.order)?
            }
        };
        Ok(scan::trajectory(&eps, &self.theta()?, self.layout())?.0)
    }
}

impl Bijector for ArFlow {
    fn forward(&self, eps: &Tensor) -> Result<(Tensor, Tensor)> {
        scan::trajectory(eps, &self.theta()?, self.layout())
    }

    fn inverse(&self, s: &Tensor) -> Result<(Tensor, Tensor)> {
        scan::noise(s, &self.theta()?, self.layout())
    }
}
