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
