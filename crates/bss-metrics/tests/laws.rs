//! What every score must obey, checked on noisy estimates of random sources from several seeds.

use bss_metrics::{
    Error, Matching, Metric, Role, SI_SDR_CAP_DB, align, amari, amari_from_sources, apply, assign, correlation_matrix,
    evaluate, mcc, si_sdr_db,
};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};

/// How estimates are matched throughout.
const BY: Matching = Matching::Correlation;

/// A small generator of numbers in −1 … 1 (splitmix64), so that the tests need no other crate.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
    }

    fn array(&mut self, shape: (usize, usize)) -> Array2<f64> {
        Array2::from_shape_simple_fn(shape, || self.next())
    }
}

/// Sources and noisy estimates of them, for each of some seeds.
fn cases() -> impl Iterator<Item = (Array2<f64>, Array2<f64>)> {
    (1..=8).map(|seed| {
        let mut draws = Draws(seed);
        let n_sources = 1 + seed as usize % 5;
        let reference = draws.array((300, n_sources));
        let leak = Array2::eye(n_sources) + 0.3 * draws.array((n_sources, n_sources));
        let estimate = reference.dot(&leak) + 0.2 * draws.array((300, n_sources));
        (estimate, reference)
    })
}

/// Reverses the columns and gives each another gain and sign.
fn disguise(estimate: &Array2<f64>) -> Array2<f64> {
    let mut disguised = estimate.slice(s![.., ..;-1]).to_owned();
    for (column, mut signal) in disguised.columns_mut().into_iter().enumerate() {
        let gain = if column % 2 == 0 { -0.01 } else { 70.0 } * (1 + column) as f64;
        signal.mapv_inplace(|value| gain * value);
    }
    disguised
}

#[test]
fn scores_do_not_depend_on_order_sign_and_gain() {
    for (estimate, reference) in cases() {
        let std = Array2::from_elem(estimate.dim(), 0.1);
        let plain = evaluate(estimate.view(), Some(std.view()), reference.view(), BY, Metric::OF_RECORDINGS).unwrap();
        let (disguised, std) = (disguise(&estimate), disguise(&std).mapv(f64::abs));
        let other = evaluate(disguised.view(), Some(std.view()), reference.view(), BY, Metric::OF_RECORDINGS).unwrap();
        for ((name, values), (_, others)) in plain.values.iter().zip(&other.values) {
            assert!((values.mean - others.mean).abs() < 1e-9, "{name}");
            let pairs = values.per_source.iter().flatten().zip(others.per_source.iter().flatten());
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9), "{name}");
        }
        let last = reference.ncols() - 1;
        let mirrored: Vec<usize> = plain.alignment.permutation.iter().map(|column| last - column).collect();
        assert_eq!(other.alignment.permutation, mirrored);
    }
}

#[test]
fn applying_an_alignment_gives_identity_order_and_positive_signs() {
    for (estimate, reference) in cases() {
        let disguised = disguise(&estimate);
        let alignment = align(disguised.view(), reference.view()).unwrap();
        let aligned = apply(&alignment, disguised.view());
        let again = align(aligned.view(), reference.view()).unwrap();
        assert!(again.permutation.iter().copied().eq(0..reference.ncols()));
        assert!(again.sign.iter().all(|&sign| sign == 1.0));
        for (a, b) in alignment.correlation.iter().zip(&again.correlation) {
            assert!((a - b).abs() < 1e-12);
        }
    }
}

/// The largest sum of |ρ| over all assignments of the rows from `row` on, by trying them all.
fn best_by_trying_all(correlation: &Array2<f64>, row: usize, taken: &mut Vec<usize>) -> f64 {
    let mut best = if row == correlation.nrows() { 0.0 } else { f64::MIN };
    for column in 0..correlation.ncols() {
        if row < correlation.nrows() && !taken.contains(&column) {
            taken.push(column);
            let rest = best_by_trying_all(correlation, row + 1, taken);
            best = best.max(correlation[[row, column]].abs() + rest);
            taken.pop();
        }
    }
    best
}

#[test]
fn the_assignment_is_the_best_of_all() {
    for seed in 0..30 {
        let mut draws = Draws(seed);
        let reference = draws.array((40, 1 + seed as usize % 4));
        let estimate = draws.array((40, reference.ncols() + seed as usize % 3));
        let correlation = correlation_matrix(estimate.view(), reference.view()).unwrap();
        let best = best_by_trying_all(&correlation, 0, &mut Vec::new());
        let alignment = align(estimate.view(), reference.view()).unwrap();
        assert!((alignment.correlation.iter().sum::<f64>() - best).abs() < 1e-9, "seed {seed}");
        assert_eq!(assign(correlation.view()).unwrap(), alignment, "seed {seed}");
    }
}

#[test]
fn an_assignment_needs_an_estimate_for_every_reference_and_finite_correlations() {
    let check = |correlation: Array2<f64>, expected: Error| {
        assert_eq!(assign(correlation.view()), Err(expected));
    };
    check(Array2::zeros((0, 2)), Error::Empty { role: Role::Reference });
    check(Array2::zeros((3, 2)), Error::TooFewEstimates { estimates: 2, references: 3 });
    check(array![[f64::NAN]], Error::NonFinite { role: Role::Estimate, count: 1, sample: 0, column: 0 });
}

#[test]
fn surplus_estimates_are_left_over_even_where_silent() {
    let mut draws = Draws(3);
    let reference = draws.array((200, 2));
    let noise = draws.array((200, 1));
    let silence = Array2::from_elem((200, 1), 0.1);
    let (first, second) = (reference.slice(s![.., ..1]), reference.slice(s![.., 1..]));
    let estimate = concatenate(Axis(1), &[silence.view(), second, noise.view(), first, silence.view()]).unwrap();
    let alignment = align(estimate.view(), reference.view()).unwrap();
    assert_eq!(alignment.permutation, [3, 1]);
    assert!((mcc(estimate.view(), reference.view()).unwrap() - 1.0).abs() < 1e-12);
    assert!(amari_from_sources(estimate.view(), reference.view()).unwrap() < 1e-9);
}

#[test]
fn si_sdr_falls_by_20_db_as_the_noise_grows_tenfold() {
    let mut draws = Draws(11);
    let reference = draws.array((500, 1)).column(0).to_owned();
    let noise = draws.array((500, 1)).column(0).to_owned();
    let at = |level: f64| {
        let estimate: Array1<f64> = &reference + &(level * &noise);
        si_sdr_db(estimate.view(), reference.view()).unwrap()
    };
    assert!((at(1e-3) - at(1e-2) - 20.0).abs() < 0.1);
    assert_eq!(at(0.0), SI_SDR_CAP_DB);
    let orthogonal = (array![1.0, -1.0, 1.0, -1.0], array![1.0, 1.0, -1.0, -1.0]);
    assert_eq!(si_sdr_db(orthogonal.0.view(), orthogonal.1.view()), Ok(-SI_SDR_CAP_DB));
}

#[test]
fn amari_is_zero_for_scaled_permutations_and_stays_within_bounds() {
    for seed in 0..40 {
        let mut draws = Draws(seed);
        let n_sources = 2 + seed as usize % 4;
        let truth = draws.array((n_sources + seed as usize % 2, n_sources));
        let disguised = disguise(&truth);
        assert!(amari(disguised.view(), truth.view()).unwrap() < 1e-9, "seed {seed}");
        let estimated = draws.array(truth.dim());
        let distance = amari(estimated.view(), truth.view()).unwrap();
        assert!((0.0..=1.0).contains(&distance), "seed {seed}: {distance}");
        assert!(distance > 0.01, "seed {seed}: a random matrix cannot be a scaled permutation");
    }
}

#[test]
fn amari_from_sources_is_that_of_the_mixing_matrix() {
    // With whitened sources, estimate = s Gᵀ makes G the global matrix up to row scales.
    let mut draws = Draws(21);
    let reference = draws.array((200_000, 3));
    let global = array![[1.0, 0.2, -0.1], [0.3, 1.0, 0.0], [0.0, -0.4, 1.0]];
    let mut normalised = global.clone(); // rows as evaluation sees them: of unit variance
    for mut row in normalised.rows_mut() {
        let norm = f64::sqrt(row.dot(&row));
        row /= norm;
    }
    let estimate = reference.dot(&global.t());
    let from_sources = amari_from_sources(estimate.view(), reference.view()).unwrap();
    // P = I⁺ A with A = G.
    let identity = Array2::eye(3);
    let from_mixing = amari(identity.view(), normalised.view()).unwrap();
    assert!((from_sources - from_mixing).abs() < 0.01, "{from_sources} {from_mixing}");
}

#[test]
fn dependent_references_are_refused_by_amari_only() {
    let signal = Draws(2).array((100, 1));
    let reference = concatenate(Axis(1), &[signal.view(), (2.0 * &signal).view()]).unwrap();
    let error = amari_from_sources(reference.view(), reference.view()).unwrap_err();
    assert_eq!(error, Error::RankDeficient { role: Role::Reference, rank: 1, sources: 2 });
    assert!(mcc(reference.view(), reference.view()).is_ok());
}

#[track_caller]
fn check_error(estimate: &Array2<f64>, reference: &Array2<f64>, expected: &str) {
    let std = Array2::ones(estimate.dim());
    let error = evaluate(estimate.view(), Some(std.view()), reference.view(), BY, Metric::OF_RECORDINGS)
        .expect_err("the input is bad");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn bad_input_is_an_error_that_names_the_mend() {
    let good = Draws(1).array((50, 2));
    check_error(
        &good.t().to_owned(),
        &good,
        "estimate has shape [2, 50] but reference has shape [50, 2]: both must be (samples, \
         sources) with the same number of samples; is one of them transposed? see --channels-first",
    );
    check_error(
        &good.slice(s![..40, ..]).to_owned(),
        &good,
        "estimate has shape [40, 2] but reference has shape [50, 2]: both must be (samples, \
         sources) with the same number of samples; cut both to the same span",
    );
    check_error(
        &good.slice(s![.., ..1]).to_owned(),
        &good,
        "estimate has 1 sources but reference has 2: each reference needs an estimate of its own; \
         separate with at least 2 sources",
    );
    check_error(
        &good.t().to_owned(),
        &good.t().to_owned(),
        "2 samples of 50 sources are too few, expected more than 50; are the arrays transposed? \
         see --channels-first",
    );
    check_error(
        &good,
        &Array2::zeros((50, 0)),
        "reference has no sources: expected (samples, sources) with at least one source",
    );
    let mut silent = good.clone();
    silent.column_mut(1).fill(0.1);
    check_error(
        &good,
        &silent,
        "reference column 1 is silent (constant): no score is defined against it; leave that \
         column out",
    );
    check_error(
        &silent,
        &good,
        "estimate column 1 is silent (constant): this source collapsed in training; fit again \
         with another seed or fewer sources",
    );
    let mut holes = good.clone();
    holes[[7, 1]] = f64::NAN;
    holes[[9, 0]] = f64::NEG_INFINITY;
    check_error(
        &holes,
        &good,
        "estimate has 2 values that are NaN or infinite, the first at sample 7 of column 1: \
         remove or interpolate them first",
    );
}

#[test]
fn single_signals_are_checked_too() {
    let signal = array![1.0, 2.0, 4.0];
    let constant = array![1.0, 1.0, 1.0];
    assert_eq!(si_sdr_db(signal.slice(s![..2]), signal.view()), Err(Error::Length { estimate: 2, reference: 3 }));
    assert_eq!(si_sdr_db(constant.view(), signal.view()), Err(Error::Silent { role: Role::Estimate, column: 0 }));
    assert_eq!(
        si_sdr_db(signal.slice(s![..1]), signal.slice(s![..1])),
        Err(Error::TooShort { samples: 1, sources: 1 })
    );
}

/// Errors that are even between ±0.1 √3 of the truth's deviation: 1.96 · 0.08 covers 1.96 · 0.8 / √3 = 0.905 of them.
#[test]
fn the_coverage_is_the_share_of_errors_within_the_band() {
    let reference = Draws(5).array((5000, 2));
    let truth = reference.std_axis(Axis(0), 0.0);
    let noise = Draws(6).array((5000, 2));
    let noise = &noise / &noise.std_axis(Axis(0), 0.0);
    let estimate = &reference + &(&noise * 0.1 * &truth);
    for (level, expected) in [(0.08, 0.905), (0.2, 1.0), (0.01, 0.113), (0.0, 0.0)] {
        let std = Array2::from_elem(estimate.dim(), level) * &truth;
        let scores = evaluate(estimate.view(), Some(std.view()), reference.view(), BY, &[Metric::Coverage]).unwrap();
        assert!((scores.values[0].1.mean - expected).abs() < 0.02, "{level}: {:?}", scores.values);
    }
    let all = [Metric::Coverage];
    let without = evaluate(estimate.view(), None, reference.view(), BY, &all).unwrap_err().to_string();
    assert!(without.contains("there are none"), "{without}");
    let misshapen = evaluate(estimate.view(), Some(noise.slice(s![..9, ..])), reference.view(), BY, &all);
    assert!(misshapen.unwrap_err().to_string().contains("they are (9, 2)"));
    let negative = evaluate(estimate.view(), Some((-noise.mapv(f64::abs)).view()), reference.view(), BY, &all);
    assert!(negative.unwrap_err().to_string().contains("negative"));
}
