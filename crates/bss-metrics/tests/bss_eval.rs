//! BSS Eval against mir_eval and fast_bss_eval, and where its answers are defined by hand.

use bss_metrics::{BSS_EVAL_CAP_DB, BssEval, Error, Role, align_by_sir, bss_eval, bss_eval_pairs};
use ndarray::{Array1, Array2, Axis, array, s, stack};
use proptest::prelude::*;

/// Uniform noise within ±1, by Knuth's linear congruential generator, which is as short in other languages.
fn noise(samples: usize, seed: u64) -> Array1<f64> {
    let mut state = seed;
    Array1::from_shape_fn(samples, |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) * 2.0 - 1.0
    })
}

/// Three references and an estimate of each: with interference, filtered, with noise.
fn example(samples: usize) -> (Array2<f64>, Array2<f64>) {
    let t = Array1::from_shape_fn(samples, |t| t as f64);
    let noise = |seed| noise(samples, seed);
    let references = [noise(1), noise(2) * (&t * 0.01).sin(), (&t * 0.05).sin() + 0.1 * noise(3)];
    let delayed = |j: usize, delay: usize| {
        Array1::from_shape_fn(samples, |t| if t < delay { 0.0 } else { references[j][t - delay] })
    };
    let rolled = Array1::from_shape_fn(samples, |t| references[0][(t + samples - 3) % samples]);
    let estimates = [
        &references[0] + 0.3 * &references[1] + 0.05 * noise(4),
        delayed(1, 0) + 0.5 * delayed(1, 1) - 0.25 * delayed(1, 2) + 0.1 * &references[2] + 0.2 * noise(5),
        0.7 * &references[2] - 0.2 * rolled + 0.01 * noise(6),
    ];
    let columns = |signals: &[Array1<f64>; 3]| {
        stack(Axis(1), &signals.each_ref().map(|signal| signal.view())).expect("they are of one length")
    };
    (columns(&estimates), columns(&references))
}

/// Checks SDR, SIR and SAR of each estimate.
#[track_caller]
fn check(found: &[BssEval], expected: &[[f64; 3]]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let BssEval { sdr_db, sir_db, sar_db } = *found;
        for (found, expected) in [sdr_db, sir_db, sar_db].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
        }
    }
}

/// The signals of `example` in Python, and then, with mir_eval 0.8.2 and fast_bss_eval 0.1.4, which agree to 1e-11:
///
/// ```python
/// mir_eval.separation.bss_eval_sources(references.T[:k], estimates.T[:k], compute_permutation=False)
/// fast_bss_eval.bss_eval_sources(references.T[:k], estimates.T[:k], compute_permutation=False, filter_length=512)
/// ```
#[test]
fn noise_scores_as_in_python() {
    let expected: [&[[f64; 3]]; 3] = [
        &[[13.8190, BSS_EVAL_CAP_DB, 13.8190]],
        &[[13.8190, 14.0257, 27.3161], [11.2020, 19.6548, 11.9179]],
        &[[13.8190, 13.9982, 27.9226], [11.2020, 14.6040, 14.0008], [13.2458, 13.2642, 37.1698]],
    ];
    let (estimate, reference) = example(4000);
    for expected in expected {
        let sources = s![.., ..expected.len()];
        let found = bss_eval(estimate.slice(sources), reference.slice(sources)).unwrap();
        check(&found, expected);
    }
}

#[test]
fn what_is_perfect_silent_or_short_has_an_answer() {
    let same = |db| BssEval { sdr_db: db, sir_db: db, sar_db: db };
    let (_, reference) = example(700);
    assert_eq!(bss_eval(reference.view(), reference.view()).unwrap(), vec![same(BSS_EVAL_CAP_DB); 3]);
    let silent = Array2::zeros(reference.dim());
    assert_eq!(bss_eval(silent.view(), reference.view()).unwrap(), vec![same(-BSS_EVAL_CAP_DB); 3]);
    assert_eq!(bss_eval(array![[-3.0]].view(), array![[0.5]].view()).unwrap(), [same(BSS_EVAL_CAP_DB)]);
}

#[test]
fn what_has_no_score_is_refused() {
    let (estimate, mut reference) = example(30);
    reference.column_mut(1).fill(0.0);
    let error = bss_eval(estimate.view(), reference.view()).unwrap_err();
    assert!(matches!(error, Error::Silent { column: 1, .. }), "{error}");
    let shorter = estimate.slice(s![..20, ..]);
    assert!(matches!(bss_eval(shorter, reference.view()).unwrap_err(), Error::Shape { .. }));
    reference[[3, 1]] = f64::NAN;
    assert!(matches!(bss_eval(estimate.view(), reference.view()).unwrap_err(), Error::NonFinite { .. }));
    let many = Array2::ones((30, 17));
    assert!(matches!(bss_eval(many.view(), many.view()).unwrap_err(), Error::TooManyReferences { .. }));
    let none = Array2::zeros((30, 0));
    assert!(matches!(bss_eval(none.view(), none.view()).unwrap_err(), Error::Empty { .. }));
}

/// A reference that stands among the references twice has a Gram matrix without an inverse.
#[test]
fn references_that_depend_on_each_other_have_finite_scores() {
    let (estimate, reference) = example(900);
    let twice = stack(Axis(1), &[reference.column(0), reference.column(0)]).unwrap();
    let estimates = estimate.slice(s![.., ..2]);
    let one = bss_eval(estimates.slice(s![.., ..1]), twice.slice(s![.., ..1])).unwrap();
    let two = bss_eval(estimates, twice.view()).unwrap();
    assert!((one[0].sdr_db - two[0].sdr_db).abs() < 1e-6);
    assert!((one[0].sar_db - two[0].sar_db).abs() < 1e-3, "{one:?} {two:?}");
    assert!(two[0].sir_db > 60.0, "{two:?}");
}

/// Two leads of the foetal ECG as references; the estimates are sums of them and of a third.
///
/// ```python
/// x = np.loadtxt("fixtures/foetal_ecg.dat")
/// s = x[:, [1, 5]]
/// e = np.stack([x[:, 1] + 0.2 * x[:, 5] + 0.1 * x[:, 3], x[:, 5] - 0.05 * x[:, 1] + 0.3 * np.roll(x[:, 3], 7)], 1)
/// mir_eval.separation.bss_eval_sources(s.T, e.T, compute_permutation=False)
/// fast_bss_eval.bss_eval_sources(s.T, e.T, compute_permutation=False, filter_length=512)
/// ```
#[test]
fn hearts_score_as_in_python() {
    let text = include_str!("../../../fixtures/foetal_ecg.dat");
    let values: Vec<f64> = text.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect();
    let x = Array2::from_shape_vec((values.len() / 9, 9), values).unwrap();
    let rolled = Array1::from_shape_fn(x.nrows(), |t| x[[(t + x.nrows() - 7) % x.nrows(), 3]]);
    let [first, second, third] = [1, 5, 3].map(|column| x.column(column).to_owned());
    let estimates = [&first + 0.2 * &second + 0.1 * third, &second - 0.05 * &first + 0.3 * rolled];
    let columns = |[a, b]: [&Array1<f64>; 2]| stack(Axis(1), &[a.view(), b.view()]).unwrap();
    let found = bss_eval(columns(estimates.each_ref()).view(), columns([&first, &second]).view()).unwrap();
    check(&found, &[[17.3546, 17.4322, 34.9467], [24.5184, 27.6576, 27.4109]]);
}

/// A faded tone has far fewer dimensions than delays.
#[test]
fn a_perfect_tone_scores_high_in_spite_of_rounding() {
    let tone = Array2::from_shape_fn((8000, 1), |(t, _)| {
        let t = t as f64;
        (std::f64::consts::PI * t / 8000.0).sin().powi(2) * (0.05 * t).sin()
    });
    let score = bss_eval(tone.view(), tone.view()).unwrap()[0];
    assert!(score.sdr_db > 130.0 && score.sar_db > 130.0, "{score:?}");
}

#[test]
fn every_pair_is_scored_and_matched() {
    let (estimate, reference) = example(3000);
    let turned = estimate.select(Axis(1), &[2, 0, 1]);
    let pairs = bss_eval_pairs(turned.view(), reference.view()).unwrap();
    for i in 0..3 {
        let same = turned.select(Axis(1), &[i, i, i]);
        let expected = bss_eval(same.view(), reference.view()).unwrap();
        assert_eq!(pairs.column(i).to_vec(), expected, "estimate {i}");
    }
    assert_eq!(align_by_sir(turned.view(), reference.view()).unwrap().permutation, [1, 2, 0]);
    // Of a single reference all estimates have the same SIR.
    let alone = align_by_sir(turned.view(), reference.slice(s![.., ..1])).unwrap();
    assert_eq!(alone.permutation, [1]);
    let silent = Array2::zeros((3000, 3));
    let error = align_by_sir(silent.view(), reference.view()).unwrap_err();
    assert!(matches!(error, Error::Silent { role: Role::Estimate, .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Gains, and filters shorter than those that are allowed for, cost nothing.
    #[test]
    fn gain_and_delay_do_not_matter(gain in prop_oneof![-1e9..-1e-9, 1e-9..1e9], delay in 0_usize..400, scale in -150_i32..150) {
        let (estimate, reference) = example(600);
        let (estimate, reference) = (estimate.slice(s![.., ..2]), reference.slice(s![.., ..2]));
        let before = bss_eval(estimate.view(), reference.view()).unwrap();
        let scaled = bss_eval(estimate.mapv(|value| value * gain).view(), reference.mapv(|value| value * 10_f64.powi(scale)).view()).unwrap();
        for (a, b) in before.iter().zip(&scaled) {
            prop_assert!((a.sdr_db - b.sdr_db).abs() < 1e-6);
            prop_assert!((a.sir_db - b.sir_db).abs() < 1e-6);
        }
        let late = Array2::from_shape_fn((1000, 2), |(t, j)| if t < delay || t - delay >= 600 { 0.0 } else { reference[[t - delay, j]] });
        let mut padded = Array2::zeros((1000, 2));
        padded.slice_mut(s![..600, ..]).assign(&reference);
        for score in bss_eval(late.view(), padded.view()).unwrap() {
            prop_assert!(score.sdr_db > 150.0, "{score:?}");
        }
    }
}
