//! Laws of mixing: conditioning, noise level, invertibility, determinism, refusals.

use nalgebra::DMatrix;
use ndarray::{Array2, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::matrix::{LARGEST_CONDITION, Rows, condition, well_conditioned};
use super::{Mixing, MixingError, mix};
use crate::synth::{Family, synthesise};

fn sources(samples: usize) -> Array2<f64> {
    synthesise(Family::ArLaplace, samples, 3)
}

#[test]
fn matrices_are_well_conditioned_at_every_size() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for scaling in [Rows::AsDrawn, Rows::UnitNorm] {
        for (rows, columns) in [(1, 1), (2, 2), (3, 3), (8, 3), (3, 8), (8, 8), (16, 16), (40, 40)] {
            for _ in 0..5 {
                let drawn = well_conditioned(rows, columns, scaling, &mut rng);
                assert_eq!(drawn.dim(), (rows, columns));
                let matrix = DMatrix::from_fn(rows, columns, |i, j| drawn[[i, j]]);
                let condition = condition(&matrix);
                assert!(condition < LARGEST_CONDITION, "({rows}, {columns}): {condition}");
                if scaling == Rows::UnitNorm {
                    assert!(matrix.row_iter().all(|row| (row.norm() - 1.0).abs() < 1e-12));
                }
            }
        }
    }
}

#[test]
fn linear_mixtures_are_the_matrix_times_the_sources() {
    let sources = sources(50);
    for channels in [2, 3, 7] {
        let mixed = mix(sources.view(), channels, Mixing::Linear, None, 1).unwrap();
        let a = mixed.mixing.unwrap();
        assert_eq!(a.dim(), (channels, 3));
        for (x, source) in mixed.mixture.rows().into_iter().zip(sources.rows()) {
            for (channel, &value) in x.iter().enumerate() {
                let sum: f64 = (0..3).map(|j| a[[channel, j]] * source[j]).sum();
                assert!((value - sum).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn post_nonlinear_mixtures_rise_with_their_linear_part() {
    let sources = sources(400);
    let mixed = mix(sources.view(), 3, Mixing::PostNonlinear, None, 2).unwrap();
    let linear = sources.dot(&mixed.mixing.unwrap().t());
    for (before, after) in linear.columns().into_iter().zip(mixed.mixture.columns()) {
        let mut pairs: Vec<(f64, f64)> = before.iter().copied().zip(after.iter().copied()).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in pairs.windows(2) {
            let (du, dx) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            assert!((0.3 * du - 1e-12..=1.8 * du + 1e-12).contains(&dx), "slope {}", dx / du);
        }
        let straightness = correlation(&before.to_vec(), &after.to_vec());
        assert!((0.9..0.9999).contains(&straightness), "bent, but not beyond use: {straightness}");
    }
}

#[test]
fn mlp_mixtures_are_no_linear_map_of_the_sources() {
    let sources = sources(400);
    let mixed = mix(sources.view(), 3, Mixing::Mlp, None, 2).unwrap();
    assert_eq!(mixed.mixing, None);
    // The map is odd, and tanh bends it: twice the sources give less than twice the mixture.
    let doubled = mix((2.0 * &sources).view(), 3, Mixing::Mlp, None, 2).unwrap().mixture;
    let negated = mix((-&sources).view(), 3, Mixing::Mlp, None, 2).unwrap().mixture;
    assert!((&mixed.mixture + &negated).iter().all(|sum| sum.abs() < 1e-12));
    let power = |x: &Array2<f64>| x.iter().map(|value| value * value).sum::<f64>();
    let growth = power(&doubled) / power(&mixed.mixture);
    assert!((1.0..3.5).contains(&growth), "{growth}");
}

#[test]
fn noise_has_the_level_asked_for_in_every_channel() {
    let sources = sources(20_000);
    for &mixing in Mixing::ALL {
        let clean = mix(sources.view(), 4, mixing, None, 9).unwrap();
        for noise_db in [-5.0, 0.0, 10.0, 30.0] {
            let noisy = mix(sources.view(), 4, mixing, Some(noise_db), 9).unwrap();
            assert_eq!(noisy.mixing, clean.mixing);
            let noise = &noisy.mixture - &clean.mixture;
            for (signal, noise) in clean.mixture.columns().into_iter().zip(noise.columns()) {
                let measured = 10.0 * (signal.var(0.0) / noise.var(0.0)).log10();
                assert!((measured - noise_db).abs() < 0.5, "{mixing}: {measured} dB");
            }
            let channels = noise.slice(s![.., 0]).to_vec();
            assert!(correlation(&channels, &noise.column(1).to_vec()).abs() < 0.03);
        }
    }
}

#[test]
fn the_seed_decides_every_bit() {
    let sources = sources(100);
    for &mixing in Mixing::ALL {
        let with = |seed| mix(sources.view(), 3, mixing, Some(20.0), seed).unwrap();
        assert_eq!(with(4), with(4));
        assert_ne!(with(4).mixture, with(5).mixture);
    }
}

/// The first sample of each kind of mixing with noise, as this crate gave it when mixing was fixed:
/// results that name a seed stay comparable only while these hold.
#[test]
fn the_mixtures_of_a_seed_stay_what_they_were() {
    for (&mixing, golden) in Mixing::ALL.iter().zip(GOLDEN) {
        let mixed = mix(sources(64).view(), 3, mixing, Some(20.0), 1).unwrap();
        for (found, expected) in mixed.mixture.row(0).iter().zip(golden) {
            assert!((found - expected).abs() < 1e-9, "{mixing}: {}", mixed.mixture.row(0));
        }
    }
}

#[expect(clippy::unreadable_literal, reason = "numbers as they were printed")]
const GOLDEN: [[f64; 3]; 3] = [
    [-1.3026433610344468, -0.38520494888519563, -1.0077602985246759],
    [-0.9449142223742721, -0.4193826251200533, -1.1781564995629275],
    [0.48899656334241487, -0.45495533074529876, 0.6286132817229386],
];

#[test]
fn mixing_does_not_repeat_the_draws_of_the_sources() {
    // Stream 0 of the seed makes the first source; A must not be the same numbers.
    let a = mix(sources(100).view(), 3, Mixing::Linear, None, 3).unwrap().mixing.unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let of_stream_zero = well_conditioned(3, 3, Rows::AsDrawn, &mut rng);
    assert_ne!(a, of_stream_zero);
}

#[test]
fn bad_input_is_refused() {
    let good = sources(10);
    let refused = |sources: &Array2<f64>, channels, noise_db| {
        mix(sources.view(), channels, Mixing::Linear, noise_db, 0).unwrap_err().to_string()
    };
    assert_eq!(refused(&good, 0, None), MixingError::NoChannels.to_string());
    for shape in [(0, 3), (5, 0)] {
        assert!(refused(&Array2::zeros(shape), 3, None).contains("at least one of each"));
    }
    assert!(refused(&good, 3, Some(f64::NAN)).starts_with("noise level NaN dB"));
    let mut holes = good.clone();
    holes[[4, 2]] = f64::NAN;
    assert_eq!(
        refused(&holes, 3, None),
        "sources have 1 values that are NaN or infinite, the first at sample 4 of source 2: remove \
         or interpolate them first"
    );
}

#[test]
fn names_are_read_back_and_others_get_the_nearest() {
    for &mixing in Mixing::ALL {
        assert_eq!(mixing.to_string().parse(), Ok(mixing));
    }
    assert_eq!(
        "liner".parse::<Mixing>().unwrap_err().to_string(),
        "unknown mixing `liner`: the nearest is `linear`; there are linear, post-nonlinear, mlp"
    );
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product =
        |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 { x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum() };
    let norm = (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt();
    product(a, mean_a, b, mean_b) / norm
}
