//! The AR-Flow VAE (Wei et al. 2026): a demixing encoder, a remixing decoder, a prior of its own for every source.

use bss_nn::{Initialiser, Noise, Parameters, Purpose};
use bss_posteriors::{DiagonalGaussian, Posterior};
use bss_priors::{ArFlow, ArFlowConfig, Prior, StandardGaussian};
use candle_core::{DType, Device, Result, Tensor};

use crate::{Decoder, DecoderConfig, Map, MapConfig, Objective, Terms};

/// The prior of each source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PriorConfig {
    /// N(0, 1) at every step: a plain VAE, which cannot tell sources apart.
    Gaussian,
    /// The AR-flow prior, or with no hidden units the linear AR prior.
    ArFlow(ArFlowConfig),
}

/// Settings of an [`ArFlowVae`].
#[derive(Clone, Debug, PartialEq)]
pub struct ArFlowVaeConfig {
    /// f of equation 1.
    pub encoder: MapConfig,
    /// g of equation 2.
    pub decoder: DecoderConfig,
    /// p(s_j) of equation 11.
    pub prior: PriorConfig,
    /// n, the number of sources.
    pub sources: usize,
    /// m, the number of channels the encoder sees (after whitening).
    pub channels: usize,
}

/// The largest demixing matrix that is traced: its entries grow with the square of the sources, and so would the log.
const TRACED_ENTRIES: usize = 256;

/// The variance q_j that every posterior starts with.
const INITIAL_VARIANCE: f64 = 0.05;

/// The model, with parameters for one or more restarts.
#[derive(Debug)]
pub struct ArFlowVae {
    parameters: Parameters,
    encoder: Map,
    log_variance: Tensor,
    decoder: Decoder,
    prior: SourcePrior,
}

#[derive(Debug)]
enum SourcePrior {
    Gaussian(StandardGaussian),
    ArFlow(ArFlow),
}

impl ArFlowVae {
    /// Initial parameters, drawn from `noise`, for `restarts` restarts.
    ///
    /// # Errors
    /// If settings do not go together, or the device refuses the tensors.
    pub fn new(config: &ArFlowVaeConfig, restarts: usize, noise: Noise, dtype: DType, device: &Device) -> Result<Self> {
        let ArFlowVaeConfig { encoder, decoder, prior, sources, channels } = config;
        let mut parameters = Parameters::new(restarts, dtype, device);
        let mut init = Initialiser::new(&mut parameters, noise);
        let encoder = Map::new(encoder, *channels, *sources, &mut init.scope("encoder"))?;
        let decoder = Decoder::new(decoder, &encoder, *sources, *channels, &mut init.scope("decoder"))?;
        let log_variance = init.scope("posterior").constant("log_variance", &[*sources], INITIAL_VARIANCE.ln())?;
        let prior = match prior {
            PriorConfig::Gaussian => SourcePrior::Gaussian(StandardGaussian),
            PriorConfig::ArFlow(config) => {
                SourcePrior::ArFlow(ArFlow::new(*config, *sources, &mut init.scope("prior"))?)
            }
        };
        Ok(Self { parameters, encoder, log_variance, decoder, prior })
    }

    /// All parameters, by name.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// μ of equation 1: the posterior means for whitened mixtures (restarts, samples, channels).
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn encoder_mean(&self, x: &Tensor) -> Result<Tensor> {
        self.encoder.forward(x)
    }

    /// q(S | X) of equation 7 for whitened mixtures (restarts, samples, channels).
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn encode(&self, x: &Tensor) -> Result<DiagonalGaussian> {
        DiagonalGaussian::new(self.encoder_mean(x)?, self.log_variance.clone())
    }

    /// x̂ of equation 2 for sources (restarts, samples, sources); straight where the encoder
    /// [straightens](Map::straighten) its inputs.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn decode(&self, s: &Tensor) -> Result<Tensor> {
        self.decoder.forward(s)
    }

    /// The encoder's matrix where it is linear, (restarts, channels, sources).
    #[must_use]
    pub fn encoder_weight(&self) -> Option<&Tensor> {
        self.encoder.linear().map(|linear| &linear.weight)
    }

    /// The decoder's matrix where the mixtures are linear in the sources, (restarts, sources, channels).
    ///
    /// # Errors
    /// As candle's.
    pub fn mixing(&self) -> Result<Option<Tensor>> {
        if self.encoder.straightens() { Ok(None) } else { self.decoder.matrix() }
    }

    /// The prior of the sources.
    #[must_use]
    pub fn prior(&self) -> &dyn Prior {
        match &self.prior {
            SourcePrior::Gaussian(prior) => prior,
            SourcePrior::ArFlow(prior) => prior,
        }
    }

    /// The terms of Algorithm 1, lines 4-15, with the given noise.
    ///
    /// # Shapes
    /// x (restarts, samples, channels), eps (restarts, samples, sources).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn terms(&self, x: &Tensor, eps: &Tensor) -> Result<Terms> {
        let (straight, log_volume) = self.encoder.straighten(x)?;
        let posterior = DiagonalGaussian::new(self.encoder.forward_straight(&straight)?, self.log_variance.clone())?;
        let s = posterior.rsample(eps)?;
        let log_prior = self.prior().log_prob(&s)?.sum(1)?;
        Ok(Terms {
            reconstruction: bss_nn::squared_error(&self.decode(&s)?, &straight)?,
            log_prior: match log_volume {
                Some(log_volume) => (log_prior + log_volume)?,
                None => log_prior,
            },
            log_posterior: posterior.log_prob_of_noise(eps)?.sum(1)?,
            entries: x.dim(1)? * x.dim(2)?,
        })
    }
}

/// An [`ArFlowVae`] on the recording it is fitted to.
#[derive(Debug)]
pub struct ArFlowObjective {
    /// The model.
    pub model: ArFlowVae,
    x: Tensor,
    noise: Noise,
    sources: usize,
}

impl ArFlowObjective {
    /// The model on whitened mixtures (samples, channels).
    ///
    /// # Errors
    /// If the device refuses the tensors.
    pub fn new(model: ArFlowVae, x: &Tensor, noise: Noise) -> Result<Self> {
        let (samples, channels) = x.dims2()?;
        let restarts = model.parameters.restarts();
        let x = x.to_device(model.parameters.device())?.to_dtype(model.parameters.dtype())?;
        let x = x.broadcast_as((restarts, samples, channels))?.contiguous()?;
        let sources = model.log_variance.dim(1)?;
        Ok(Self { model, x, noise, sources })
    }

    /// The noise of an iteration, the same for every restart: losses then differ by what the restarts have found, and
    /// not by what they drew, and rank them to a fraction of a nat.
    fn eps(&self, iteration: u64) -> Result<Tensor> {
        let (restarts, samples, _) = self.x.dims3()?;
        let values = self.noise.bulk_normal(Purpose::Reparameterise, 1, iteration, samples * self.sources);
        Tensor::from_vec(values, (1, samples, self.sources), &Device::Cpu)?
            .to_dtype(self.x.dtype())?
            .to_device(self.x.device())?
            .broadcast_as((restarts, samples, self.sources))?
            .contiguous()
    }
}

impl Objective for ArFlowObjective {
    fn parameters(&self) -> &Parameters {
        &self.model.parameters
    }

    fn terms(&self, iteration: u64) -> Result<Terms> {
        self.model.terms(&self.x, &self.eps(iteration)?)
    }

    fn traces(&self) -> Result<Vec<(&'static str, Tensor)>> {
        let mut traces = vec![("posterior_variance", self.model.log_variance.exp()?)];
        if let SourcePrior::ArFlow(prior) = &self.model.prior {
            traces.push(("ar_coefficient", prior.coefficients().clone()));
            traces.push(("innovation_scale", prior.innovation_scale()?));
        }
        let is_small = |weight: &&Tensor| weight.dims()[1..].iter().product::<usize>() <= TRACED_ENTRIES;
        if let Some(weight) = self.model.encoder_weight().filter(is_small) {
            traces.push(("demixing", weight.clone()));
        }
        Ok(traces)
    }
}
