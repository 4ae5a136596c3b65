//! L-BFGS over rotations: a direction from the last steps and what they did to the gradient.

use std::collections::VecDeque;

use ndarray::Array2;

/// The last pairs of a step and the change of gradient it brought; all are skew-symmetric.
#[derive(Debug)]
pub(super) struct Memory {
    most: usize,
    pairs: VecDeque<Pair>,
}

#[derive(Debug)]
struct Pair {
    step: Array2<f64>,
    change: Array2<f64>,
    /// 1/⟨step, change⟩.
    weight: f64,
}

impl Memory {
    /// Empty, for so many pairs.
    pub(super) fn new(most: usize) -> Self {
        Self { most, pairs: VecDeque::new() }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Takes in a pair, and forgets the oldest where they are too many.
    ///
    /// A pair without positive curvature would turn directions uphill, and is left out.
    pub(super) fn push(&mut self, step: Array2<f64>, change: Array2<f64>) {
        let product = (&step * &change).sum();
        if product > 0.0 && product.recip().is_finite() {
            self.pairs.push_back(Pair { step, change, weight: product.recip() });
        }
        if self.pairs.len() > self.most {
            self.pairs.pop_front();
        }
    }

    /// The two-loop recursion with `curvature` as the first Hessian.
    pub(super) fn direction(&self, gradient: &Array2<f64>, curvature: &Array2<f64>) -> Array2<f64> {
        let mut q = gradient.clone();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for Pair { step, change, weight } in self.pairs.iter().rev() {
            let share = weight * (step * &q).sum();
            q.scaled_add(-share, change);
            shares.push(share);
        }
        let mut z = q / curvature;
        for (Pair { step, change, weight }, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let other = weight * (change * &z).sum();
            z.scaled_add(share - other, step);
        }
        -z
    }
}
