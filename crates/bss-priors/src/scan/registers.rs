//! Memory for rows, in which no register crosses a cache line.

use aligned_vec::{AVec, ConstAlign};
use bss_nn::Real;

/// A buffer that starts with a cache line.
pub(super) type Registers<T> = AVec<T, ConstAlign<64>>;

/// A buffer of zeros.
pub(super) fn registers<T: Real>(scalars: usize) -> Registers<T> {
    AVec::from_iter(64, std::iter::repeat_n(T::zero(), scalars))
}
