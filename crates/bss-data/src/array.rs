//! What a file holds: numbers, the type they were stored as, and their sample rate.

use std::fmt;

use ndarray::ArrayD;

/// An array read from a file.
///
/// Whatever the file stores, the values are widened to `f64` in C order. `dtype` says what
/// they were, so that a caller can tell eight-bit images from measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// The values, of the shape the file gives them, in C order.
    pub values: ArrayD<f64>,
    /// The type the file stores.
    pub dtype: Dtype,
    /// Samples per second in Hz, where the file says so.
    pub sample_rate: Option<f64>,
}

impl Array {
    /// Puts together what a reader found, with the values brought into C order.
    #[must_use]
    pub fn new(values: ArrayD<f64>, dtype: Dtype, sample_rate: Option<f64>) -> Self {
        let values = if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
        Self { values, dtype, sample_rate }
    }
}

/// A type of number that a file stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// Truth values, read as 0 and 1.
    Bool,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 24 bits, as only audio has it.
    I24,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 64 bits; values beyond 2⁵³ are rounded.
    I64,
    /// Unsigned, 64 bits; values beyond 2⁵³ are rounded.
    U64,
    /// IEEE 754 half precision.
    F16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision; also what text is read as.
    F64,
}

impl Dtype {
    /// The bytes that one value takes in the file.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::I16 => "int16",
            Self::U16 => "uint16",
            Self::I24 => "int24",
            Self::I32 => "int32",
            Self::U32 => "uint32",
            Self::I64 => "int64",
            Self::U64 => "uint64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ShapeBuilder};

    use super::*;

    #[test]
    fn fortran_order_is_brought_into_c_order() {
        let fortran = Array2::from_shape_vec((2, 3).f(), vec![0., 3., 1., 4., 2., 5.]).unwrap();
        let array = Array::new(fortran.into_dyn(), Dtype::F64, None);
        assert_eq!(array.values.as_slice(), Some(&[0., 1., 2., 3., 4., 5.][..]));
    }
}
