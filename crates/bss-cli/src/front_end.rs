//! What stands between sound and a model of datasets: short-time Fourier transforms, of which it sees the magnitudes.

use anyhow::{Context as _, Result, ensure};
use bss_data::{Complex32, Spectra};
use bss_models::{Magnitudes, Norm};
use ndarray::Array2;

use crate::config::{self, Config};

/// The front-end of a model.
#[derive(Debug, Clone)]
pub(crate) struct FrontEnd {
    /// From sound to spectra, and back.
    pub(crate) spectra: Spectra,
    /// From spectra to what the model sees.
    pub(crate) magnitudes: Magnitudes,
    /// Samples per second that all sound is brought to; the files' own if absent.
    pub(crate) sample_rate: Option<f64>,
}

impl FrontEnd {
    /// That of the settings; `None` where the model takes values as they are.
    ///
    /// # Errors
    /// Sizes that do not go together, naming the section.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>> {
        let config::FrontEndConfig { kind, points, hop, bins, frames, pool, power, adds, mask } = config.front_end;
        if kind == config::FrontEnd::None {
            return Ok(None);
        }
        let spectra = Spectra::new(points, hop, bins, frames).context("front-end")?;
        ensure!(
            frames.is_multiple_of(pool),
            "front-end.pool is {pool}, expected a divisor of front-end.frames, which is {frames}"
        );
        let [energies, energy_masks] = [adds, mask].map(|of| of == config::Amount::Energies);
        let magnitudes = Magnitudes { power: power as f32, pool, energies, energy_masks };
        Ok(Some(Self { spectra, magnitudes, sample_rate: config.data.sample_rate }))
    }

    /// How the values of sources make those of a mixture.
    ///
    /// # Errors
    /// Powers for which the network has no norm.
    pub(crate) fn norm(config: &Config) -> Result<Norm> {
        let config::FrontEndConfig { kind, power, adds, .. } = config.front_end;
        if kind == config::FrontEnd::None || adds == config::Amount::Magnitudes {
            // As in the paper, whose magnitudes nearly add up; powers below 1 do less so.
            return Ok(Norm::One);
        }
        if power == 1.0 {
            return Ok(Norm::Two);
        }
        ensure!(power == 0.5, "front-end.power is {power}, expected 1 or 0.5 where front-end.adds is energies");
        Ok(Norm::Four)
    }

    /// The shape of what a model sees of an example.
    pub(crate) fn shape(&self) -> Vec<usize> {
        let (bins, frames) = self.spectra.dim();
        vec![bins, frames / self.magnitudes.pool]
    }

    /// The signal of a spectrum (2, bins, frames), seen through gains (bins, frames).
    pub(crate) fn heard(&self, spectrum: &[f32], gains: &[f32]) -> Vec<f64> {
        let (re, im) = spectrum.split_at(gains.len());
        let (bins, frames) = self.spectra.dim();
        let bin = |(bin, frame): (usize, usize)| {
            let i = bin * frames + frame;
            Complex32::new(gains[i] * re[i], gains[i] * im[i])
        };
        self.spectra.inverse(Array2::from_shape_fn((bins, frames), bin).view())
    }

    /// The values of a spectrum.
    pub(crate) fn stored(&self) -> usize {
        let (bins, frames) = self.spectra.dim();
        2 * bins * frames
    }

    /// The frequency of the uppermost bin in Hz and the seconds of an example, at so many samples per second.
    pub(crate) fn extent(&self, sample_rate: f64) -> (f64, f64) {
        let top = self.spectra.dim().0 as f64 / self.spectra.stft().points() as f64;
        (top * sample_rate, self.spectra.samples() as f64 / sample_rate)
    }

    /// The signals of the sources (K, features) of a mixture x that has this spectrum.
    pub(crate) fn stems(&self, spectrum: &[f32], x: &[f32], sources: &[f32], mask: bool) -> Vec<Vec<f64>> {
        let gains = self.magnitudes.gains(x, sources, mask);
        gains.chunks_exact(spectrum.len() / 2).map(|gains| self.heard(spectrum, gains)).collect()
    }

    /// The spectrum of a signal, (2, bins, frames): real parts, then imaginary ones.
    pub(crate) fn spectrum(&self, signal: &[f64]) -> Vec<f32> {
        let spectrum = self.spectra.forward(signal);
        spectrum.iter().map(|bin| bin.re).chain(spectrum.iter().map(|bin| bin.im)).collect()
    }
}
