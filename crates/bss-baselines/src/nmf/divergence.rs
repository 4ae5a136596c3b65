//! What a factorisation makes small, and the multiplicative updates that follow from it.

use std::ops::Add;

use ndarray::{Array2, Axis, Zip};

/// Smaller factors are 0: they would not grow again, and numbers below the normal range take long to compute with.
const VANISHED: f64 = 1e-100;

/// How far the product H W is from the mixtures X.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// `½ ‖X - H W‖²`.
    Frobenius,
    /// `Σ x log(x / y) - x + y` with y of H W.
    KullbackLeibler,
}

/// Sums over mixtures, of which the templates' update is made.
pub(super) struct Totals {
    /// `Hᵀ X`, or `Hᵀ (X ⊘ H W)`: (templates, features).
    numerator: Array2<f64>,
    /// `Hᵀ H`, (templates, templates), or the sum of each template's activations, (templates, 1).
    weight: Array2<f64>,
}

impl Divergence {
    /// `H ← H ∘ X Wᵀ ⊘ H W Wᵀ`, or `H ← H ∘ (X ⊘ H W) Wᵀ ⊘ 1 Wᵀ`.
    ///
    /// # Shapes
    /// x (examples, features), h (examples, templates), w (templates, features).
    pub(super) fn update_activations(self, x: &Array2<f64>, h: &mut Array2<f64>, w: &Array2<f64>) {
        let (numerator, denominator) = match self {
            Self::Frobenius => (x.dot(&w.t()), h.dot(&w.dot(&w.t()))),
            Self::KullbackLeibler => {
                let sums = w.sum_axis(Axis(1));
                (ratios(x, h, w).dot(&w.t()), sums.broadcast(h.dim()).expect("a sum for each template").to_owned())
            }
        };
        multiply(h, &numerator, &denominator);
    }

    /// What some mixtures and their activations add to the update of the templates.
    pub(super) fn totals(self, x: &Array2<f64>, h: &Array2<f64>, w: &Array2<f64>) -> Totals {
        match self {
            Self::Frobenius => Totals { numerator: h.t().dot(x), weight: h.t().dot(h) },
            Self::KullbackLeibler => {
                Totals { numerator: h.t().dot(&ratios(x, h, w)), weight: h.sum_axis(Axis(0)).insert_axis(Axis(1)) }
            }
        }
    }

    /// `W ← W ∘ Hᵀ X ⊘ Hᵀ H W`, or `W ← W ∘ Hᵀ (X ⊘ H W) ⊘ Hᵀ 1`.
    pub(super) fn update_templates(self, totals: &Totals, w: &mut Array2<f64>) {
        let denominator = match self {
            Self::Frobenius => totals.weight.dot(w),
            Self::KullbackLeibler => totals.weight.broadcast(w.dim()).expect("a weight for each template").to_owned(),
        };
        multiply(w, &totals.numerator, &denominator);
    }
}

impl Add for Totals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { numerator: self.numerator + other.numerator, weight: self.weight + other.weight }
    }
}

/// `X ⊘ H W`, 0 where the product is 0.
fn ratios(x: &Array2<f64>, h: &Array2<f64>, w: &Array2<f64>) -> Array2<f64> {
    let mut product = h.dot(w);
    Zip::from(&mut product).and(x).for_each(|y, x| *y = if *y > 0.0 { x / *y } else { 0.0 });
    product
}

/// `F ← F ∘ numerator ⊘ denominator`, 0 where the denominator is 0.
fn multiply(factor: &mut Array2<f64>, numerator: &Array2<f64>, denominator: &Array2<f64>) {
    Zip::from(factor).and(numerator).and(denominator).for_each(|factor, numerator, denominator| {
        let updated = if *denominator > 0.0 { *factor * (numerator / denominator) } else { 0.0 };
        *factor = if updated > VANISHED { updated } else { 0.0 };
    });
}
