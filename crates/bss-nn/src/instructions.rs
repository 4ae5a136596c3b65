//! The instruction sets that kernels are compiled for, of which the processor's are found at run time.

use pulp::{Scalar, Simd, WithSimd};

use crate::Real;

/// An instruction set that this processor has.
///
/// Lanes never mix in this project's kernels and AVX2 and AVX-512 round alike, so both give the same bits; the
/// portable set has no fused multiply-add and differs in the last places.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Instructions {
    /// One lane, no fused multiply-add: every processor.
    Portable,
    /// x86-64 with AVX2 and FMA: 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// x86-64 with AVX-512 F, BW, CD, DQ and VL: 512 bits.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// 64-bit ARM: 128 bits.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl Instructions {
    /// All that this processor has, from the narrowest to the widest.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)] // on processors with the portable set only
        let mut sets = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(pulp::x86::V3::try_new().map(Self::Avx2));
            sets.extend(pulp::x86::V4::try_new().map(Self::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        sets.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        sets
    }

    /// Runs a kernel, compiled for this set.
    #[inline]
    pub fn dispatch<Op: WithSimd>(self, kernel: Op) -> Op::Output {
        match self {
            Self::Portable => Simd::vectorize(Scalar, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, kernel),
        }
    }

    /// How many scalars one register holds.
    #[must_use]
    pub fn lanes<T: Real>(self) -> usize {
        struct Count<T>(std::marker::PhantomData<T>);
        impl<T: Real> WithSimd for Count<T> {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                T::lanes::<S>()
            }
        }
        self.dispatch(Count::<T>(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portable_set_is_always_there_and_wider_sets_follow() {
        let lanes: Vec<usize> = Instructions::available().into_iter().map(Instructions::lanes::<f32>).collect();
        assert_eq!(lanes[0], 1);
        assert!(lanes.is_sorted(), "{lanes:?}");
    }
}
