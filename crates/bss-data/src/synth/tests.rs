//! Laws over all families, and each family against its theory.

use ndarray::{Array2, ArrayView1};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::innovation::Innovation;
use super::{Family, synthesise, synthesise_all};

/// Mean of x_t x_{t+lag} over the mean of x_t²; columns are centred already.
fn autocorrelation(signal: ArrayView1<f64>, lag: usize) -> f64 {
    let products = signal.iter().zip(signal.iter().skip(lag)).map(|(a, b)| a * b);
    products.sum::<f64>() / signal.dot(&signal)
}

fn moment(signal: ArrayView1<f64>, order: i32) -> f64 {
    signal.iter().map(|value| value.powi(order)).sum::<f64>() / signal.len() as f64
}

#[track_caller]
fn check_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() < tolerance, "{found} is not within {tolerance} of {expected}");
}

#[test]
fn every_source_is_finite_centred_and_of_unit_variance() {
    for &family in Family::ALL {
        for (samples, seed) in [(200, 1), (1000, 2), (5000, 3)] {
            let sources = synthesise(family, samples, seed);
            assert_eq!(sources.dim(), (samples, family.n_sources()));
            for signal in sources.columns() {
                assert!(signal.iter().all(|value| value.is_finite()), "{family}");
                assert!(signal.sum().abs() / (samples as f64) < 1e-12, "{family}");
                check_near(moment(signal, 2), 1.0, 1e-9);
            }
        }
    }
}

#[test]
fn sources_of_a_family_are_nearly_uncorrelated() {
    for &family in Family::ALL {
        for seed in 0..5 {
            let sources = synthesise(family, 4000, seed);
            let covariance: Array2<f64> = sources.t().dot(&sources) / 4000.0;
            for ((i, j), rho) in covariance.indexed_iter() {
                assert!(i == j || rho.abs() < 0.2, "{family}, seed {seed}: {rho} between {i} and {j}");
            }
        }
    }
}

#[test]
fn the_seed_decides_every_bit() {
    for &family in Family::ALL {
        assert_eq!(synthesise(family, 300, 5), synthesise(family, 300, 5), "{family}");
        let (one, other) = (synthesise(family, 300, 5), synthesise(family, 300, 6));
        for (one, other) in one.columns().into_iter().zip(other.columns()) {
            assert_ne!(one, other, "{family}");
        }
    }
}

#[test]
fn joined_families_share_no_source() {
    let families = [Family::SineSquareAr, Family::SineSawtoothSquare, Family::SineSquareAr];
    let joined = synthesise_all(&families, 2000, 5);
    assert_eq!(joined.dim(), (2000, 9));
    assert_eq!(joined.slice(ndarray::s![.., ..3]), synthesise(Family::SineSquareAr, 2000, 5));
    for i in 0..9 {
        check_near(moment(joined.column(i), 2), 1.0, 1e-9);
        for j in 0..i {
            assert_ne!(joined.column(i), joined.column(j), "{i} and {j}");
        }
    }
    assert_eq!(synthesise_all(&[], 2000, 5).dim(), (2000, 0));
}

#[test]
fn very_short_recordings_are_finite() {
    for &family in Family::ALL {
        for samples in 0..4 {
            let sources = synthesise(family, samples, 1);
            assert_eq!(sources.dim(), (samples, 3));
            assert!(sources.iter().all(|value| value.is_finite()), "{family}, {samples} samples");
        }
    }
}

#[test]
fn first_order_families_have_their_autocorrelation() {
    let coefficients = [
        (Family::ArGaussian, [0.95, 0.6, -0.3]),
        (Family::ArLaplace, [0.95, 0.6, -0.3]),
        (Family::ArEqual, [0.8, 0.8, 0.8]),
        (Family::Skewed, [0.9, 0.5, -0.2]),
        (Family::Iid, [0.0, 0.0, 0.0]),
    ];
    for (family, coefficients) in coefficients {
        let sources = synthesise(family, 100_000, 8);
        for (signal, a) in sources.columns().into_iter().zip(coefficients) {
            for lag in 1..4 {
                check_near(autocorrelation(signal, lag), f64::powi(a, lag as i32), 0.02);
            }
        }
    }
    let mixed = synthesise(Family::SineSquareAr, 100_000, 8);
    check_near(autocorrelation(mixed.column(2), 1), 0.6, 0.02);
}

#[test]
fn resonances_satisfy_the_yule_walker_equations_at_their_periods() {
    // ρ(1) = a₁/(1 − a₂) and ρ(2) = a₁ ρ(1) + a₂ with a₂ = −0.97², so a₁ follows from ρ(1).
    let sources = synthesise(Family::Resonances, 200_000, 4);
    let a2 = -0.97_f64 * 0.97;
    for (signal, periods) in sources.columns().into_iter().zip([9.0..11.0, 18.0..22.0, 40.0..48.0]) {
        let rho = autocorrelation(signal, 1);
        let a1 = rho * (1.0 - a2);
        check_near(autocorrelation(signal, 2), a1 * rho + a2, 0.01);
        let period = std::f64::consts::TAU / (a1 / (2.0 * 0.97)).acos();
        assert!((periods.start * 0.97..periods.end * 1.03).contains(&period), "period {period}");
    }
}

#[test]
fn innovations_have_their_moments() {
    // (innovation, skewness, kurtosis); the fourth moment of t₄ is infinite.
    let moments = [
        (Innovation::Gaussian, 0.0, Some(3.0)),
        (Innovation::Laplace, 0.0, Some(6.0)),
        (Innovation::Uniform, 0.0, Some(1.8)),
        (Innovation::StudentT4, 0.0, None),
        (Innovation::Exponential, 2.0, Some(9.0)),
    ];
    for (innovation, skewness, kurtosis) in moments {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let draws = ndarray::Array1::from_shape_simple_fn(400_000, || innovation.draw(&mut rng));
        check_near(moment(draws.view(), 1), 0.0, 0.01);
        check_near(moment(draws.view(), 2), 1.0, if kurtosis.is_some() { 0.02 } else { 0.1 });
        if let Some(kurtosis) = kurtosis {
            check_near(moment(draws.view(), 3), skewness, 0.1);
            check_near(moment(draws.view(), 4), kurtosis, 0.05 * kurtosis);
        } else {
            // P(|t₄| > 2.776) = 0.05; the draw is t₄/√2.
            let beyond = draws.iter().filter(|draw| draw.abs() > 2.776 / f64::sqrt(2.0)).count();
            check_near(beyond as f64 / 400_000.0, 0.05, 0.002);
        }
    }
}

#[test]
fn garch_is_white_but_its_squares_are_not() {
    let sources = synthesise(Family::Garch, 100_000, 2);
    for signal in sources.columns() {
        let squares = signal.mapv(|value| value * value - 1.0);
        check_near(autocorrelation(signal, 1), 0.0, 0.03);
        assert!(autocorrelation(squares.view(), 1) > 0.2);
        assert!(moment(signal, 4) > 3.5, "heavier tails than a Gaussian's");
    }
}

#[test]
fn periodic_waves_have_their_periods_and_shapes() {
    let sources = synthesise(Family::SineSawtoothSquare, 10_000, 3);
    let rises = |signal: ArrayView1<f64>| {
        signal.iter().zip(signal.iter().skip(1)).filter(|(a, b)| **a < 0.0 && **b >= 0.0).count() as f64
    };
    // (turns in 10⁴ samples for the longest and shortest period, kurtosis)
    let shapes = [(20.5..23.5, 1.5), (48.0..60.0, 1.8), (31.0..41.0, 1.0)];
    for (signal, (periods, kurtosis)) in sources.columns().into_iter().zip(shapes) {
        let turns = rises(signal);
        assert!((10_000.0 / periods.end - 1.0..=10_000.0 / periods.start + 1.0).contains(&turns), "{turns}");
        check_near(moment(signal, 4), kurtosis, 0.02);
    }
}

#[test]
fn the_chirp_ends_faster_than_it_begins() {
    let sources = synthesise(Family::Modulated, 6000, 3);
    let chirp = sources.column(2);
    let crossings = |from: usize| {
        let part = chirp.slice(ndarray::s![from..from + 1000]);
        part.iter().zip(part.iter().skip(1)).filter(|(a, b)| a.signum() != b.signum()).count()
    };
    // Over the first and last sixth, the mean period goes from about 42 to about 10.5.
    assert!((33..=60).contains(&crossings(0)), "{}", crossings(0));
    assert!((170..=220).contains(&crossings(5000)), "{}", crossings(5000));
}

#[test]
fn events_are_sparse_and_the_trend_is_slow() {
    let impulsive = synthesise(Family::Impulsive, 20_000, 3);
    for signal in impulsive.columns() {
        assert!(moment(signal, 4) > 5.0, "kurtosis {}", moment(signal, 4));
    }
    let bursts = synthesise(Family::BurstsTrend, 20_000, 3);
    for signal in bursts.columns().into_iter().take(2) {
        let silent = signal.iter().zip(signal.iter().skip(1)).filter(|(a, b)| a == b).count();
        check_near(silent as f64 / 20_000.0, 2.0 / 3.0, 0.15);
    }
    assert!(autocorrelation(bursts.column(2), 1) > 0.999);
}

#[test]
fn names_are_read_back_and_others_get_the_nearest() {
    assert!(Family::ALL.len() >= 12);
    for &family in Family::ALL {
        assert_eq!(family.to_string().parse(), Ok(family));
        assert!(!family.description().is_empty());
    }
    let error = "ar-gausian".parse::<Family>().unwrap_err();
    assert_eq!(error.nearest, "ar-gaussian");
    assert!(error.to_string().starts_with("unknown family `ar-gausian`: the nearest is `ar-gaussian`; there are sine"));
}

/// The first sample of every family at 64 samples, seed 1, as this crate gave it when the families
/// were fixed: results that name a family and a seed stay comparable only while these hold. The
/// tolerance is for other machines' sine and exponential.
#[test]
fn the_families_of_a_seed_stay_what_they_were() {
    for (&family, golden) in Family::ALL.iter().zip(GOLDEN) {
        let sources = synthesise(family, 64, 1);
        for (found, expected) in sources.row(0).iter().zip(golden) {
            assert!((found - expected).abs() < 1e-9, "{family}: {}", sources.row(0));
        }
    }
}

#[expect(clippy::unreadable_literal, reason = "numbers as they were printed")]
const GOLDEN: [[f64; 3]; 12] = [
    [0.6836792151393257, 0.827170191868511, -0.3284989356644377],
    [0.6836792151393257, -1.3881825127890883, -0.9692233691951198],
    [1.2969604650321391, 0.6765221870550157, -1.172167654012725],
    [-0.08267390494070784, -1.9384997443158927, -0.9720416784463418],
    [0.07333248806289702, -1.651275432559918, -0.6083728322416401],
    [-0.03895005899670336, -1.9788824698163348, -1.1876743282259552],
    [1.8434701195121872, -0.7138791581356905, -0.5240527171850429],
    [-2.1788001554721683, -0.6432805429201006, 0.39208294132806615],
    [-0.332022046217329, -1.427516840172173, -0.5719695157593007],
    [-1.629030521528518, -1.5725104766616715, -0.8014489759932142],
    [-0.4620049840295718, 0.0006143038440849161, -2.3156989108975274],
    [-2.6662705499548083, 0.36663805612262895, -0.06035983607057204],
];
