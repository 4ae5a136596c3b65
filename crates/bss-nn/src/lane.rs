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

    /// `self · b + c`.
    #[inline(always)]
    pub fn mul_add(self, b: Self, c: Self) -> Self {
        Self::new(self.simd, T::vmul_add(self.simd, self.vector, b.vector, c.vector))
    }

    /// The larger of both.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self::new(self.simd, T::vmax(self.simd, self.vector, other.vector))
    }

    /// `eˣ`, with at most 2 units in the last place of error for `|x| ≤ EXP_LIMIT`, clamped beyond.
    ///
    /// NaN is clamped like a large number: kernels must carry it on elsewhere, as the scan does in ε.
    /// Cody and Waite's reduction `x = n ln 2 + r`, then a polynomial (`f32`) or rational (`f64`) function of `r`.
    #[inline(always)]
    pub fn exp(self) -> Self {
        let simd = self.simd;
        let limit = T::splat(simd, T::EXP_LIMIT);
        let x = T::vmax(simd, T::vmin(simd, self.vector, limit), T::splat(simd, -T::EXP_LIMIT));
        let round = T::splat(simd, T::ROUND);
        let rounded = T::vmul_add(simd, x, T::splat(simd, T::LOG2_E), round);
        let n = T::vsub(simd, rounded, round);
        let r = T::vmul_add(simd, n, T::splat(simd, -T::LN2_HIGH), x);
        let r = T::vmul_add(simd, n, T::splat(simd, -T::LN2_LOW), r);
        Self::new(simd, T::vmul(simd, T::exp_reduced(simd, r), T::power_of_two(simd, rounded)))
    }

    /// `tanh x`, with at most 2 units in the last place of error over the whole range.
    ///
    /// Near zero an odd polynomial (`f32`) or rational (`f64`) function, else `1 - 2 / (e^{2|x|} + 1)`.
    #[inline(always)]
    pub fn tanh(self) -> Self {
        let simd = self.simd;
        let magnitude = T::vmin(simd, T::vabs(simd, self.vector), T::splat(simd, T::TANH_LIMIT));
        let doubled = Self::new(simd, T::vadd(simd, magnitude, magnitude)).exp();
        let one = Self::splat(simd, T::one());
        let two = one + one;
        let large = one - two / (doubled + one);
        let signed = T::select_lt(simd, self.vector, T::splat(simd, T::zero()), (-large).vector, large.vector);
        let small = T::tanh_small(simd, self.vector);
        Self::new(simd, T::select_lt(simd, magnitude, T::splat(simd, T::from_f64(0.625)), small, signed))
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
        Self::zero(self.simd) - self
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
