//! How the learning rate and β move over a run on a dataset.

/// Settings of an [`ExampleTrainer`](crate::ExampleTrainer)'s run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExampleSchedule {
    /// Steps of the optimiser.
    pub iterations: u64,
    /// The learning rate at the start.
    pub learning_rate: f64,
    /// How it falls.
    pub decay: Decay,
    /// How the weight of the divergence moves.
    pub beta: Beta,
    /// Steps over which β rises from 0, and the learning rate with it where the decay is a cosine's.
    pub warm_up: u64,
    /// The share that the average of the weights keeps of itself at a step; 0 for no average.
    pub average: f64,
}

/// How β moves, apart from its rise from 0.
///
/// One that starts high makes the sources economical before they are good, which is what keeps them apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    /// At the start.
    pub first: f64,
    /// Steps over which it falls from there to `then`.
    pub cooling: u64,
    /// After that.
    pub then: f64,
    /// At the end of the run, towards which it moves all the time.
    pub end: f64,
}

/// How a learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay {
    /// By half a cosine to this learning rate at the end of the run.
    Cosine {
        /// The last learning rate.
        end: f64,
    },
    /// By this factor at every step: the paper's.
    Exponential {
        /// The factor.
        factor: f64,
    },
}

impl ExampleSchedule {
    /// The learning rate of an iteration, counted from 0.
    #[must_use]
    pub fn learning_rate(&self, iteration: u64) -> f64 {
        match self.decay {
            Decay::Exponential { factor } => self.learning_rate * factor.powf(iteration as f64),
            Decay::Cosine { end } => {
                let done = iteration as f64 / self.iterations.max(1) as f64;
                let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
                (end + (self.learning_rate - end) * cosine) * self.risen(iteration + 1)
            }
        }
    }

    /// β of an iteration, counted from 0.
    #[must_use]
    pub fn beta(&self, iteration: u64) -> f64 {
        let Beta { first, cooling, then, end } = self.beta;
        let cooled = (iteration as f64 / cooling.clamp(1, self.iterations.max(1)) as f64).min(1.0);
        let done = iteration as f64 / self.iterations.max(1) as f64;
        (first + (then - first) * cooled + (end - then) * done).max(0.0) * self.risen(iteration)
    }

    fn risen(&self, iteration: u64) -> f64 {
        (iteration as f64 / self.warm_up.max(1) as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> ExampleSchedule {
        ExampleSchedule {
            iterations: 1000,
            learning_rate: 1e-3,
            decay: Decay::Cosine { end: 0.0 },
            beta: Beta { first: 0.5, cooling: 0, then: 0.5, end: 0.5 },
            warm_up: 50,
            average: 0.0,
        }
    }

    #[test]
    fn beta_rises_and_falls() {
        let constant = schedule();
        assert_eq!([0, 25, 50, 999].map(|i| constant.beta(i)), [0.0, 0.25, 0.5, 0.5]);
        let hot = ExampleSchedule { beta: Beta { first: 1.0, cooling: 100, then: 0.5, end: 0.3 }, ..constant };
        let expected = [0.0, 0.74, 0.48, 0.4, 0.3];
        for (i, expected) in [0, 50, 100, 500, 1000].into_iter().zip(expected) {
            assert!((hot.beta(i) - expected).abs() < 1e-12, "{i}: {}", hot.beta(i));
        }
        let short = ExampleSchedule { iterations: 60, ..hot };
        assert!((short.beta(60) - 0.3).abs() < 1e-12, "a run shorter than its cooling ends where it is told");
        let cold = Beta { first: 0.0, cooling: 1000, then: 0.5, end: 0.0 };
        assert!((0..1000).all(|i| ExampleSchedule { beta: cold, ..constant }.beta(i) >= 0.0));
    }

    #[test]
    fn both_decays_start_and_end_where_they_are_told() {
        let decay = Decay::Cosine { end: 1e-5 };
        let ours = ExampleSchedule { decay, ..schedule() };
        assert!((ours.learning_rate(49) - 1e-3).abs() < 1e-5 && ours.learning_rate(0) < 3e-5);
        assert!((ours.learning_rate(1000) - 1e-5).abs() < 1e-12);
        let paper = ExampleSchedule { decay: Decay::Exponential { factor: 0.999 }, ..ours };
        assert_eq!(paper.learning_rate(0), 1e-3);
        assert!((paper.learning_rate(2) - 1e-3 * 0.998_001).abs() < 1e-15);
    }
}
