//! The numbers behind tensors on the CPU, as slices.

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

use crate::Real;

/// The contiguous values behind a CPU tensor's storage.
///
/// # Errors
/// If the storage holds another type, or the layout is not contiguous.
pub fn contiguous<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    let values = T::cpu_storage_as_slice(storage)?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => candle_core::bail!("a fused operation needs contiguous tensors, found {layout:?}"),
    }
}

/// Calls `f` with the values of a contiguous CPU tensor, without a copy.
///
/// # Errors
/// If the tensor is elsewhere, of another type or not contiguous, and as `f`.
pub fn with_values<T: Real, R>(tensor: &Tensor, f: impl FnOnce(&[T]) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(contiguous(storage, layout)?),
        _ => candle_core::bail!("a fused operation needs a tensor on the CPU"),
    }
}

/// Runs an expression with `T` standing for the float type of a candle type, or returns an error.
#[macro_export]
macro_rules! dispatch_real {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $T = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $T = f64;
                $body
            }
            other => candle_core::bail!("a fused operation needs f32 or f64, found {other:?}"),
        }
    };
}
