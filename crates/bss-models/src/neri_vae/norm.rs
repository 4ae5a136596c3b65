//! How sources make a mixture.

use bss_nn::Real;

/// The norm over the sources that a mixture is in each of its values: `x̂ = (Σ ŝ_k^q)^(1/q)`.
///
/// Equation 4 of the paper is q = 1. Magnitudes do not add up, for phases differ, but their squares do on average: q = 2, or
/// 4 where values are square roots of magnitudes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// The sum.
    #[default]
    One,
    /// The root of the sum of squares.
    Two,
    /// The fourth root of the sum of fourth powers.
    Four,
}

impl Norm {
    /// q.
    #[must_use]
    pub fn exponent(self) -> i32 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// The mixture of sources (K, features); 0 of none.
    pub(crate) fn of<T: Real>(self, sources: &[T], features: usize) -> Vec<T> {
        let mut mixed = vec![T::zero(); features];
        for source in sources.chunks_exact(features) {
            mixed.iter_mut().zip(source).for_each(|(sum, &s)| *sum += self.power(s));
        }
        mixed.into_iter().map(|sum| self.root(sum)).collect()
    }

    /// What is left of a mixture's value without that of some sources: `(x^q - v^q)^(1/q)`, or 0 if they are more.
    pub(crate) fn without<T: Real>(self, x: T, v: T) -> T {
        if v < x { self.root(self.power(x) - self.power(v)) } else { T::zero() }
    }

    /// `v^q`.
    #[inline(always)]
    pub(crate) fn power<T: Real>(self, v: T) -> T {
        match self {
            Self::One => v,
            Self::Two => v * v,
            Self::Four => (v * v) * (v * v),
        }
    }

    /// `v^(1/q)`.
    #[inline(always)]
    pub(crate) fn root<T: Real>(self, v: T) -> T {
        match self {
            Self::One => v,
            Self::Two => v.root(),
            Self::Four => v.root().root(),
        }
    }

    /// `v^(q - 1)`.
    #[inline(always)]
    pub(crate) fn slope<T: Real>(self, v: T) -> T {
        match self {
            Self::One => T::one(),
            Self::Two => v,
            Self::Four => v * v * v,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_leave_of_a_mixture_is_the_source() {
        for norm in [Norm::One, Norm::Two, Norm::Four] {
            let mixed = norm.of(&[0.3_f64, 0.0, 0.4, 0.25], 2);
            for (left, source) in [(norm.without(mixed[0], 0.4), 0.3), (norm.without(mixed[1], 0.25), 0.0)] {
                assert!((left - source).abs() < 1e-6, "{norm:?}: {left} of {source}");
            }
            assert_eq!(norm.without(0.5, 0.7), 0.0);
            assert_eq!(norm.of::<f64>(&[], 2), [0.0, 0.0]);
        }
    }
}
