//! Training of models of datasets: batches in, one step at a time, an average of the weights, and saving everything.

use std::path::Path;

use bss_models::{Batch, ExampleModel, NeriTerms};
use bss_nn::dense::{FlatAdam, FlatAdamConfig, FlatParameters, Slot};
use candle_core::{Device, Tensor};
use serde_json::{Value, json};

use crate::checkpoint::{Stored, corrupt, write};
use crate::{Checkpoint, ExampleSchedule, Result, Tail};

/// A model of a dataset, its optimiser, and how far they have come.
#[derive(Debug)]
pub struct ExampleTrainer {
    /// The model as the optimiser has it.
    pub model: Box<dyn ExampleModel>,
    /// What separates: the model with the average of its weights over the last steps.
    average: Average,
    adam: FlatAdam<f32>,
    schedule: ExampleSchedule,
    iteration: u64,
    tail: Tail,
}

/// Parameters and statistics, averaged.
#[derive(Debug)]
struct Average {
    parameters: Vec<f32>,
    statistics: Vec<f32>,
    taken: u64,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExampleStep {
    /// The iteration, counted from 0.
    pub iteration: u64,
    /// The terms of the loss before the step, in nats a mixture.
    pub terms: NeriTerms,
    /// `reconstruction + β divergence`.
    pub loss: f64,
}

/// Steps between two looks at the weights that are averaged: as good as every step, and costs nothing.
const LOOK: u64 = 10;

impl ExampleTrainer {
    /// At the first iteration.
    #[must_use]
    pub fn new(model: Box<dyn ExampleModel>, adam: FlatAdamConfig, schedule: ExampleSchedule) -> Self {
        let average = Average {
            parameters: model.parameters().values.clone(),
            statistics: model.statistics().values.clone(),
            taken: 0,
        };
        let adam = FlatAdam::new(adam, model.parameters().values.len());
        Self { model, average, adam, schedule, iteration: 0, tail: Tail::new(1) }
    }

    /// The number of steps done.
    #[must_use]
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.iteration >= self.schedule.iterations
    }

    /// The schedule that is followed.
    #[must_use]
    pub fn schedule(&self) -> &ExampleSchedule {
        &self.schedule
    }

    /// The losses over the end of the run, in nats a value of an example.
    #[must_use]
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The model with averaged weights, which is the one that separates.
    #[must_use]
    pub fn averaged(&self) -> Box<dyn ExampleModel> {
        let mut model = self.model.duplicate();
        model.parameters_mut().values.clone_from(&self.average.parameters);
        model.statistics_mut().values.clone_from(&self.average.statistics);
        model
    }

    /// One step of the optimiser on the batch of this iteration.
    pub fn step(&mut self, batch: &Batch) -> ExampleStep {
        let iteration = self.iteration;
        let beta = self.schedule.beta(iteration);
        let mut adam = self.adam.step(self.schedule.learning_rate(iteration));
        let terms = self.model.step(batch, beta, &mut adam);
        self.iteration += 1;
        if self.iteration.is_multiple_of(LOOK) || self.is_done() {
            self.look();
        }
        // At one β throughout, or the tail of a run whose β still moves would seem to rise.
        let at_end = terms.loss(self.schedule.beta.end) / self.model.features() as f64;
        self.tail.add(iteration, self.schedule.iterations, &[at_end]);
        ExampleStep { iteration, terms, loss: terms.loss(beta) }
    }

    /// Takes the weights into their average, which forgets faster at first: what it began with is worth nothing.
    fn look(&mut self) {
        let Average { parameters, statistics, taken } = &mut self.average;
        let kept = self.schedule.average.powi(LOOK as i32).min(*taken as f64 / (*taken as f64 + 10.0));
        let share = (1.0 - kept) as f32;
        *taken += 1;
        follow(parameters, &self.model.parameters().values, share);
        follow(statistics, &self.model.statistics().values, share);
    }

    /// One line of the run's log.
    #[must_use]
    pub fn log_line(&self, step: &ExampleStep) -> Value {
        json!({
            "iteration": step.iteration,
            "learning_rate": self.schedule.learning_rate(step.iteration),
            "beta": self.schedule.beta(step.iteration),
            "loss": [step.loss],
            "reconstruction": [step.terms.reconstruction],
            "divergence": [step.terms.divergence],
        })
    }

    /// Writes all that resuming needs.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_state(&self, path: &Path, mut description: Value) -> Result<()> {
        let (parameters, statistics) = (self.model.parameters(), self.model.statistics());
        let mut tensors = Vec::new();
        for (prefix, of, values) in [
            ("parameter", parameters, &parameters.values),
            ("first", parameters, &self.adam.first),
            ("second", parameters, &self.adam.second),
            ("average", parameters, &self.average.parameters),
            ("statistic", statistics, &statistics.values),
            ("average_statistic", statistics, &self.average.statistics),
        ] {
            let stored = of.slots().iter().map(|Slot { name, shape, range }| {
                (format!("{prefix}.{name}"), Stored::Values(shape, &values[range.clone()]))
            });
            tensors.extend(stored);
        }
        tensors.push(("tail".into(), Stored::Tensor(Tensor::new(self.tail.to_values(), &Device::Cpu)?)));
        description["iteration"] = json!(self.iteration);
        description["averaged"] = json!(self.average.taken);
        write(path, tensors, description)
    }

    /// Goes on where [`save_state`](Self::save_state) left off; returns the description it was given.
    ///
    /// # Errors
    /// If the file does not hold the state of this model, naming what is missing, unknown or misshapen.
    pub fn load_state(&mut self, path: &Path) -> Result<Value> {
        let mut checkpoint = Checkpoint::load(path)?;
        let number = |key: &str| {
            let found = checkpoint.description[key].as_u64();
            found.ok_or_else(|| corrupt(path, &format!("it does not say {key}")))
        };
        let (iteration, taken) = (number("iteration")?, number("averaged")?);
        if iteration > self.schedule.iterations {
            let most = self.schedule.iterations;
            return Err(corrupt(path, &format!("it was written after {iteration} iterations, the run has {most}")));
        }
        let mut take = |prefix: &str, of: &FlatParameters<f32>| {
            let fault = |error| corrupt(path, &format!("{prefix}: {error}"));
            of.values_of(&checkpoint.take(prefix)).map_err(fault)
        };
        let (parameters, statistics) = (self.model.parameters(), self.model.statistics());
        let values = take("parameter", parameters)?;
        let (first, second) = (take("first", parameters)?, take("second", parameters)?);
        let of_average = (take("average", parameters)?, take("average_statistic", statistics)?);
        let statistics = take("statistic", statistics)?;
        let tail = checkpoint.tensors.remove("tail").and_then(|tail| Tail::from_values(&tail.to_vec1().ok()?, 1));
        if let Some(name) = checkpoint.tensors.keys().next() {
            return Err(corrupt(path, &format!("tensor {name} is not part of a state")));
        }
        self.tail = tail.ok_or_else(|| corrupt(path, &"tensor tail is missing or misshapen"))?;
        self.model.parameters_mut().values = values;
        self.model.statistics_mut().values = statistics;
        self.adam.first = first;
        self.adam.second = second;
        self.adam.steps = iteration;
        self.average = Average { parameters: of_average.0, statistics: of_average.1, taken };
        self.iteration = iteration;
        Ok(checkpoint.description)
    }
}

/// Moves an average on.
fn follow(average: &mut [f32], values: &[f32], share: f32) {
    average.iter_mut().zip(values).for_each(|(average, &value)| *average += share * (value - *average));
}
