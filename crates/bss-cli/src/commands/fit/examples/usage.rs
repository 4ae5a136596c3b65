//! What each output of a fitted model is used for, as mixtures of the data that it was fitted to tell.

use bss_models::SeparatesExamples;
use bss_train::{Mixtures, Sum};

use crate::warnings::Warning;

/// A source with less than this share of the energy is not used.
const UNUSED: f64 = 0.01;

/// A mean peak beyond that of the clean examples by this factor is not of one source. On digits, a fit that separates (23.5
/// dB) has at most 1.1, one that does not (18.1 dB) 1.6 and 1.3.
const EXCESS: f64 = 1.2;

/// Where the mean peaks of two sources are farther apart than this, they are not each one source. All have the same decoder
/// and prior, so with nothing else to tell them apart they are alike: on the same fits 0.94 and 0.81. Energies are not: a fit
/// that separates may sort digits by their stroke.
const UNEVEN: f64 = 0.85;

/// Where no source's posterior tells more of a mixture than this, in nats, the model has learnt to ignore the mixtures.
const SILENT: f64 = 0.1;

/// Mixtures to judge by.
const MIXTURES: usize = 1000;

/// What a source is used for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Its share of the energy, Σ ŝ², of all sources.
    pub(super) share: f64,
    /// The mean over mixtures of its largest value.
    pub(super) peak: f64,
    /// The mean divergence of its posterior from the prior in nats; none of an autoencoder.
    pub(super) divergence: Option<f64>,
}

impl Usage {
    /// Whether it is used at all.
    pub(super) fn is_used(&self) -> bool {
        self.share >= UNUSED
    }
}

/// The usage of each source, on mixtures as they would come in the epoch after the last, but not distorted.
pub(super) fn of(model: &dyn SeparatesExamples, mixtures: &Mixtures, epochs: usize) -> Vec<Usage> {
    let count = mixtures.count() / mixtures.mix;
    let judged = Mixtures { batch: count.min(MIXTURES), distortion: None, ..mixtures.clone() };
    let x = judged.batch(epochs as u64 * judged.per_epoch(), 0).x;
    let count = model.sources();
    let mut usage = of_sources(&model.separate(&x), count, mixtures.features);
    if let Some(divergences) = model.divergences(&x) {
        for (k, usage) in usage.iter_mut().enumerate() {
            let sum: f64 = divergences.iter().skip(k).step_by(count).sum();
            usage.divergence = Some(sum / (divergences.len() / count) as f64);
        }
    }
    usage
}

/// The usage of sources (mixtures, K, features).
fn of_sources(sources: &[f32], count: usize, features: usize) -> Vec<Usage> {
    let mut usage = vec![Usage { share: 0.0, peak: 0.0, divergence: None }; count];
    for mixture in sources.chunks_exact(count * features) {
        for (usage, source) in usage.iter_mut().zip(mixture.chunks_exact(features)) {
            usage.share += source.iter().map(|&value| f64::from(value * value)).sum::<f64>();
            usage.peak += f64::from(source.iter().copied().fold(0.0, f32::max));
        }
    }
    let energy: f64 = usage.iter().map(|usage| usage.share).sum();
    let mixtures = sources.len() / (count * features);
    for usage in &mut usage {
        usage.share /= energy.max(f64::MIN_POSITIVE);
        usage.peak /= mixtures as f64;
    }
    usage
}

/// The mean peak that a source has in a mixture, where the clean examples are known.
pub(super) fn expected_peak(mixtures: &Mixtures) -> Option<f64> {
    if mixtures.mix == 1 || mixtures.sum != Sum::Mean {
        return None;
    }
    let peaks =
        mixtures.examples.chunks_exact(mixtures.features).map(|example| example.iter().copied().fold(0.0, f32::max));
    let mean = peaks.map(f64::from).sum::<f64>() / mixtures.count() as f64;
    Some(mean / mixtures.mix as f64)
}

/// The warning that the model tells nothing of the mixtures, or that a source which is used cannot be one.
pub(super) fn warning(usage: &[Usage], expected_peak: Option<f64>) -> Option<Warning> {
    if usage.iter().all(|usage| usage.divergence.is_some_and(|nats| nats < SILENT)) {
        return Some(Warning::PosteriorCollapsed);
    }
    let used = || usage.iter().enumerate().filter(|(_, usage)| usage.is_used());
    let (low, least) = used().min_by(|a, b| a.1.peak.total_cmp(&b.1.peak))?;
    let (high, most) = used().max_by(|a, b| a.1.peak.total_cmp(&b.1.peak))?;
    if let Some(expected) = expected_peak.filter(|expected| most.peak > EXCESS * expected) {
        return Some(Warning::MixedSource { source: high + 1, peak: most.peak, expected });
    }
    let peaks = [(low + 1, least.peak), (high + 1, most.peak)];
    (least.peak < UNEVEN * most.peak).then_some(Warning::UnevenSources { peaks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_peaks_are_those_of_the_sources() {
        let sources = [0.4, 0.2, 0.0, 0.0, 0.1, 0.4, 0.01, 0.0];
        let usage = of_sources(&sources, 2, 2);
        assert!((usage[0].share + usage[1].share - 1.0).abs() < 1e-12);
        assert!((usage[0].peak - 0.4).abs() < 1e-6 && (usage[1].peak - 0.005).abs() < 1e-6);
        assert_eq!(usage.iter().map(Usage::is_used).collect::<Vec<_>>(), [true, false]);
        assert_eq!(warning(&usage, None), None, "a source that is not used is not uneven");
    }

    #[test]
    fn uneven_peaks_among_those_used_are_told() {
        let of =
            |peaks: &[f64]| peaks.iter().map(|&peak| Usage { share: 0.3, peak, divergence: None }).collect::<Vec<_>>();
        assert_eq!(warning(&of(&[0.5, 0.45]), Some(0.45)), None);
        let Some(Warning::UnevenSources { peaks }) = warning(&of(&[0.5, 0.45, 0.2]), None) else {
            panic!("no warning")
        };
        assert_eq!(peaks.map(|(source, _)| source), [3, 1]);
        let mixed = Some(Warning::MixedSource { source: 2, peak: 0.7, expected: 0.5 });
        assert_eq!(warning(&of(&[0.65, 0.7]), Some(0.5)), mixed);
    }

    #[test]
    fn a_model_that_ignores_the_mixtures_is_told() {
        let of = |nats: [f64; 2]| nats.map(|nats| Usage { share: 0.5, peak: 0.5, divergence: Some(nats) });
        assert_eq!(warning(&of([0.01, 0.02]), None), Some(Warning::PosteriorCollapsed));
        assert_eq!(warning(&of([0.01, 12.0]), None), None);
    }

    #[test]
    fn a_source_peaks_at_its_share_of_the_clean_examples() {
        let examples = [0.5, 1.0, 0.0, 0.5].into();
        let (sum, noise) = (Sum::Mean, bss_nn::Noise::new(0));
        let mixtures = Mixtures { examples, features: 2, mix: 3, sum, distortion: None, pairs: false, batch: 1, noise };
        assert_eq!(expected_peak(&mixtures), Some(0.25));
        assert_eq!(expected_peak(&Mixtures { mix: 1, ..mixtures }), None);
    }

    #[test]
    fn silence_has_no_energy_to_share() {
        assert!(of_sources(&[0.0; 8], 2, 2).iter().all(|usage| usage.share == 0.0 && usage.peak == 0.0));
    }
}
