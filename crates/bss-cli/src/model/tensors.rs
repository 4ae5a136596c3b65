//! Arrays as tensors of a checkpoint, and back.

use anyhow::{Context as _, Result};
use candle_core::{DType, Device, Tensor};
use ndarray::Array2;

use super::Tensors;

/// Whether all values are finite; an error where they are no numbers.
pub(super) fn is_finite(tensor: &Tensor) -> candle_core::Result<bool> {
    let values: Vec<f64> = tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    Ok(values.iter().all(|value| value.is_finite()))
}

/// Puts a vector in.
pub(super) fn put_vector(tensors: &mut Tensors, name: &str, values: &[f64]) -> Result<()> {
    tensors.insert(name.to_owned(), Tensor::new(values, &Device::Cpu)?);
    Ok(())
}

/// Puts a matrix in.
pub(super) fn put_matrix(tensors: &mut Tensors, name: &str, values: &Array2<f64>) -> Result<()> {
    let flat: Vec<f64> = values.iter().copied().collect();
    tensors.insert(name.to_owned(), Tensor::from_vec(flat, values.dim(), &Device::Cpu)?);
    Ok(())
}

/// Takes a vector out.
pub(super) fn take_vector(tensors: &mut Tensors, name: &str) -> Result<Vec<f64>> {
    take(tensors, name)?.to_vec1().with_context(|| format!("tensor {name} is misshapen"))
}

/// Takes a matrix out.
pub(super) fn take_matrix(tensors: &mut Tensors, name: &str) -> Result<Array2<f64>> {
    let t = take(tensors, name)?;
    let dim = t.dims2().with_context(|| format!("tensor {name} is misshapen"))?;
    Ok(Array2::from_shape_vec(dim, t.flatten_all()?.to_vec1()?)?)
}

fn take(tensors: &mut Tensors, name: &str) -> Result<Tensor> {
    tensors.remove(name).with_context(|| format!("tensor {name} is missing"))
}
