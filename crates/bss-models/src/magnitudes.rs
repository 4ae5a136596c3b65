//! Spectra as a model of magnitudes sees them.

/// How spectra become values from 0 to 1: `x = (|X| / peak)^power` (Neri et al. 2021, section V-A, where the power is 1 and
/// every frame is seen).
///
/// A spectrum is (2, bins, frames): real parts, then imaginary ones. Values are (bins, frames / pool).
///
/// # Examples
/// ```
/// use bss_models::Magnitudes;
///
/// let magnitudes = Magnitudes { power: 0.5, ..Magnitudes::default() };
/// let spectrum = [3.0, 0.0, 4.0, 1.25]; // 3 + 4i and 1.25i
/// let (x, peak) = magnitudes.normalised(&spectrum);
/// assert_eq!((x, peak), (vec![1.0, 0.5], 5.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Magnitudes {
    /// Below 1, it makes what is faint larger.
    pub power: f32,
    /// Frames that are seen as one, as the mean of their magnitudes; divides their number.
    pub pool: usize,
    /// Whether energies are what adds up: frames seen as one have the root of their mean energy.
    pub energies: bool,
    /// Whether masks are shares of energies rather than of magnitudes.
    pub energy_masks: bool,
}

impl Default for Magnitudes {
    /// Those of every frame, as they are.
    fn default() -> Self {
        Self { power: 1.0, pool: 1, energies: false, energy_masks: false }
    }
}

impl Magnitudes {
    /// The values of a spectrum relative to its own peak, and that peak. Silence stays 0.
    #[must_use]
    pub fn normalised(self, spectrum: &[f32]) -> (Vec<f32>, f32) {
        let mut x = self.pooled(spectrum);
        let peak = x.iter().copied().fold(0.0, f32::max);
        self.scale(&mut x, peak);
        (x, peak)
    }

    /// The values of a spectrum relative to a peak that it may not have itself; 0 where that is 0.
    #[must_use]
    pub fn relative(self, spectrum: &[f32], peak: f32) -> Vec<f32> {
        let mut x = self.pooled(spectrum);
        self.scale(&mut x, peak);
        x
    }

    /// What to multiply a spectrum with to hear each source, (K, bins, frames): of a mixture x as
    /// [`normalised`](Self::normalised) gives it and its sources ŝ (K, bins, frames / pool), `ŝ / x`, which keeps the
    /// mixture's phase; or where `mask`, `ŝ / Σ ŝ` (equation 10), which sums to 1, or of energies `ŝ² / Σ ŝ²`. Powers are
    /// undone first, and frames that were seen as one have one gain.
    ///
    /// Where x is 0 so is `ŝ / x`, and where all sources are, all have the same share.
    #[must_use]
    pub fn gains(self, x: &[f32], sources: &[f32], mask: bool) -> Vec<f32> {
        let features = x.len();
        let count = sources.len() / features.max(1);
        let weight = |value: f32| if mask && self.energy_masks { value * value } else { value };
        let mut gains: Vec<f32> = sources.iter().map(|&source| weight(self.undo(source))).collect();
        for (i, &x) in x.iter().enumerate() {
            let own = gains[i..].iter().step_by(features);
            let total = if mask { own.sum() } else { self.undo(x) };
            // A quotient by a number below this could overflow.
            let scale = if total > f32::MIN_POSITIVE { total.recip() } else { 0.0 };
            let even = if mask && scale == 0.0 { 1.0 / count as f32 } else { 0.0 };
            gains[i..].iter_mut().step_by(features).for_each(|gain| *gain = *gain * scale + even);
        }
        gains.into_iter().flat_map(|gain| std::iter::repeat_n(gain, self.pool)).collect()
    }

    /// The magnitude, relative to the peak, that a value stands for.
    fn undo(self, value: f32) -> f32 {
        if self.power == 1.0 { value } else { value.powf(self.power.recip()) }
    }

    /// `|X|`, the means of frames that are seen as one.
    fn pooled(self, spectrum: &[f32]) -> Vec<f32> {
        let (re, im) = spectrum.split_at(spectrum.len() / 2);
        let energy = |(re, im): (&f32, &f32)| re * re + im * im;
        if self.pool == 1 {
            return re.iter().zip(im).map(|bin| energy(bin).sqrt()).collect();
        }
        let pools = re.chunks_exact(self.pool).zip(im.chunks_exact(self.pool));
        let mean = |sum: f32| sum / self.pool as f32;
        if self.energies {
            return pools.map(|(re, im)| mean(re.iter().zip(im).map(energy).sum()).sqrt()).collect();
        }
        pools.map(|(re, im)| mean(re.iter().zip(im).map(|bin| energy(bin).sqrt()).sum())).collect()
    }

    fn scale(self, magnitudes: &mut [f32], peak: f32) {
        // Of a peak so faint that its reciprocal is infinite, nothing can be told.
        let scale = if peak > f32::MIN_POSITIVE { peak.recip() } else { 0.0 };
        for value in magnitudes {
            // The product can be a last place above 1.
            let share = (*value * scale).min(1.0);
            *value = if self.power == 1.0 { share } else { share.powf(self.power) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_give_back_the_sources_or_share_the_mixture_out() {
        for power in [1.0, 0.5] {
            let magnitudes = Magnitudes { power, ..Magnitudes::default() };
            let of = |values: [f32; 4]| values.map(|value| value.powf(power));
            let (x, sources) =
                (of([1.0, 0.5, 0.0, 0.25]), [of([0.6, 0.5, 0.1, 0.0]), of([0.2, 0.5, 0.3, 0.0])].concat());
            let near = |found: Vec<f32>, expected: [f32; 8]| {
                assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
            };
            near(magnitudes.gains(&x, &sources, false), [0.6, 1.0, 0.0, 0.0, 0.2, 1.0, 0.0, 0.0]);
            near(magnitudes.gains(&x, &sources, true), [0.75, 0.5, 0.25, 0.5, 0.25, 0.5, 0.75, 0.5]);
        }
    }

    #[test]
    fn silence_stays_silent_and_nothing_exceeds_one() {
        for power in [1.0, 0.3] {
            let magnitudes = Magnitudes { power, ..Magnitudes::default() };
            assert_eq!(magnitudes.normalised(&[0.0; 6]), (vec![0.0; 3], 0.0));
            assert_eq!(magnitudes.normalised(&[1e-42, 0.0]).0, [0.0]);
            for scale in [1e-12_f32, 0.1, 7.0, 1e15] {
                let spectrum: Vec<f32> = (1..200).map(|i| scale * (i as f32).sin()).chain([0.0]).collect();
                let (x, peak) = magnitudes.normalised(&spectrum);
                assert!(x.iter().all(|value| (0.0..=1.0).contains(value)) && x.iter().any(|&value| value > 0.999));
                assert_eq!(magnitudes.relative(&spectrum, peak), x);
                let there = magnitudes.undo(x[3]) * peak;
                let expected = spectrum[3].hypot(spectrum[103]);
                assert!((there - expected).abs() < 1e-5 * peak, "{there} {expected}");
            }
        }
    }

    #[test]
    fn frames_seen_as_one_have_the_mean_and_one_gain() {
        let magnitudes = Magnitudes { pool: 2, ..Magnitudes::default() };
        // Two bins of two frames.
        let spectrum = [3.0, 0.0, 1.0, 0.0, 4.0, 3.0, 0.0, 1.0];
        let (x, peak) = magnitudes.normalised(&spectrum);
        assert_eq!((x.as_slice(), peak), (&[1.0, 0.25][..], 4.0));
        let sources = [0.5, 0.25, 0.25, 0.0];
        assert_eq!(magnitudes.gains(&x, &sources, false), [0.5, 0.5, 1.0, 1.0, 0.25, 0.25, 0.0, 0.0]);
        let energies = Magnitudes { energies: true, energy_masks: true, ..magnitudes };
        assert_eq!(energies.normalised(&[3.0, 5.0, 0.0, 0.0, 4.0, 5.0, 0.0, 0.0]).1, 37.5_f32.sqrt());
        let masks = energies.gains(&x, &sources, true);
        assert!((masks[0] - 0.8).abs() < 1e-6 && (masks[4] - 0.2).abs() < 1e-6 && masks[2] == 1.0, "{masks:?}");
    }
}
