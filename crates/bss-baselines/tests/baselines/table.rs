//! All methods, each with mixtures that it takes apart exactly.

use bss_baselines::{Demix, FastIca, Jade, Nonlinearity, Picard, Sobi};
use ndarray::{Array2, Axis, array};

/// A method with sources for which its criterion has its optimum exactly at the truth.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) method: Box<dyn Demix>,
    pub(crate) sources: Array2<f64>,
}

/// Every method; a new one is a new row.
pub(crate) fn table() -> Vec<Row> {
    let fastica = |nonlinearity| FastIca { nonlinearity, ..FastIca::default() };
    let row = |name, method: Box<dyn Demix>, sources| Row { name, method, sources };
    vec![
        row("sobi", Box::<Sobi>::default(), uncorrelated_at_all_lags()),
        row("jade", Box::new(Jade), independent()),
        row("fastica, logcosh", Box::new(fastica(Nonlinearity::LogCosh)), independent()),
        row("fastica, cube", Box::new(fastica(Nonlinearity::Cube)), independent()),
        row("fastica, exp", Box::new(fastica(Nonlinearity::Exp)), independent()),
        row("picard", Box::<Picard>::default(), independent()),
    ]
}

/// Whole periods of sines, each where the others are silent for longer than any lag: every lagged covariance is
/// diagonal in the sample itself.
fn uncorrelated_at_all_lags() -> Array2<f64> {
    let (length, gap) = (120, 25);
    Array2::from_shape_fn((3 * (length + gap), 3), |(r, j)| {
        let (burst, at) = (r / (length + gap), r % (length + gap));
        let periods = [3.0, 10.0, 24.0][j];
        let is_on = burst == j && at < length;
        if is_on { (std::f64::consts::TAU * periods * at as f64 / length as f64).sin() } else { 0.0 }
    })
}

/// Each value of one source beside each of the others: they are independent in the sample itself. One has heavy tails,
/// one has light ones, one is skewed.
fn independent() -> Array2<f64> {
    let sizes = [10, 11, 12];
    let centre = |i: usize, n: usize| (i as f64 + 0.5) / n as f64 - 0.5;
    let sources = Array2::from_shape_fn((sizes.iter().product(), 3), |(r, j)| {
        let indices = [r % sizes[0], r / sizes[0] % sizes[1], r / sizes[0] / sizes[1]];
        let u = centre(indices[j], sizes[j]);
        [u.powi(7), u, (4.0 * u).exp()][j]
    });
    &sources - &sources.mean_axis(Axis(0)).unwrap()
}

/// A mixing of three sources into so many channels, up to five.
pub(crate) fn mixing(channels: usize) -> Array2<f64> {
    let all = array![[1.0, 0.5, -0.3], [-0.4, 1.2, 0.8], [0.6, -0.9, 1.1], [0.2, 0.7, -1.3], [-1.5, 0.1, 0.4]];
    all.select(Axis(0), &(0..channels).collect::<Vec<_>>())
}
