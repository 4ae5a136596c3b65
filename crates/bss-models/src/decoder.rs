//! Decoders: from sources back to observations (AR-Flow VAE, equation 2).

use bss_nn::{Initialiser, Linear, inverse};
use candle_core::{Result, Tensor};

use crate::{Map, MapConfig};

/// The kind of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub enum DecoderConfig {
    /// A map with parameters of its own, as in the paper.
    Free(MapConfig),
    /// The inverse of a linear, square encoder: `x̂ = (s - b) E⁻¹`. Of an encoder that straightens its inputs first, the
    /// inverse of what comes after: x̂ is straight as well.
    ///
    /// Near the deterministic limit a VAE's decoder inverts its encoder; tying both removes the direction in which they
    /// would have to turn together.
    Tied,
}

/// The map g of equation 2.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// With parameters of its own.
    Free(Map),
    /// The inverse of this encoder.
    Tied(Linear),
}

impl Decoder {
    /// A decoder from `sources` to `channels` numbers a sample.
    ///
    /// # Errors
    /// If a tied decoder is asked for and the encoder is not linear and square.
    pub fn new(
        config: &DecoderConfig,
        encoder: &Map,
        sources: usize,
        channels: usize,
        init: &mut Initialiser,
    ) -> Result<Self> {
        match (config, encoder.linear_after_straightening()) {
            (DecoderConfig::Free(MapConfig::Straightened(_)), _) => {
                candle_core::bail!("a decoder cannot straighten: that is for encoders")
            }
            (DecoderConfig::Free(map), _) => Ok(Self::Free(Map::new(map, sources, channels, init)?)),
            (DecoderConfig::Tied, Some(linear)) if sources == channels => Ok(Self::Tied(linear.clone())),
            (DecoderConfig::Tied, _) => candle_core::bail!(
                "decoder.kind is \"tied\", which needs an encoder without a perceptron and as many channels (after \
                 whitening) as sources; set decoder.kind to \"linear\" or \"mlp\""
            ),
        }
    }

    /// (restarts, samples, sources) -> (restarts, samples, channels).
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, s: &Tensor) -> Result<Tensor> {
        match self {
            Self::Free(map) => map.forward(s),
            Self::Tied(linear) => linear.inverse()?.forward(s),
        }
    }

    /// D of `x̂ = s D + b` where the decoder is linear, (restarts, sources, channels).
    ///
    /// # Errors
    /// As candle's.
    pub fn matrix(&self) -> Result<Option<Tensor>> {
        match self {
            Self::Free(map) => Ok(map.linear().map(|linear| linear.weight.clone())),
            Self::Tied(linear) => Ok(Some(inverse(&linear.weight)?)),
        }
    }
}
