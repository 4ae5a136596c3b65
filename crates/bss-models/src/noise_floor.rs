//! The noise of the sensors, as far as the sources' spectra give it away.
//!
//! White noise on the channels, of the same share v of each channel's variance, is a floor under the spectrum of every
//! source, v g_j with g_j known from the demixing. A source's own spectrum, autoregressive here, fills that floor only if
//! it is itself nearly white. The share that explains all periodograms best (Whittle's likelihood) is the estimate;
//! where no source tells the two apart, the likelihood is flat and the answer is that no noise was found.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, ArrayView1};

/// p of the sources' spectra.
const ORDER: usize = 4;
/// Samples in a stretch that a periodogram is taken of.
const STRETCH: usize = 128;
/// The share that stands for no noise found: -60 dB.
const NONE: f64 = 1e-6;
/// So many nats better than [`NONE`] a share must be, lest the misfit of a spectrum is taken for noise.
const EVIDENCE: f64 = 10.0;

/// The share v of each channel's variance that is white noise; 10⁻⁶ where none was found.
///
/// # Shapes
/// `sources` (samples, sources), of mean zero and unit variance; `gain[j]` = g_j, the variance that noise of v = 1 has in
/// source j.
#[must_use]
pub fn noise_floor(sources: &Array2<f64>, gain: &[f64]) -> f64 {
    if sources.nrows() < 2 * STRETCH {
        return NONE;
    }
    let spectra: Vec<Spectrum> = sources.columns().into_iter().map(Spectrum::new).collect();
    let cost = |v: f64| -> f64 { spectra.iter().zip(gain).map(|(spectrum, g)| spectrum.cost(v * g)).sum() };
    let shares = (0..49).map(|i| 10f64.powf(-5.0 + 0.1 * f64::from(i)));
    let (best, lowest) = shares.map(|v| (v, cost(v))).fold((NONE, f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a });
    // Not a number where the sources are not, and then not larger either.
    if cost(NONE) - lowest > EVIDENCE { best } else { NONE }
}

/// What is needed of one source.
struct Spectrum {
    /// At lags 0 … [`ORDER`].
    autocovariance: [f64; ORDER + 1],
    /// At the frequencies 2πk/[`STRETCH`], k = 1, 2, … below one half.
    periodogram: Vec<f64>,
    /// Independent periodograms that the mean one is worth.
    weight: f64,
}

impl Spectrum {
    fn new(s: ArrayView1<f64>) -> Self {
        let samples = s.len();
        let covariance = |lag: usize| (lag..samples).map(|r| s[r] * s[r - lag]).sum::<f64>() / samples as f64;
        let window: Vec<f64> = (0..STRETCH).map(|i| (PI * (i as f64 + 0.5) / STRETCH as f64).sin().powi(2)).collect();
        let energy: f64 = window.iter().map(|w| w * w).sum();
        let starts: Vec<usize> = (0..=samples - STRETCH).step_by(STRETCH / 2).collect();
        let power = |k: usize| {
            let of_stretch = |&start: &usize| {
                let (mut re, mut im) = (0.0, 0.0);
                for (i, w) in window.iter().enumerate() {
                    let (sin, cos) = (TAU * (k * i % STRETCH) as f64 / STRETCH as f64).sin_cos();
                    re += w * s[start + i] * cos;
                    im += w * s[start + i] * sin;
                }
                (re * re + im * im) / energy
            };
            starts.iter().map(of_stretch).sum::<f64>() / starts.len() as f64
        };
        Self {
            autocovariance: std::array::from_fn(covariance),
            periodogram: (1..STRETCH / 2).map(power).collect(),
            weight: samples as f64 / STRETCH as f64,
        }
    }

    /// Minus Whittle's log-likelihood of an autoregression plus a floor; infinite where no autoregression is left.
    fn cost(&self, floor: f64) -> f64 {
        let mut r = self.autocovariance;
        r[0] -= floor;
        let Some((a, innovation)) = levinson(&r) else { return f64::INFINITY };
        let term = |(i, &power): (usize, &f64)| {
            let turn = TAU * (i + 1) as f64 / STRETCH as f64;
            let response =
                |f: fn(f64) -> f64| -> f64 { a.iter().enumerate().map(|(k, a)| a * f(turn * (k + 1) as f64)).sum() };
            let (re, im) = (1.0 - response(f64::cos), response(f64::sin));
            let density = innovation / (re * re + im * im) + floor;
            density.ln() + power / density
        };
        self.weight * self.periodogram.iter().enumerate().map(term).sum::<f64>()
    }
}

/// The autoregression with these autocovariances, and the variance of its innovations (Levinson and Durbin); `None`
/// where there is no stable one.
fn levinson(r: &[f64; ORDER + 1]) -> Option<([f64; ORDER], f64)> {
    let (mut a, mut innovation) = ([0.0; ORDER], r[0]);
    for m in 0..ORDER {
        let known: f64 = (0..m).map(|i| a[i] * r[m - i]).sum();
        let reflection = (r[m + 1] - known) / innovation;
        let before = a;
        for i in 0..m {
            a[i] = before[i] - reflection * before[m - 1 - i];
        }
        a[m] = reflection;
        innovation *= 1.0 - reflection * reflection;
        if innovation.is_nan() || innovation <= 1e-9 {
            return None;
        }
    }
    Some((a, innovation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bss_nn::{Noise, Purpose};

    fn white(stream: u64) -> Vec<f64> {
        Noise::new(5).normal(Purpose::Sample, 0, stream, 2000)
    }

    /// A resonance of unit variance with a share of white noise.
    fn noisy(share: f64) -> Array2<f64> {
        let (drive, noise) = (white(0), white(1));
        let mut s = vec![0.0; drive.len()];
        for r in 2..s.len() {
            s[r] = 1.8 * s[r - 1] - 0.94 * s[r - 2] + drive[r];
        }
        let deviation = (s.iter().map(|v| v * v).sum::<f64>() / s.len() as f64).sqrt();
        Array2::from_shape_fn((s.len(), 1), |(r, _)| s[r] / deviation + share.sqrt() * noise[r])
    }

    #[test]
    fn noise_on_a_smooth_source_is_found_and_none_is_not() {
        for share in [0.1, 0.3] {
            let found = noise_floor(&noisy(share), &[2.0]);
            assert!((found * 2.0 / share).ln().abs() < 0.3, "{found} against {share} / 2");
        }
        assert!(noise_floor(&noisy(0.0), &[2.0]) < 1e-4);
    }

    #[test]
    fn white_sources_short_ones_and_none_at_all_give_no_noise() {
        let column = |values: Vec<f64>| Array2::from_shape_vec((values.len(), 1), values).unwrap();
        for values in [white(3), white(3)[..100].to_vec(), vec![0.0; 1000], vec![f64::NAN; 1000]] {
            assert_eq!(noise_floor(&column(values), &[1.0]), NONE);
        }
    }
}
