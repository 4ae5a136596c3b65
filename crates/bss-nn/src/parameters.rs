//! Named parameters of all restarts, in one fixed order.
//!
//! Every parameter carries the restarts in its first dimension: restarts are trained side by side and never mix.
//! Parameters are kept sorted by name, because candle's own map has another order in every process.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Result, Tensor, Var};

use crate::{Noise, Purpose};

/// The parameters of a model, by name; the first dimension of each is the restart.
#[derive(Debug)]
pub struct Parameters {
    vars: BTreeMap<String, Var>,
    restarts: usize,
    dtype: DType,
    device: Device,
}

impl Parameters {
    /// No parameters yet, for the given number of restarts.
    #[must_use]
    pub fn new(restarts: usize, dtype: DType, device: &Device) -> Self {
        Self { vars: BTreeMap::new(), restarts, dtype, device: device.clone() }
    }

    /// The number of restarts trained side by side.
    #[must_use]
    pub fn restarts(&self) -> usize {
        self.restarts
    }

    /// The type of all parameters.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where the parameters live.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// All parameters, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.vars.iter().map(|(name, var)| (name.as_str(), var))
    }

    /// The parameter of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.vars.get(name).map(Var::as_tensor)
    }

    /// Overwrites every parameter by the tensor of its name.
    ///
    /// # Errors
    /// Names every missing, unexpected or misshapen tensor; nothing is overwritten then.
    pub fn assign(&self, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
        let mut faults = Vec::new();
        for (name, var) in &self.vars {
            match tensors.get(name) {
                None => faults.push(format!("tensor {name} is missing")),
                Some(t) if t.dims() != var.dims() => {
                    faults.push(format!("tensor {name} has shape {:?}, expected {:?}", t.dims(), var.dims()));
                }
                Some(_) => {}
            }
        }
        let unknown = tensors.keys().filter(|name| !self.vars.contains_key(*name));
        faults.extend(unknown.map(|name| format!("tensor {name} is not part of this model")));
        if !faults.is_empty() {
            candle_core::bail!("{}", faults.join("; "));
        }
        for (name, var) in &self.vars {
            var.set(&tensors[name].to_dtype(self.dtype)?.to_device(&self.device)?)?;
        }
        Ok(())
    }

    /// Copies of the values of one restart, without the leading dimension's other entries: shapes (1, …).
    ///
    /// # Errors
    /// If there is no such restart.
    pub fn restart(&self, k: usize) -> Result<BTreeMap<String, Tensor>> {
        self.vars.iter().map(|(name, var)| Ok((name.clone(), var.narrow(0, k, 1)?.copy()?))).collect()
    }
}

/// Creates parameters under a common prefix, so that names mirror the model's structure.
pub struct Initialiser<'a> {
    parameters: &'a mut Parameters,
    noise: Noise,
    prefix: String,
}

impl<'a> Initialiser<'a> {
    /// Starts at the root, with an empty prefix.
    pub fn new(parameters: &'a mut Parameters, noise: Noise) -> Self {
        Self { parameters, noise, prefix: String::new() }
    }

    /// The same under `prefix.name`.
    pub fn scope(&mut self, name: &str) -> Initialiser<'_> {
        Initialiser { prefix: self.name(name), noise: self.noise, parameters: self.parameters }
    }

    /// The number of restarts.
    #[must_use]
    pub fn restarts(&self) -> usize {
        self.parameters.restarts
    }

    /// The draws of N(0, 1) that belong to this name, for each restart, without making a parameter of them.
    #[must_use]
    pub fn draw(&self, name: &str, count: usize) -> Vec<Vec<f64>> {
        // The stream depends on the name alone, so that adding a parameter leaves all others as they were.
        let stream = fnv1a(&self.name(name));
        (0..self.restarts()).map(|k| self.noise.normal(Purpose::Initial, k, stream, count)).collect()
    }

    /// Independent draws of N(0, std²) for every restart: shape (restarts, shape…).
    ///
    /// # Errors
    /// If the device refuses the tensor.
    pub fn normal(&mut self, name: &str, shape: &[usize], std: f64) -> Result<Tensor> {
        let draws = self.draw(name, shape.iter().product());
        self.insert(name, shape, draws.into_iter().flatten().map(|x| x * std).collect())
    }

    /// The same given values for every restart: shape (restarts, shape…).
    ///
    /// # Errors
    /// If the number of values is not that of the shape.
    pub fn values(&mut self, name: &str, shape: &[usize], values: &[f64]) -> Result<Tensor> {
        let values = values.repeat(self.parameters.restarts);
        self.insert(name, shape, values)
    }

    /// One value throughout: shape (restarts, shape…).
    ///
    /// # Errors
    /// If the device refuses the tensor.
    pub fn constant(&mut self, name: &str, shape: &[usize], value: f64) -> Result<Tensor> {
        self.values(name, shape, &vec![value; shape.iter().product()])
    }

    /// Values given for each restart in turn: shape (restarts, shape…).
    ///
    /// # Errors
    /// If the number of values is not that of the shape times the restarts.
    pub fn insert(&mut self, name: &str, shape: &[usize], values: Vec<f64>) -> Result<Tensor> {
        let Parameters { restarts, dtype, ref device, .. } = *self.parameters;
        let dims: Vec<usize> = std::iter::once(restarts).chain(shape.iter().copied()).collect();
        let var = Var::from_tensor(&Tensor::from_vec(values, dims, device)?.to_dtype(dtype)?)?;
        let tensor = var.as_tensor().clone();
        let name = self.name(name);
        if self.parameters.vars.insert(name.clone(), var).is_some() {
            candle_core::bail!("parameter {name} was created twice");
        }
        Ok(tensor)
    }

    fn name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

/// Fowler, Noll and Vo's hash: the same in every process and version, unlike the standard library's.
pub(crate) fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
