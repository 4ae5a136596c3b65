//! Where Picard stands: the rotation, the signals it gives, their likelihood, and steps from there.

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::LEAST_CURVATURE;

/// A sum of a recording's terms is known to about this share of itself.
const ROUNDING: f64 = 1e-14;

/// A rotation, and what it makes of the whitened signals.
#[derive(Debug)]
pub(super) struct State {
    /// W, (n, n), a source in each row.
    pub(super) rotation: Array2<f64>,
    /// y = W z, (n, samples).
    signals: Array2<f64>,
}

/// The likelihood at a rotation, to second order.
#[derive(Debug)]
pub(super) struct Likelihood {
    /// σ, 1 or -1 for each source.
    pub(super) signs: Array1<f64>,
    /// G, skew-symmetric, (n, n).
    pub(super) gradient: Array2<f64>,
    /// H, symmetric and positive, (n, n).
    pub(super) curvature: Array2<f64>,
}

impl State {
    /// Whitened signals (samples, n), turned by a first rotation.
    pub(super) fn new(z: ArrayView2<f64>, rotation: Array2<f64>) -> Self {
        let signals = rotation.dot(&z.t());
        Self { rotation, signals }
    }

    /// Signs, gradient and curvature.
    pub(super) fn likelihood(&self) -> Likelihood {
        let samples = self.signals.ncols() as f64;
        let scores = self.signals.mapv(f64::tanh);
        let slopes = scores.mapv(|t| 1.0 - t * t).sum_axis(Axis(1)) / samples;
        let psi = scores.dot(&self.signals.t()) / samples;
        // The signals are white, so E[y²] is 1.
        let signs = (&slopes - &psi.diag()).mapv(|v| if v < 0.0 { -1.0 } else { 1.0 });
        let kappa = &signs * &(&slopes - &psi.diag());
        let psi = psi * signs.view().insert_axis(Axis(1));
        let curvature = |(i, j): (usize, usize)| (0.5 * (kappa[i] + kappa[j])).max(LEAST_CURVATURE);
        Likelihood { gradient: (&psi - &psi.t()) * 0.5, curvature: Array2::from_shape_fn(psi.dim(), curvature), signs }
    }

    /// Goes along a direction as far as the loss falls, halving the step where it does not; gives the step taken, or
    /// `None`, and stays, if none was short enough.
    pub(super) fn search(&mut self, at: &Likelihood, direction: &Array2<f64>, halvings: usize) -> Option<Array2<f64>> {
        let (loss, size) = loss(&self.signals, &at.signs);
        for halving in 0..halvings {
            let step = direction * 0.5_f64.powi(halving as i32);
            let turn = exponential(&step);
            let signals = turn.dot(&self.signals);
            // Near the end the loss is flat to rounding while the gradient still has something to say.
            if self::loss(&signals, &at.signs).0 <= loss + ROUNDING * size {
                self.rotation = turn.dot(&self.rotation);
                self.signals = signals;
                return Some(step);
            }
        }
        None
    }

    /// The shortest step that [`search`](Self::search) would have tried, taken whatever it does.
    pub(super) fn turn(&mut self, direction: &Array2<f64>, halvings: usize) -> Array2<f64> {
        let step = direction * 0.5_f64.powi(halvings as i32);
        let turn = exponential(&step);
        self.rotation = turn.dot(&self.rotation);
        self.signals = turn.dot(&self.signals);
        step
    }
}

/// Σ_i σ_i E[log cosh y_i] up to a constant, and the sum of the magnitudes of its terms.
fn loss(signals: &Array2<f64>, signs: &Array1<f64>) -> (f64, f64) {
    let samples = signals.ncols() as f64;
    let log_cosh = |y: f64| y.abs() + (-2.0 * y.abs()).exp().ln_1p();
    let terms = signals.rows().into_iter().map(|row| row.iter().map(|&y| log_cosh(y)).sum::<f64>() / samples);
    terms.zip(signs).fold((0.0, 0.0), |(loss, size), (term, sign)| (loss + sign * term, size + term))
}

/// The rotation exp(D) of a skew-symmetric D.
fn exponential(d: &Array2<f64>) -> Array2<f64> {
    let (rows, columns) = d.dim();
    let exponential = DMatrix::from_fn(rows, columns, |i, j| d[(i, j)]).exp();
    Array2::from_shape_fn((rows, columns), |(i, j)| exponential[(i, j)])
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// A small turn changes the loss by ⟨G, D⟩.
    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let z = Array2::from_shape_fn((50, 3), |(r, c)| ((r * (c + 2)) as f64 * 0.61).sin().powi(3) + 0.1 * c as f64);
        let mut state = State::new(z.view(), Array2::eye(3));
        let at = state.likelihood();
        let direction = array![[0.0, 0.4, -1.0], [-0.4, 0.0, 0.3], [1.0, -0.3, 0.0]];
        let after = |step: f64| {
            let turned = exponential(&(&direction * step)).dot(&state.signals);
            loss(&turned, &at.signs).0
        };
        let slope = (after(1e-5) - after(-1e-5)) / 2e-5;
        assert!((slope - (&at.gradient * &direction).sum()).abs() < 1e-9, "{slope}");
        let before = loss(&state.signals, &at.signs).0;
        assert!(state.search(&at, &-&at.gradient, 10).is_some());
        assert!(loss(&state.signals, &at.signs).0 < before);
    }
}
