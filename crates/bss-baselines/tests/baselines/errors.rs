//! What no method can take is an error that names the mend, and never a NaN.

use bss_baselines::{Demix, Error, Jade, Sobi};
use ndarray::{Array2, Axis, concatenate, s};

use crate::table::{mixing, table};

fn recording() -> Array2<f64> {
    Array2::from_shape_fn((200, 3), |(t, c)| ((t * (c + 2)) as f64 * 0.37).sin() + 0.01 * (t * c) as f64)
}

/// Checks that every method refuses `x`, with the parts said.
#[track_caller]
fn refused(x: &Array2<f64>, sources: usize, parts: &[&str]) {
    for row in table() {
        let message = row.method.fit(x.view(), sources).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{}: `{part}` is not in: {message}", row.name);
        }
    }
}

#[test]
fn recordings_without_enough_to_separate_are_refused() {
    let good = recording();
    refused(&good, 0, &["0 sources were asked for", "raise --sources"]);
    refused(&good, 4, &["4 sources were asked for and 3 channels given", "lower --sources to at most 3"]);
    refused(&good.slice(s![..3, ..]).to_owned(), 3, &["3 samples are too few", "at least 4", "longer recording"]);
    refused(&Array2::zeros((0, 3)), 3, &["0 samples are too few"]);
    let sum = (&good.column(0) + &good.column(1)).insert_axis(Axis(1));
    let deficient = concatenate![Axis(1), good, sum];
    refused(&deficient, 4, &["4 channels span only 3 dimensions", "--sources 3"]);
    let mut constant = good.clone();
    constant.column_mut(1).fill(0.1);
    refused(&constant, 3, &["span only 2 dimensions", "channel 2 is constant", "--sources 2"]);
    // What the messages say helps.
    for row in table() {
        for (x, sources) in [(&deficient, 3), (&constant, 2)] {
            let fitted = row.method.fit(x.view(), sources).unwrap().demixing;
            assert!(fitted.demixing.iter().chain(&fitted.mixing).all(|value| value.is_finite()), "{}", row.name);
        }
    }
}

#[test]
fn values_that_cannot_be_computed_with_are_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        let mut x = recording();
        x[(7, 1)] = value;
        refused(&x, 3, &["sample 7 of channel 2 is not finite", "fill it in"]);
    }
    refused(&(recording() * 1e200), 3, &["the largest magnitude is", "rescale the recording"]);
    refused(&(recording() * 1e-200), 3, &["the largest magnitude is", "rescale the recording"]);
    refused(&Array2::zeros((50, 2)), 2, &["span only 0 dimensions"]);
}

#[test]
fn any_unit_will_do() {
    let x = table()[1].sources.dot(&mixing(3).t());
    for row in table() {
        for factor in [1e-50, 1e50] {
            let fitted = row.method.fit((&x * factor).view(), 3).unwrap().demixing;
            assert!(fitted.demixing.iter().chain(&fitted.mixing).all(|v| v.is_finite() && *v != 0.0), "{}", row.name);
        }
    }
}

#[test]
fn lags_are_within_the_recording() {
    let x = recording();
    for (lags, message) in [
        (vec![], "there is no lag, expected lags from 1 to 199"),
        (vec![1, 0], "lag 0 cannot be taken, expected lags from 1 to 199"),
        (vec![1, 200, 300], "lag 200 cannot be taken, expected lags from 1 to 199"),
    ] {
        let error = Sobi { lags }.fit(x.view(), 3).unwrap_err().to_string();
        assert!(error.starts_with(message) && error.contains("sobi.lags"), "{error}");
    }
    assert!(Sobi { lags: vec![199] }.fit(x.view(), 3).is_ok());
}

#[test]
fn jade_says_where_its_memory_ends() {
    let x = Array2::from_shape_fn((300, 101), |(r, c)| ((r * r + 1) as f64 * (c as f64 + 0.3)).sin());
    let error = Jade.fit(x.view(), 101).unwrap_err();
    assert!(matches!(error, Error::TooManySources { sources: 101, most: 100 }), "{error}");
}

#[test]
fn another_number_of_channels_is_an_error() {
    use bss_models::Separator as _;
    let fitted = Jade.fit(recording().view(), 3).unwrap().demixing;
    let error = fitted.separate(recording().slice(s![.., ..2])).unwrap_err().to_string();
    assert!(error.contains("has 2 channels, but the model was fitted to 3"), "{error}");
}
