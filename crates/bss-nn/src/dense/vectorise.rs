//! Plain loops, compiled for the widest vectors that the processor has.

use pulp::{Simd, WithSimd};

/// Runs a kernel of plain loops, compiled for each set of instructions; mark the closure `#[inline(always)]`.
///
/// Products and sums are not fused, so every set of instructions gives the same bits.
#[inline(always)]
pub fn vectorise(kernel: impl FnOnce()) {
    struct Kernel<F>(F);
    impl<F: FnOnce()> WithSimd for Kernel<F> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            (self.0)();
        }
    }
    pulp::Arch::new().dispatch(Kernel(kernel));
}
