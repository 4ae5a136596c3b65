//! `eˣ` and `1 / (1 + e⁻ˣ)` in vectors.

use pulp::{Simd, WithSimd};

use crate::{Lane, Real};

/// Numbers taken at a time, a multiple of the lanes of any register.
const BLOCK: usize = 256;

/// Replaces every entry by its logistic function; what is infinite becomes NaN, as what is NaN stays so.
pub fn sigmoid<T: Real>(values: &mut [T]) {
    pulp::Arch::new().dispatch(Apply::<T, true> { values });
}

/// Replaces every entry by its exponential; what is infinite becomes NaN, as what is NaN stays so.
pub fn exponential<T: Real>(values: &mut [T]) {
    pulp::Arch::new().dispatch(Apply::<T, false> { values });
}

struct Apply<'a, T, const SIGMOID: bool> {
    values: &'a mut [T],
}

impl<T: Real, const SIGMOID: bool> Apply<'_, T, SIGMOID> {
    #[inline(always)]
    fn block<S: Simd>(simd: S, values: &mut [T]) {
        let [zero, one] = [T::zero(), T::one()].map(|value| Lane::<S, T>::splat(simd, value));
        for v in T::vectors_mut::<S>(values) {
            let x = Lane::<S, T>::new(simd, *v);
            let y = if SIGMOID { one / (one + (-x).exp()) } else { x.exp() };
            // What is no number stays so: the exponential takes it for a large one.
            *v = x.mul_add(zero, y).vector;
        }
    }
}

impl<T: Real, const SIGMOID: bool> WithSimd for Apply<'_, T, SIGMOID> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut blocks = self.values.chunks_exact_mut(BLOCK);
        for values in &mut blocks {
            Self::block(simd, values);
        }
        let rest = blocks.into_remainder();
        let mut block = [T::zero(); BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        Self::block(simd, &mut block);
        rest.copy_from_slice(&block[..rest.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree_with_the_plain_functions_and_saturate() {
        let inputs: Vec<f64> = (-4000..4001).map(|i| f64::from(i) / 100.0).collect();
        let (mut s, mut e) = (inputs.clone(), inputs.clone());
        sigmoid(&mut s);
        exponential(&mut e);
        for ((x, s), e) in inputs.iter().zip(&s).zip(&e) {
            assert!((s * (1.0 + (-x).exp()) - 1.0).abs() < 1e-14);
            assert!((e / x.exp() - 1.0).abs() < 1e-14);
        }
        let mut ends = [-1e9f32, -200.0, 0.0, 200.0, 1e9];
        sigmoid(&mut ends);
        let mut others = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        sigmoid(&mut others);
        assert!(others.iter().all(|y| y.is_nan()), "{others:?}");
        assert!(ends[0] < 1e-30 && ends[1] < 1e-30 && ends[2..] == [0.5, 1.0, 1.0], "{ends:?}");
    }
}
