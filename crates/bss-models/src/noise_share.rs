//! The noise of the sensors: which share v of each channel's variance it is.
//!
//! With more channels than sources it is plain: what no mixture of the sources explains is noise
//! ([`from_what_is_left`]).
//!
//! With as many, every channel is explained, and only the spectra can tell ([`from_spectra`]). White noise on the channels
//! is a floor under the spectrum of every source, v g_j with g_j known from the demixing. A source's own spectrum,
//! autoregressive here, fills that floor only if it is itself nearly white; the likelihood of v is that of all
//! periodograms (Whittle's). Where no source tells the two apart it is flat, and the mean over it says how much noise
//! there may be, of any order of magnitude alike.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// p of the sources' spectra: a resonance. More lags would explain floors as well.
const ORDER: usize = 2;
/// Samples in a stretch that a periodogram is taken of.
const STRETCH: usize = 128;
/// No share is less: -60 dB stand for no noise.
const LEAST: f64 = 1e-6;
/// No share is more: there is a signal.
const MOST: f64 = 1.0 - LEAST;
/// Rounds of expectation and maximisation for each share, which begins where the next smaller one ended. They are slow to
/// tell the floor from a broad line; ten times fewer leave sines under noise unexplained.
const ROUNDS: usize = 200;
/// The largest reflection coefficient.
const STEEPEST: f64 = 1.0 - 1e-9;
/// What spectra may say of v, as powers of ten: from [`LEAST`] to -10 dB.
const TENTHS: std::ops::RangeInclusive<i32> = -60..=-10;

/// v from the variance that is left when the sources are taken out of channels that span more dimensions than there are
/// sources.
///
/// # Shapes
/// `x` (samples, channels); `span` (channels, channels), the projection on what the channels span; `demixing` (channels,
/// sources); `mixing` (channels, sources), its least-squares inverse.
#[must_use]
pub(crate) fn from_what_is_left(
    x: ArrayView2<f64>,
    span: &Array2<f64>,
    demixing: &Array2<f64>,
    mixing: &Array2<f64>,
) -> f64 {
    let variance = x.var_axis(Axis(0), 0.0);
    let rest = span - &demixing.dot(&mixing.t());
    let left: f64 = x.dot(&rest).var_axis(Axis(0), 0.0).sum();
    // As much would be left of noise that was all there is.
    let most: f64 = (&rest * &rest * &variance.insert_axis(Axis(1))).sum();
    let share = left / most;
    if share.is_finite() { share.clamp(LEAST, MOST) } else { LEAST }
}

/// v from the floor under the spectra of as many sources as channels: its mean over the likelihood and a prior in which all
/// orders of magnitude from -60 to -10 dB are alike; -60 dB for recordings too short to tell.
///
/// # Shapes
/// `sources` (samples, sources), of mean zero and unit variance; `gain[j]` = g_j, the variance that noise of v = 1 has in
/// source j.
#[must_use]
pub(crate) fn from_spectra(sources: &Array2<f64>, gain: ArrayView1<f64>) -> f64 {
    if sources.nrows() < 2 * STRETCH {
        return LEAST;
    }
    let mut spectra: Vec<Spectrum> = sources.columns().into_iter().map(Spectrum::new).collect();
    let mut cost = |v: f64| -> f64 { spectra.iter_mut().zip(gain).map(|(spectrum, g)| spectrum.cost(v * g)).sum() };
    let costs: Vec<(f64, f64)> = TENTHS.map(|i| 10f64.powf(0.1 * f64::from(i))).map(|v| (v, cost(v))).collect();
    let lowest = costs.iter().fold(f64::INFINITY, |lowest, (_, cost)| lowest.min(*cost));
    let weighed = costs.iter().map(|(v, cost)| (v, (lowest - cost).exp()));
    let (sum, weight) = weighed.fold((0.0, 0.0), |(sum, weight), (v, w)| (sum + v * w, weight + w));
    // Not a number where the sources are not.
    if (sum / weight).is_finite() { sum / weight } else { LEAST }
}

/// What is needed of one source.
struct Spectrum {
    /// At the frequencies 2πk/[`STRETCH`], k = 1, 2, … below one half.
    periodogram: Vec<f64>,
    /// The autoregression's, fitted so far.
    density: Vec<f64>,
    /// Independent periodograms that the mean one is worth.
    weight: f64,
}

impl Spectrum {
    fn new(s: ArrayView1<f64>) -> Self {
        let samples = s.len();
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
        let periodogram: Vec<f64> = (1..STRETCH / 2).map(power).collect();
        let density = autoregression(&periodogram);
        Self { periodogram, density, weight: samples as f64 / STRETCH as f64 }
    }

    /// Minus Whittle's log-likelihood of the autoregression that fits best over a floor.
    fn cost(&mut self, floor: f64) -> f64 {
        for _ in 0..ROUNDS {
            // The power that the source is expected to have itself, given what it and the floor have together.
            let own = self.density.iter().zip(&self.periodogram).map(|(density, power)| {
                let share = density / (density + floor);
                share * (share * power + floor)
            });
            self.density = autoregression(&own.collect::<Vec<f64>>());
        }
        let all = self.density.iter().map(|density| density + floor).zip(&self.periodogram);
        self.weight * all.map(|(all, power)| all.ln() + power / all).sum::<f64>()
    }
}

/// The spectrum of the autoregression with the same autocovariances as another.
fn autoregression(power: &[f64]) -> Vec<f64> {
    let mut covariance = [0.0; ORDER + 1];
    for (power, waves) in power.iter().zip(WAVES.iter()) {
        covariance[0] += power;
        covariance[1..].iter_mut().zip(waves).for_each(|(covariance, (cos, _))| *covariance += power * cos);
    }
    let (a, innovation) = levinson(&covariance.map(|sum| sum / power.len() as f64));
    let density = |waves: &[(f64, f64); ORDER]| {
        let (re, im) = a.iter().zip(waves).fold((1.0, 0.0), |(re, im), (a, (cos, sin))| (re - a * cos, im - a * sin));
        innovation / (re * re + im * im)
    };
    WAVES.iter().map(density).collect()
}

/// Cosine and sine at each frequency of a periodogram, of each lag.
static WAVES: LazyLock<Vec<[(f64, f64); ORDER]>> = LazyLock::new(|| {
    let wave = |k: usize, lag: usize| (TAU * (k * lag) as f64 / STRETCH as f64).sin_cos();
    let lags = |k: usize| std::array::from_fn(|i| wave(k, i + 1)).map(|(sin, cos)| (cos, sin));
    (1..STRETCH / 2).map(lags).collect()
});

/// The autoregression with these autocovariances, which are those of some spectrum, and the variance of its innovations
/// (Levinson and Durbin).
fn levinson(r: &[f64; ORDER + 1]) -> ([f64; ORDER], f64) {
    let (mut a, mut innovation) = ([0.0; ORDER], r[0]);
    for m in 0..ORDER {
        let known: f64 = (0..m).map(|i| a[i] * r[m - i]).sum();
        // A line spectrum comes as near to one as rounding allows.
        let reflection = ((r[m + 1] - known) / innovation).clamp(-STEEPEST, STEEPEST);
        let before = a;
        for i in 0..m {
            a[i] = before[i] - reflection * before[m - 1 - i];
        }
        a[m] = reflection;
        innovation *= 1.0 - reflection * reflection;
    }
    (a, innovation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bss_nn::{Noise, Purpose};
    use ndarray::{arr1, array};

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

    /// A line is no autoregression, and its floor is all the plainer.
    #[test]
    fn noise_on_a_sine_is_found() {
        let noise = white(1);
        for (share, gain) in [(0.001, 1.0), (0.1, 1.0), (0.3, 40.0)] {
            let noisy = |(r, _): (usize, usize)| f64::sqrt(2.0) * (0.3 * r as f64).sin() + f64::sqrt(share) * noise[r];
            let noisy = Array2::from_shape_fn((2000, 1), noisy) / f64::sqrt(1.0 + share);
            let found = from_spectra(&noisy, arr1(&[gain]).view());
            let expected = share / (1.0 + share) / gain;
            assert!((found / expected).ln().abs() < 0.3, "{found} against {expected}");
        }
    }

    #[test]
    fn noise_on_a_smooth_source_is_found_and_none_is_not() {
        for share in [0.02, 0.1] {
            let found = from_spectra(&noisy(share), arr1(&[2.0]).view());
            assert!((found * 2.0 / share).ln().abs() < 0.3, "{found} against {share} / 2");
        }
        assert!(from_spectra(&noisy(0.0), arr1(&[2.0]).view()) < 1e-4);
    }

    /// The mean of a flat likelihood: 0.1 / ln 10⁵ = 0.0087.
    #[test]
    fn white_sources_leave_it_open_and_short_or_constant_ones_tell_nothing() {
        let column = |values: Vec<f64>| Array2::from_shape_vec((values.len(), 1), values).unwrap();
        let open = from_spectra(&column(white(3)), arr1(&[1.0]).view());
        assert!((0.003..0.03).contains(&open), "{open}");
        for values in [white(3)[..100].to_vec(), vec![0.0; 1000], vec![f64::NAN; 1000]] {
            assert_eq!(from_spectra(&column(values), arr1(&[1.0]).view()), LEAST);
        }
    }

    #[test]
    fn spare_channels_show_the_noise() {
        let (s, mixing) = (white(0), array![[1.0], [2.0], [-1.0]]);
        for share in [0.0, 0.01, 0.2] {
            let noise: Vec<Vec<f64>> = (1..4).map(white).collect();
            let scale = f64::sqrt(share / (1.0 - share));
            let x = |(r, c): (usize, usize)| mixing[(c, 0)] * (s[r] + scale * noise[c][r]);
            let x = Array2::from_shape_fn((s.len(), 3), x);
            let found = from_what_is_left(x.view(), &Array2::eye(3), &(&mixing / 6.0), &mixing);
            assert!((found - share.max(LEAST)).abs() < 0.06 * share + 1e-12, "{found} against {share}");
            // A channel that is the sum of others is no further witness.
            let sum = (x.sum_axis(Axis(1))).insert_axis(Axis(1));
            let x = ndarray::concatenate![Axis(1), x, sum];
            let span = crate::Whitening::of_span(x.view()).unwrap().span();
            let (demixing, mixing) = (array![[1.0], [2.0], [-1.0], [0.0]] / 6.0, array![[1.0], [2.0], [-1.0], [2.0]]);
            let found = from_what_is_left(x.view(), &span, &demixing, &mixing);
            assert!(found > 0.3 * share && found < 3.0 * share.max(LEAST), "{found} against {share}");
        }
    }
}
