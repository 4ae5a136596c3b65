//! A vector of [`Real`]s with operators, so that kernels read like the equations they compute.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use pulp::Simd;

use crate::Real;

/// One vector register: the same quantity of several independent chains, one in each lane.
#[derive(Clone, Copy)]
#[must_use]
pub struct Lane<S: Simd, T: Real> {
    simd: S,
    /// The register itself, as stored in memory.
    pub vector: T::Vector<S>,
}

impl<S: Simd, T: Real> Lane<S, T> {
    /// Wraps a register.
    #[inline(always)]
    pub fn new(simd: S, vector: T::Vector<S>) -> Self {
        Self { simd, vector }
    }

    /// The same value in every lane.
    #[inline(always)]
    pub fn splat(simd: S, x: T) -> Self {
        Self::new(simd, T::splat(simd, x))
    }

    /// Zero in every lane.
    #[inline(always)]
    pub fn zero(simd: S) -> Self {
        Self::splat(simd, T::zero())
    }

    /// The first slot of `slot` (128 bits), repeated over the register; for registers of 128 bits or more.
    #[inline(always)]
    pub fn repeat(simd: S, slot: &[T]) -> Self {
        Self::new(simd, T::repeat(simd, slot))
    }

    /// Writes the register's first slot (128 bits); for registers of 128 bits or more.
    #[inline(always)]
    pub fn write_slot(self, slot: &mut [T]) {
        T::write_slot::<S>(self.vector, slot);
    }

    /// Moves each lane on by as many slots, the last ones round to the front.
    #[inline(always)]
    pub fn rotate_slots(self, slots: usize) -> Self {
        Self::new(self.simd, T::rotate_slots(self.simd, self.vector, slots))
    }

    /// `self · b + c`.
    #[inline(always)]
    pub fn mul_add(self, b: Self, c: Self) -> Self {
        Self::new(self.simd, T::vmul_add(self.simd, self.vector, b.vector, c.vector))
    }

    /// `c - self · b`.
    #[inline(always)]
    pub fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self::new(self.simd, T::vneg_mul_add(self.simd, self.vector, b.vector, c.vector))
    }

    /// The smaller of both.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self::new(self.simd, T::vmin(self.simd, self.vector, other.vector))
    }

    /// The larger of both.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self::new(self.simd, T::vmax(self.simd, self.vector, other.vector))
    }

    /// `eˣ`, with at most 2 units in the last place of error for `|x| ≤ EXP_LIMIT`, clamped beyond.
    ///
    /// NaN is clamped like a large number: kernels must carry it on elsewhere, as the scan does in ε.
    #[inline(always)]
    pub fn exp(self) -> Self {
        let limit = Self::splat(self.simd, T::EXP_LIMIT);
        self.min(limit).max(-limit).exp_within_limit()
    }

    /// [`exp`](Self::exp) without the clamp: the caller knows that `|x| ≤ EXP_LIMIT`.
    #[inline(always)]
    pub fn exp_within_limit(self) -> Self {
        let (scale, excess) = self.split_exp();
        excess.mul_add(scale, scale)
    }

    /// `eˣ` for `|x| ≤ 1`, with at most 2 units in the last place of error; sooner there than [`exp`](Self::exp).
    #[inline(always)]
    pub fn exp_within_one(self) -> Self {
        Self::new(self.simd, T::exp_within_one(self.simd, self.vector))
    }

    /// `tanh x`, with at most 2 units in the last place of error over the whole range.
    ///
    /// Near zero an odd polynomial (`f32`) or rational (`f64`) function, else `1 - 2 / (e^{2|x|} + 1)`.
    #[inline(always)]
    pub fn tanh(self) -> Self {
        let simd = self.simd;
        let magnitude = Self::new(simd, T::vabs(simd, self.vector)).min(Self::splat(simd, T::TANH_LIMIT));
        let twice_log2_e = Self::splat(simd, T::LOG2_E + T::LOG2_E);
        let rounded = magnitude.mul_add(twice_log2_e, Self::splat(simd, T::ROUND));
        let (scale, excess) = (magnitude + magnitude).split_small_exp(rounded);
        let one = Self::splat(simd, T::one());
        let large = one - (one + one) / excess.mul_add(scale, scale + one);
        let small = T::tanh_small(simd, magnitude.vector);
        let edge = T::splat(simd, T::from_f64(0.625));
        let y = T::select_lt(simd, magnitude.vector, edge, small, large.vector);
        Self::new(simd, T::vcopysign(simd, y, self.vector))
    }

    /// `2ⁿ` and `eʳ - 1` such that `eˣ = 2ⁿ (1 + (eʳ - 1))`, by Cody and Waite's reduction `x = n ln 2 + r`.
    #[inline(always)]
    fn split_exp(self) -> (Self, Self) {
        let simd = self.simd;
        let round = Self::splat(simd, T::ROUND);
        let rounded = self.mul_add(Self::splat(simd, T::LOG2_E), round);
        let n = rounded - round;
        let r = n.mul_add(Self::splat(simd, -T::LN2_HIGH), self);
        let r = n.mul_add(Self::splat(simd, -T::LN2_LOW), r);
        let scale = Self::new(simd, T::power_of_two(simd, rounded.vector));
        (scale, Self::new(simd, T::expm1_reduced(simd, r.vector)))
    }

    /// The same with `ln 2` in one part, for small n or where a relative error of n units is harmless.
    ///
    /// `rounded` is `x log₂ e + ROUND`.
    #[inline(always)]
    fn split_small_exp(self, rounded: Self) -> (Self, Self) {
        let simd = self.simd;
        let n = rounded - Self::splat(simd, T::ROUND);
        let r = n.mul_add(Self::splat(simd, -(T::LN2_HIGH + T::LN2_LOW)), self);
        let scale = Self::new(simd, T::power_of_two(simd, rounded.vector));
        (scale, Self::new(simd, T::expm1_reduced(simd, r.vector)))
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $vector:ident) => {
        impl<S: Simd, T: Real> $trait for Lane<S, T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self::new(self.simd, T::$vector(self.simd, self.vector, other.vector))
            }
        }
    };
}

operator!(Add, add, vadd);
operator!(Sub, sub, vsub);
operator!(Mul, mul, vmul);
operator!(Div, div, vdiv);

impl<S: Simd, T: Real> Neg for Lane<S, T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self::new(self.simd, T::vneg(self.simd, self.vector))
    }
}

impl<S: Simd, T: Real> AddAssign for Lane<S, T> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::{Arch, WithSimd};

    struct Apply<'a, T: Real> {
        values: &'a mut [T],
        tanh: bool,
    }

    impl<T: Real> WithSimd for Apply<'_, T> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            assert_eq!(self.values.len() % T::lanes::<S>(), 0);
            for v in T::vectors_mut::<S>(self.values) {
                let x = Lane::<S, T>::new(simd, *v);
                *v = if self.tanh { x.tanh() } else { x.exp() }.vector;
            }
        }
    }

    /// The largest error of the vector function in units of the last place of the true value.
    fn worst_ulps<T: Real>(inputs: &[T], tanh: bool, epsilon: f64) -> f64 {
        let mut values = inputs.to_vec();
        Arch::new().dispatch(Apply { values: &mut values, tanh });
        let mut scalar = inputs.to_vec();
        Apply { values: &mut scalar, tanh }.with_simd(pulp::Scalar);
        let error = |x: &T, y: &T| {
            let x = x.to_f64();
            let truth = if tanh { x.tanh() } else { x.exp() };
            let ulp = 2f64.powf(truth.abs().max(f64::MIN_POSITIVE).log2().floor()) * epsilon;
            if truth == 0.0 { y.to_f64().abs() } else { (y.to_f64() - truth).abs() / ulp }
        };
        let both = inputs.iter().zip(&values).chain(inputs.iter().zip(&scalar));
        both.map(|(x, y)| error(x, y)).fold(0.0, f64::max)
    }

    #[test]
    fn exp_and_tanh_stay_within_two_ulps_in_single_precision() {
        let inputs: Vec<f32> = (-348_000..348_000).map(|i| i as f32 / 4000.0).collect();
        assert!(worst_ulps(&inputs, false, f64::from(f32::EPSILON)) <= 2.0);
        assert!(worst_ulps(&inputs, true, f64::from(f32::EPSILON)) <= 2.0);
        let tiny: Vec<f32> = (0..64_000).map(|i| 2f32.powf(-(i as f32) / 600.0)).collect();
        assert!(worst_ulps(&tiny, true, f64::from(f32::EPSILON)) <= 2.0);
    }

    #[test]
    fn exp_and_tanh_stay_within_three_ulps_in_double_precision() {
        // The reference itself is only good to about one unit here.
        let inputs: Vec<f64> = (-353_600..353_600).map(|i| f64::from(i) / 500.0).collect();
        assert!(worst_ulps(&inputs, false, f64::EPSILON) <= 3.0);
        let inputs: Vec<f64> = (-352_000..352_000).map(|i| f64::from(i) / 16_000.0).collect();
        assert!(worst_ulps(&inputs, true, f64::EPSILON) <= 3.0);
    }
}
