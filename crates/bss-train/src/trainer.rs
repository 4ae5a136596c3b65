//! The training loop's state: an objective, its optimiser, and how far they have come.

use std::collections::BTreeMap;
use std::path::Path;

use bss_models::{GaussianLikelihood, Objective, Terms};
use bss_nn::{Adam, AdamConfig, Moments};
use candle_core::{DType, Device, Tensor};
use serde_json::{Map, Value, json};

use crate::checkpoint::corrupt;
use crate::{Checkpoint, Result, Schedule, Tail};

/// Trains all restarts of an objective side by side.
pub struct Trainer<O: Objective> {
    /// What is trained.
    pub objective: O,
    adam: Adam,
    schedule: Schedule,
    iteration: u64,
    tail: Tail,
    last: Vec<f64>,
}

/// One step, each quantity by restart.
#[derive(Clone, Debug)]
pub struct Step {
    /// The iteration, counted from 0.
    pub iteration: u64,
    /// J of Algorithm 1 before the step.
    pub loss: Vec<f64>,
    /// Its reconstruction term.
    pub reconstruction: Vec<f64>,
    /// The sampled divergence for each entry of the data.
    pub divergence: Vec<f64>,
    /// The one-sample bound for each entry of the data in nats, under an observation noise v_y = β/2 (equations 5, 31).
    pub elbo: Vec<f64>,
    /// The gradient's norm before clipping.
    pub gradient_norm: Vec<f64>,
}

impl<O: Objective> Trainer<O> {
    /// At the first iteration.
    ///
    /// # Errors
    /// As candle's.
    pub fn new(objective: O, adam: AdamConfig, schedule: Schedule) -> Result<Self> {
        let adam = Adam::new(adam, objective.parameters());
        let tail = Tail::new(objective.parameters().restarts());
        Ok(Self { objective, adam, schedule, iteration: 0, tail, last: Vec::new() })
    }

    /// The number of steps done.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// The losses over the end of the run.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Every restart with its final loss, lowest first; before the end of the run, with the loss of its last step. What
    /// is not a number counts as infinite, as does every loss before the first step of a sitting.
    pub fn ranking(&self) -> Vec<(usize, f64)> {
        let ranking = self.tail.ranking();
        if self.is_done() || self.last.is_empty() {
            return ranking;
        }
        // The NaN of an invalid operation has its sign set, and would come first.
        let finite = |loss: f64| if loss.is_finite() { loss } else { f64::INFINITY };
        let mut ranking: Vec<(usize, f64)> = self.last.iter().map(|&loss| finite(loss)).enumerate().collect();
        ranking.sort_by(|a, b| a.1.total_cmp(&b.1));
        ranking
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.iteration >= self.schedule.iterations
    }

    /// The schedule that is followed.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// One step of the optimiser.
    ///
    /// # Errors
    /// If a tensor operation fails.
    pub fn step(&mut self) -> Result<Step> {
        let iteration = self.iteration;
        let terms: Terms = self.objective.terms(iteration)?;
        let loss = terms.loss(self.schedule.beta(iteration))?;
        let grads = loss.sum_all()?.backward()?;
        let learning_rate = self.schedule.learning_rate(iteration);
        let gradient_norm = self.adam.step(self.objective.parameters(), &grads, learning_rate)?;
        let loss = to_values(&loss)?;
        // At one β throughout, or the tail of a run whose β still moves would seem to rise or fall.
        let at_end = to_values(&terms.loss(self.schedule.beta_end)?)?;
        self.tail.add(iteration, self.schedule.iterations, &at_end);
        let likelihood = GaussianLikelihood { variance: 0.5 * self.schedule.beta(iteration) };
        let elbo = to_values(&(terms.elbo(likelihood)? / terms.entries as f64)?)?;
        self.iteration += 1;
        self.last.clone_from(&loss);
        let (reconstruction, divergence) = (to_values(&terms.reconstruction)?, to_values(&terms.divergence()?)?);
        Ok(Step { iteration, loss, reconstruction, divergence, elbo, gradient_norm })
    }

    /// One line of the run's log: the step as it was before its update, the schedule, and the objective's traces as
    /// they are after it, each by restart.
    ///
    /// # Errors
    /// As candle's.
    pub fn log_line(&self, step: &Step) -> Result<Value> {
        let mut line = Map::new();
        line.insert("iteration".into(), json!(step.iteration));
        line.insert("learning_rate".into(), json!(self.schedule.learning_rate(step.iteration)));
        line.insert("beta".into(), json!(self.schedule.beta(step.iteration)));
        line.insert("loss".into(), json!(step.loss));
        line.insert("reconstruction".into(), json!(step.reconstruction));
        line.insert("divergence".into(), json!(step.divergence));
        line.insert("elbo".into(), json!(step.elbo));
        line.insert("gradient_norm".into(), json!(step.gradient_norm));
        for (name, trace) in self.objective.traces()? {
            line.insert(name.into(), nested(&trace.to_device(&Device::Cpu)?.to_dtype(DType::F64)?)?);
        }
        Ok(Value::Object(line))
    }

    /// Writes all that resuming needs: parameters and moments of every restart, the tail, the iteration.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_state(&self, path: &Path, mut description: Value) -> Result<()> {
        let mut tensors = BTreeMap::new();
        let vector = |values: &[f64]| Tensor::new(values, &Device::Cpu);
        for (name, var) in self.objective.parameters().iter() {
            tensors.insert(format!("parameter.{name}"), var.as_tensor().clone());
            if let Some(moments) = self.adam.moments(name) {
                tensors.insert(format!("first.{name}"), vector(&moments.first)?);
                tensors.insert(format!("second.{name}"), vector(&moments.second)?);
            }
        }
        tensors.insert("tail".into(), vector(&self.tail.to_values())?);
        description["iteration"] = json!(self.iteration);
        Checkpoint { tensors, description }.save(path)
    }

    /// Goes on where [`save_state`](Self::save_state) left off; returns the description it was given.
    ///
    /// # Errors
    /// If the file does not hold the state of this objective, naming what is missing, unknown or misshapen.
    pub fn load_state(&mut self, path: &Path) -> Result<Value> {
        let mut checkpoint = Checkpoint::load(path)?;
        let parameters = checkpoint.take("parameter");
        let (first, mut second) = (checkpoint.take("first"), checkpoint.take("second"));
        let mut moments = BTreeMap::new();
        for (name, first) in first {
            let Some(second) = second.remove(&name) else { continue };
            let values =
                |t: &Tensor| t.to_vec1().map_err(|error| corrupt(path, &format!("moments of {name}: {error}")));
            let of_name = Moments { first: values(&first)?, second: values(&second)? };
            moments.insert(name, of_name);
        }
        let iteration = checkpoint.description["iteration"].as_u64();
        let iteration = iteration.ok_or_else(|| corrupt(path, &"it does not say at which iteration it was written"))?;
        if iteration > self.schedule.iterations {
            let most = self.schedule.iterations;
            return Err(corrupt(path, &format!("it was written after {iteration} iterations, the run has {most}")));
        }
        let restarts = self.objective.parameters().restarts();
        let tail = checkpoint.tensors.get("tail").and_then(|tail| Tail::from_values(&tail.to_vec1().ok()?, restarts));
        if let Some(name) = checkpoint.tensors.keys().find(|name| *name != "tail") {
            return Err(corrupt(path, &format!("tensor {name} is not part of a state")));
        }
        self.tail = tail.ok_or_else(|| corrupt(path, &"tensor tail is missing or misshapen"))?;
        self.objective.parameters().assign(&parameters).map_err(|error| corrupt(path, &error))?;
        self.adam.restore(iteration, moments).map_err(|error| corrupt(path, &error))?;
        self.iteration = iteration;
        Ok(checkpoint.description)
    }
}

fn to_values(t: &Tensor) -> candle_core::Result<Vec<f64>> {
    t.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1()
}

/// A tensor on the processor as nested JSON arrays.
fn nested(t: &Tensor) -> candle_core::Result<Value> {
    match t.rank() {
        0 => Ok(json!(t.to_scalar::<f64>()?)),
        1 => Ok(json!(t.to_vec1::<f64>()?)),
        _ => (0..t.dim(0)?).map(|i| nested(&t.get(i)?)).collect::<candle_core::Result<Vec<_>>>().map(Value::Array),
    }
}
