//! All parameters of a network as one vector, each with its name and place.

use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::{Device, Result, Tensor};

use crate::{Noise, Purpose, Real};

/// Named parameters, one behind the other in the order in which they were added.
#[derive(Clone, Debug)]
pub struct FlatParameters<T> {
    /// The values of all.
    pub values: Vec<T>,
    slots: Vec<Slot>,
}

/// The place of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name, which mirrors the structure of the model: `encoder.0.weight`.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Where its values are, in C order.
    pub range: Range<usize>,
}

impl<T> Default for FlatParameters<T> {
    fn default() -> Self {
        Self { values: Vec::new(), slots: Vec::new() }
    }
}

impl<T: Real> FlatParameters<T> {
    /// The places of all parameters.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Adds a parameter of the same value throughout.
    pub fn constant(&mut self, name: String, shape: &[usize], value: f64) -> Range<usize> {
        let range = self.values.len()..self.values.len() + shape.iter().product::<usize>();
        self.values.resize(range.end, T::from_f64(value));
        self.slots.push(Slot { name, shape: shape.to_vec(), range: range.clone() });
        range
    }

    /// Adds a parameter of independent draws of N(0, std²), which depend on the seed and the name alone.
    pub fn normal(&mut self, name: String, shape: &[usize], std: f64, noise: Noise) -> Range<usize> {
        let stream = crate::parameters::fnv1a(&name);
        let range = self.constant(name, shape, 0.0);
        let draws = noise.bulk_normal(Purpose::Initial, 1, stream, range.len());
        for (value, draw) in self.values[range.clone()].iter_mut().zip(draws) {
            *value = T::from_f64(std * f64::from(draw));
        }
        range
    }

    /// A tensor for each parameter, by name.
    ///
    /// # Errors
    /// As candle's.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let tensor = |slot: &Slot| Tensor::from_slice(&self.values[slot.range.clone()], &slot.shape[..], &Device::Cpu);
        self.slots.iter().map(|slot| Ok((slot.name.clone(), tensor(slot)?))).collect()
    }

    /// The values of a tensor for each parameter in this layout.
    ///
    /// # Errors
    /// Names every missing, unexpected or misshapen tensor.
    pub fn values_of(&self, tensors: &BTreeMap<String, Tensor>) -> Result<Vec<T>> {
        let mut faults = Vec::new();
        let mut values = Vec::with_capacity(self.values.len());
        for Slot { name, shape, .. } in &self.slots {
            match tensors.get(name) {
                None => faults.push(format!("tensor {name} is missing")),
                Some(t) if t.dims() != shape => {
                    faults.push(format!("tensor {name} has shape {:?}, expected {shape:?}", t.dims()));
                }
                Some(t) => values.extend(t.to_dtype(T::DTYPE)?.flatten_all()?.to_vec1::<T>()?),
            }
        }
        let unknown = tensors.keys().filter(|name| !self.slots.iter().any(|slot| slot.name == **name));
        faults.extend(unknown.map(|name| format!("tensor {name} is not part of this model")));
        if faults.is_empty() { Ok(values) } else { candle_core::bail!("{}", faults.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> FlatParameters<f32> {
        let mut parameters = FlatParameters::default();
        parameters.normal("weight".into(), &[3, 2], 0.5, Noise::new(1));
        parameters.constant("bias".into(), &[3], 1.0);
        parameters
    }

    #[test]
    fn tensors_and_back_is_the_same() -> Result<()> {
        let parameters = parameters();
        let tensors = parameters.tensors()?;
        assert_eq!(tensors["weight"].dims(), [3, 2]);
        assert_eq!(parameters.values_of(&tensors)?, parameters.values);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_named() -> Result<()> {
        let parameters = parameters();
        let mut tensors = parameters.tensors()?;
        let weight = tensors.remove("weight").unwrap();
        tensors.insert("bias".into(), weight.clone());
        tensors.insert("scale".into(), weight);
        let error = parameters.values_of(&tensors).unwrap_err().to_string();
        for fault in ["weight is missing", "bias has shape [3, 2], expected [3]", "scale is not part of this model"] {
            assert!(error.contains(fault), "{error}");
        }
        Ok(())
    }
}
