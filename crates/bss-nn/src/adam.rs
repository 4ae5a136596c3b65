//! Adam with its state in the open: in place, one pass a parameter, each restart clipped by its own norm.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Result, Tensor, WithDType};

use crate::{Parameters, Real, contiguous, dispatch_real, with_values};

/// Settings of [`Adam`] (Kingma and Ba 2015, algorithm 1) and of the clipping before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// β₁, the decay of the first moment.
    pub beta1: f64,
    /// β₂, the decay of the second moment.
    pub beta2: f64,
    /// ϵ, added to the root of the second moment.
    pub epsilon: f64,
    /// The gradient of a restart is scaled down to this norm where it is larger.
    pub clip_norm: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clip_norm: 5.0 }
    }
}

/// First and second moments of one parameter, in its own shape, in double precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The decayed mean of the gradient.
    pub first: Vec<f64>,
    /// The decayed mean of the squared gradient.
    pub second: Vec<f64>,
}

/// The optimiser and its state.
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    step: u64,
    moments: BTreeMap<String, RefCell<Moments>>,
}

impl Adam {
    /// Zero moments for every parameter.
    #[must_use]
    pub fn new(config: AdamConfig, parameters: &Parameters) -> Self {
        let zero = |count| RefCell::new(Moments { first: vec![0.0; count], second: vec![0.0; count] });
        let moments = parameters.iter().map(|(name, var)| (name.to_owned(), zero(var.elem_count()))).collect();
        Self { config, step: 0, moments }
    }

    /// The state of one parameter, to save it.
    #[must_use]
    pub fn moments(&self, name: &str) -> Option<Moments> {
        self.moments.get(name).map(|m| m.borrow().clone())
    }

    /// Restores the state that [`moments`](Self::moments) gave after `step` steps.
    ///
    /// # Errors
    /// If a parameter's moments are missing or of another size, or there are moments of another parameter.
    pub fn restore(&mut self, step: u64, mut saved: BTreeMap<String, Moments>) -> Result<()> {
        for (name, moments) in &self.moments {
            let count = moments.borrow().first.len();
            match saved.remove(name) {
                Some(m) if m.first.len() == count && m.second.len() == count => *moments.borrow_mut() = m,
                _ => candle_core::bail!("the optimiser's state of {name} is missing or not of {count} values"),
            }
        }
        if let Some(name) = saved.keys().next() {
            candle_core::bail!("the optimiser has no parameter {name}");
        }
        self.step = step;
        Ok(())
    }

    /// One step of every parameter; returns the gradient norm of each restart before clipping.
    ///
    /// A restart whose gradient is not finite stays where it is, and its norm is returned as it was found.
    ///
    /// # Errors
    /// If a parameter has no gradient: it is cut off from the loss, which is a fault in the model.
    pub fn step(&mut self, parameters: &Parameters, grads: &GradStore, learning_rate: f64) -> Result<Vec<f64>> {
        let mut gradients = Vec::new();
        for (name, var) in parameters.iter() {
            match grads.get(var.as_tensor()) {
                Some(grad) => gradients.push((name, var, grad.to_device(&Device::Cpu)?.contiguous()?)),
                None => candle_core::bail!("parameter {name} has no gradient"),
            }
        }
        let norms = gradient_norms(parameters.restarts(), &gradients.iter().map(|g| &g.2).collect::<Vec<_>>())?;
        let scale = |norm: &f64| match norm {
            norm if !norm.is_finite() => 0.0,
            norm => (self.config.clip_norm / norm).min(1.0),
        };
        let scales: Vec<f64> = norms.iter().map(scale).collect();
        self.step += 1;
        let t = i32::try_from(self.step).unwrap_or(i32::MAX);
        for (name, var, grad) in gradients {
            let update = Update {
                config: self.config,
                learning_rate: learning_rate / (1.0 - self.config.beta1.powi(t)),
                second_correction: 1.0 / (1.0 - self.config.beta2.powi(t)),
                scales: &scales,
                moments: &self.moments[name],
            };
            if var.device().is_cpu() {
                var.inplace_op2(&grad, &update)?;
            } else {
                let host = var.to_device(&Device::Cpu)?;
                host.inplace_op2(&grad, &update)?;
                var.set(&host.to_device(var.device())?)?;
            }
        }
        Ok(norms)
    }
}

/// The Euclidean norm of all gradients of each restart.
fn gradient_norms(restarts: usize, grads: &[&Tensor]) -> Result<Vec<f64>> {
    let mut squares = vec![0.0; restarts];
    for grad in grads {
        dispatch_real!(grad.dtype(), T => with_values::<T, _>(grad, |values| {
            for (square, block) in squares.iter_mut().zip(values.chunks_exact(values.len() / restarts)) {
                *square += block.iter().map(|g| g.to_f64() * g.to_f64()).sum::<f64>();
            }
            Ok(())
        })?);
    }
    Ok(squares.into_iter().map(f64::sqrt).collect())
}

struct Update<'a> {
    config: AdamConfig,
    learning_rate: f64,
    second_correction: f64,
    scales: &'a [f64],
    moments: &'a RefCell<Moments>,
}

impl Update<'_> {
    fn apply<T: Real>(&self, values: &mut [T], grads: &[T]) {
        let AdamConfig { beta1, beta2, epsilon, .. } = self.config;
        let mut moments = self.moments.borrow_mut();
        let Moments { first, second } = &mut *moments;
        let block = values.len() / self.scales.len();
        for (k, &scale) in self.scales.iter().enumerate().filter(|(_, scale)| **scale > 0.0) {
            for i in k * block..(k + 1) * block {
                let g = grads[i].to_f64() * scale;
                first[i] = beta1 * first[i] + (1.0 - beta1) * g;
                second[i] = beta2 * second[i] + (1.0 - beta2) * g * g;
                let step = self.learning_rate * first[i] / ((second[i] * self.second_correction).sqrt() + epsilon);
                values[i] -= T::from_f64(step);
            }
        }
    }
}

impl InplaceOp2 for Update<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(
        &self,
        values: &mut CpuStorage,
        layout: &Layout,
        grads: &CpuStorage,
        grads_layout: &Layout,
    ) -> Result<()> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("a parameter must be contiguous, found {layout:?}")
        };
        match values {
            CpuStorage::F32(values) => self.apply(&mut values[start..end], contiguous(grads, grads_layout)?),
            CpuStorage::F64(values) => self.apply(&mut values[start..end], contiguous(grads, grads_layout)?),
            _ => candle_core::bail!("parameters are f32 or f64"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Initialiser, Noise};
    use candle_core::DType;

    /// The golden values are those of Kingma and Ba's algorithm 1 in NumPy:
    /// ```python
    /// p = np.array([1., -2.]); c = np.array([1., .5]); m = v = 0 * p
    /// for t in range(1, 4):
    ///     g = 2 * p * c; m = .9 * m + .1 * g; v = .999 * v + .001 * g * g
    ///     p = p - .1 * (m / (1 - .9 ** t)) / (np.sqrt(v / (1 - .999 ** t)) + 1e-8)
    /// ```
    #[test]
    fn three_steps_agree_with_the_algorithm() -> Result<()> {
        let mut parameters = Parameters::new(1, DType::F64, &Device::Cpu);
        let p = Initialiser::new(&mut parameters, Noise::new(0)).values("p", &[2], &[1.0, -2.0])?;
        let config = AdamConfig { clip_norm: f64::INFINITY, ..AdamConfig::default() };
        let mut adam = Adam::new(config, &parameters);
        let curvature = Tensor::new(&[[1.0, 0.5]], &Device::Cpu)?;
        for _ in 0..3 {
            let loss = (p.sqr()? * &curvature)?.sum_all()?;
            adam.step(&parameters, &loss.backward()?, 0.1)?;
        }
        let expected = [0.701_586_272_946_030, -1.700_623_392_812_114];
        for (value, expected) in p.flatten_all()?.to_vec1::<f64>()?.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-9, "{value} against {expected}");
        }
        Ok(())
    }

    /// The loss of restart k is `(3, 4) · p` times 10 or 0.1: norms of 50 and 0.5 against a clip at 5.
    #[test]
    fn only_a_restart_above_the_norm_is_clipped() -> Result<()> {
        let mut parameters = Parameters::new(2, DType::F64, &Device::Cpu);
        let p = Initialiser::new(&mut parameters, Noise::new(0)).constant("p", &[2], 1.0)?;
        let mut adam = Adam::new(AdamConfig::default(), &parameters);
        let slopes = Tensor::new(&[[30.0, 40.0], [0.3, 0.4]], &Device::Cpu)?;
        let norms = adam.step(&parameters, &(p * slopes)?.sum_all()?.backward()?, 0.1)?;
        assert!((norms[0] - 50.0).abs() < 1e-12 && (norms[1] - 0.5).abs() < 1e-12);
        let first = adam.moments("p").expect("p is a parameter").first;
        for (found, expected) in first.iter().zip([0.3, 0.4, 0.03, 0.04]) {
            assert!((found - expected).abs() < 1e-12, "{first:?}");
        }
        Ok(())
    }

    #[test]
    fn a_restart_with_a_broken_gradient_stays_and_leaves_the_other_alone() -> Result<()> {
        let mut parameters = Parameters::new(2, DType::F32, &Device::Cpu);
        let p = Initialiser::new(&mut parameters, Noise::new(0)).insert("p", &[1], vec![0.0, 1.0])?;
        let mut adam = Adam::new(AdamConfig::default(), &parameters);
        let norms = adam.step(&parameters, &p.sqrt()?.sum_all()?.backward()?, 0.1)?;
        assert!(!norms[0].is_finite() && norms[1].is_finite());
        let values = p.flatten_all()?.to_vec1::<f32>()?;
        assert_eq!(values[0], 0.0);
        assert!(values[1] < 1.0);
        Ok(())
    }
}
