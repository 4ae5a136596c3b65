//! The two floating-point types that fused operations are written for.
//!
//! [`Real`] maps `f32` and `f64` to the vectors of the instruction set that [`pulp`] found at run time,
//! so that one kernel source serves both types and every processor.

use candle_core::WithDType;
use pulp::{Simd, bytemuck};

use crate::Lane;

/// `f32` or `f64`: a scalar with its vectors, and the constants of the vector functions in [`crate::Lane`].
pub trait Real:
    WithDType + Default + bytemuck::Pod + std::ops::Neg<Output = Self> + std::iter::Sum + faer::traits::ComplexField
{
    /// As many scalars as the instruction set `S` holds in one register.
    type Vector<S: Simd>: Copy;

    /// `log₂ e`.
    const LOG2_E: Self;
    /// The high part of `ln 2`, with trailing zero bits, so that `n · LN2_HIGH` is exact.
    const LN2_HIGH: Self;
    /// `ln 2 - LN2_HIGH`.
    const LN2_LOW: Self;
    /// Adding and subtracting this rounds to the nearest integer and leaves that in the low bits.
    const ROUND: Self;
    /// Arguments of `exp` are clamped to `±EXP_LIMIT`, where the result is still a normal number.
    const EXP_LIMIT: Self;
    /// `tanh` is 1 to the last bit beyond this.
    const TANH_LIMIT: Self;
    /// The scalars in 128 bits: one slot of a register.
    const SLOT: usize;

    /// The number of scalars in one vector.
    fn lanes<S: Simd>() -> usize;
    /// Views a slice, whose length is a multiple of the lanes, as vectors.
    fn vectors<S: Simd>(slice: &[Self]) -> &[Self::Vector<S>];
    /// Views a slice, whose length is a multiple of the lanes, as vectors.
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [Self::Vector<S>];
    /// The first [`SLOT`](Self::SLOT) scalars of a slice, repeated over a register that holds at least as many.
    fn repeat<S: Simd>(simd: S, slot: &[Self]) -> Self::Vector<S>;
    /// Writes the first [`SLOT`](Self::SLOT) lanes of a register that holds at least as many.
    fn write_slot<S: Simd>(a: Self::Vector<S>, slot: &mut [Self]);
    /// Moves each lane on by as many slots, the last ones round to the front.
    fn rotate_slots<S: Simd>(simd: S, a: Self::Vector<S>, slots: usize) -> Self::Vector<S>;
    /// The same scalar in every lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    /// `a + b`.
    fn vadd<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a - b`.
    fn vsub<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a · b`.
    fn vmul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a / b`.
    fn vdiv<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a · b + c`, fused where the processor can.
    fn vmul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// `c - a · b`, fused where the processor can.
    fn vneg_mul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// `-a`.
    fn vneg<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// The smaller of both.
    fn vmin<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// The larger of both.
    fn vmax<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `|a|`.
    fn vabs<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// `magnitude`, which is not negative, with the sign of `a`.
    fn vcopysign<S: Simd>(simd: S, magnitude: Self::Vector<S>, a: Self::Vector<S>) -> Self::Vector<S>;
    /// `yes` where `a < b`, else `no`.
    fn select_lt<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        yes: Self::Vector<S>,
        no: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// `2ⁿ` for the integer `n` that `ROUND` left in the low bits of `rounded`.
    fn power_of_two<S: Simd>(simd: S, rounded: Self::Vector<S>) -> Self::Vector<S>;
    /// `eʳ - 1` for `|r| ≤ ln 2 / 2`.
    fn expm1_reduced<S: Simd>(simd: S, r: Self::Vector<S>) -> Self::Vector<S>;
    /// `eˣ` for `|x| ≤ 1`.
    fn exp_within_one<S: Simd>(simd: S, x: Self::Vector<S>) -> Self::Vector<S>;
    /// `tanh x` for `|x| < 0.625`.
    fn tanh_small<S: Simd>(simd: S, x: Self::Vector<S>) -> Self::Vector<S>;
    /// `√x` of one scalar.
    #[must_use]
    fn root(self) -> Self;
    /// `ln x` of one scalar.
    #[must_use]
    fn ln(self) -> Self;
    /// `eˣ` of one scalar.
    #[must_use]
    fn exp(self) -> Self;
    /// `tanh x` of one scalar.
    #[must_use]
    fn tanh(self) -> Self;
}

macro_rules! horner {
    ($simd:ident, $x:ident, $first:expr $(, $rest:expr)*) => {{
        let y = Self::splat($simd, $first);
        $(let y = Self::vmul_add($simd, y, $x, Self::splat($simd, $rest));)*
        y
    }};
}

macro_rules! vector_methods {
    ($vector:ident, $lanes:ident, $as_simd:ident, $as_mut_simd:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident,
     $div:ident, $mul_add:ident, $neg_mul_add:ident, $xor:ident, $min:ident, $max:ident, $and:ident, $lt:ident, $select:ident, $rotate:ident, $bits:ty, $scalar:ident) => {
        type Vector<S: Simd> = S::$vector;

        #[inline(always)]
        fn lanes<S: Simd>() -> usize {
            S::$lanes
        }
        #[inline(always)]
        fn vectors<S: Simd>(slice: &[Self]) -> &[Self::Vector<S>] {
            S::$as_simd(slice).0
        }
        #[inline(always)]
        fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [Self::Vector<S>] {
            S::$as_mut_simd(slice).0
        }
        #[inline(always)]
        fn repeat<S: Simd>(simd: S, slot: &[Self]) -> Self::Vector<S> {
            let bits: pulp::c64 = bytemuck::pod_read_unaligned(bytemuck::cast_slice(&slot[..Self::SLOT]));
            bytemuck::cast(simd.splat_c64s(bits))
        }
        #[inline(always)]
        fn write_slot<S: Simd>(a: Self::Vector<S>, slot: &mut [Self]) {
            let lanes: &[Self] = bytemuck::cast_slice(std::slice::from_ref(&a));
            slot[..Self::SLOT].copy_from_slice(&lanes[..Self::SLOT]);
        }
        #[inline(always)]
        fn rotate_slots<S: Simd>(simd: S, a: Self::Vector<S>, slots: usize) -> Self::Vector<S> {
            simd.$rotate(a, slots * Self::SLOT)
        }
        #[inline(always)]
        fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S> {
            simd.$splat(x)
        }
        #[inline(always)]
        fn vadd<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
            simd.$add(a, b)
        }
        #[inline(always)]
        fn vsub<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
            simd.$sub(a, b)
        }
        #[inline(always)]
        fn vmul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
            simd.$mul(a, b)
        }
        #[inline(always)]
        fn vdiv<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
            simd.$div(a, b)
        }
        #[inline(always)]
        fn vmul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S> {
            simd.$mul_add(a, b, c)
        }
        #[inline(always)]
        fn vneg_mul_add<S: Simd>(
            simd: S,
            a: Self::Vector<S>,
            b: Self::Vector<S>,
            c: Self::Vector<S>,
        ) -> Self::Vector<S> {
            simd.$neg_mul_add(a, b, c)
        }
        #[inline(always)]
        fn vneg<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S> {
            simd.$xor(a, simd.$splat(-0.0))
        }
        #[inline(always)]
        fn vmin<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
            simd.$min(a, b)
        }
        #[inline(always)]
        fn vmax<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
            simd.$max(a, b)
        }
        #[inline(always)]
        fn vabs<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S> {
            simd.$and(a, simd.$splat(Self::from_bits(<$bits>::MAX >> 1)))
        }
        #[inline(always)]
        fn select_lt<S: Simd>(
            simd: S,
            a: Self::Vector<S>,
            b: Self::Vector<S>,
            yes: Self::Vector<S>,
            no: Self::Vector<S>,
        ) -> Self::Vector<S> {
            bytemuck::cast(simd.$select(simd.$lt(a, b), bytemuck::cast(yes), bytemuck::cast(no)))
        }
        #[inline(always)]
        fn root(self) -> Self {
            $scalar::sqrt(self)
        }
        fn ln(self) -> Self {
            $scalar::ln(self)
        }
        fn exp(self) -> Self {
            $scalar::exp(self)
        }
        fn tanh(self) -> Self {
            $scalar::tanh(self)
        }
    };
}

// The coefficients are those of S. Moshier's Cephes library (expf, tanhf).
#[allow(clippy::excessive_precision)]
impl Real for f32 {
    const LOG2_E: Self = std::f32::consts::LOG2_E;
    const LN2_HIGH: Self = 0.693_359_375;
    const LN2_LOW: Self = -2.121_944_4e-4;
    const ROUND: Self = 12_582_912.0;
    const EXP_LIMIT: Self = 87.0;
    const TANH_LIMIT: Self = 9.1;
    const SLOT: usize = 4;

    vector_methods!(
        f32s,
        F32_LANES,
        as_simd_f32s,
        as_mut_simd_f32s,
        splat_f32s,
        add_f32s,
        sub_f32s,
        mul_f32s,
        div_f32s,
        mul_add_e_f32s,
        negate_mul_add_e_f32s,
        xor_f32s,
        min_f32s,
        max_f32s,
        and_f32s,
        less_than_f32s,
        select_u32s,
        rotate_right_f32s,
        u32,
        f32
    );

    #[inline(always)]
    fn power_of_two<S: Simd>(simd: S, rounded: S::f32s) -> S::f32s {
        let biased = simd.add_u32s(simd.transmute_u32s_f32s(rounded), simd.splat_u32s(127));
        simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(biased, simd.splat_u32s(23)))
    }

    #[inline(always)]
    fn vcopysign<S: Simd>(simd: S, magnitude: S::f32s, a: S::f32s) -> S::f32s {
        let sign = simd.and_u32s(simd.transmute_u32s_f32s(a), simd.splat_u32s(1 << 31));
        simd.transmute_f32s_u32s(simd.or_u32s(simd.transmute_u32s_f32s(magnitude), sign))
    }

    // Estrin's scheme: pairs of terms first, because the recurrence waits for the result.
    #[inline(always)]
    fn expm1_reduced<S: Simd>(simd: S, r: S::f32s) -> S::f32s {
        let square = Self::vmul(simd, r, r);
        let low = horner!(simd, r, 1.666_666_5e-1, 0.5);
        let middle = horner!(simd, r, 8.333_451_9e-3, 4.166_579_6e-2);
        let high = horner!(simd, r, 1.987_569_15e-4, 1.398_199_95e-3);
        let p = Self::vmul_add(simd, Self::vmul_add(simd, high, square, middle), square, low);
        Self::vmul_add(simd, p, square, r)
    }

    // A polynomial of degree 9 with the least largest error relative to eˣ. 1 + x is exact where eˣ is small, and the
    // last two steps are Horner's, so that what is rounded before is small against the result.
    #[inline(always)]
    fn exp_within_one<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
        let square = Self::vmul(simd, x, x);
        let low = horner!(simd, x, 0.041_666_738_7, 0.166_666_701);
        let middle = horner!(simd, x, 0.001_388_518_14, 0.008_333_154_02);
        let high = horner!(simd, x, 2.537_637_44e-5, 0.000_198_677_095);
        let high = Self::vmul_add(simd, Self::splat(simd, 2.659_910_48e-6), square, high);
        let low = Self::vmul_add(simd, middle, square, low);
        let p = Self::vmul_add(simd, high, Self::vmul(simd, square, square), low);
        let p = Self::vmul_add(simd, p, x, Self::splat(simd, 0.5));
        Self::vmul_add(simd, p, square, Self::vadd(simd, x, Self::splat(simd, 1.0)))
    }

    #[inline(always)]
    fn tanh_small<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
        let z = Self::vmul(simd, x, x);
        let p = horner!(
            simd,
            z,
            -5.704_988_727_45e-3,
            2.063_908_879_54e-2,
            -5.373_971_555_31e-2,
            1.333_144_220_36e-1,
            -3.333_328_194_22e-1
        );
        Self::vmul_add(simd, Self::vmul(simd, p, z), x, x)
    }
}

// The coefficients are those of S. Moshier's Cephes library (exp, tanh).
#[allow(clippy::excessive_precision)]
impl Real for f64 {
    const LOG2_E: Self = std::f64::consts::LOG2_E;
    const LN2_HIGH: Self = 6.931_457_519_531_25e-1;
    const LN2_LOW: Self = 1.428_606_820_309_417_232_12e-6;
    const ROUND: Self = 6_755_399_441_055_744.0;
    const EXP_LIMIT: Self = 708.0;
    const TANH_LIMIT: Self = 20.0;
    const SLOT: usize = 2;

    vector_methods!(
        f64s,
        F64_LANES,
        as_simd_f64s,
        as_mut_simd_f64s,
        splat_f64s,
        add_f64s,
        sub_f64s,
        mul_f64s,
        div_f64s,
        mul_add_e_f64s,
        negate_mul_add_e_f64s,
        xor_f64s,
        min_f64s,
        max_f64s,
        and_f64s,
        less_than_f64s,
        select_u64s,
        rotate_right_f64s,
        u64,
        f64
    );

    #[inline(always)]
    fn power_of_two<S: Simd>(simd: S, rounded: S::f64s) -> S::f64s {
        let biased = simd.add_u64s(simd.transmute_u64s_f64s(rounded), simd.splat_u64s(1023));
        // A multiplication, because vectors of 64-bit integers have no portable shift in pulp.
        simd.transmute_f64s_u64s(simd.mul_u64s(biased, simd.splat_u64s(1 << 52)))
    }

    #[inline(always)]
    fn vcopysign<S: Simd>(simd: S, magnitude: S::f64s, a: S::f64s) -> S::f64s {
        let sign = simd.and_u64s(simd.transmute_u64s_f64s(a), simd.splat_u64s(1 << 63));
        simd.transmute_f64s_u64s(simd.or_u64s(simd.transmute_u64s_f64s(magnitude), sign))
    }

    #[inline(always)]
    fn expm1_reduced<S: Simd>(simd: S, r: S::f64s) -> S::f64s {
        let z = Self::vmul(simd, r, r);
        let p = horner!(simd, z, 1.261_771_930_748_105_908_78e-4, 3.029_944_077_074_419_613_00e-2, 1.0);
        let p = Self::vmul(simd, p, r);
        let q = horner!(
            simd,
            z,
            3.001_985_051_386_644_550_42e-6,
            2.524_483_403_496_841_041_92e-3,
            2.272_655_482_081_550_287_66e-1,
            2.0
        );
        let half = Self::vdiv(simd, p, Self::vsub(simd, q, p));
        Self::vadd(simd, half, half)
    }

    #[inline(always)]
    fn exp_within_one<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
        Lane::<S, Self>::new(simd, x).exp_within_limit().vector
    }

    #[inline(always)]
    fn tanh_small<S: Simd>(simd: S, x: S::f64s) -> S::f64s {
        let z = Self::vmul(simd, x, x);
        let p = horner!(
            simd,
            z,
            -9.643_991_794_250_522_386_28e-1,
            -9.928_772_310_019_185_865_64e1,
            -1.614_687_684_417_084_479_52e3
        );
        let q = horner!(
            simd,
            z,
            1.0,
            1.128_116_784_916_329_314_02e2,
            2.235_488_390_601_004_485_83e3,
            4.844_063_053_251_254_860_48e3
        );
        Self::vmul_add(simd, Self::vmul(simd, Self::vdiv(simd, p, q), z), x, x)
    }
}
