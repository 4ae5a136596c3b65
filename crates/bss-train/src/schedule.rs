//! How the learning rate and β move over a run.

/// Settings of a [`Schedule`], as functions of the share of the run that is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Steps of the optimiser.
    pub iterations: u64,
    /// The learning rate at the start.
    pub learning_rate: f64,
    /// The learning rate at the end, reached by half a cosine.
    pub learning_rate_end: f64,
    /// β of Algorithm 1 at the start: large enough to keep the encoder from locking early.
    pub beta: f64,
    /// β at the end: small enough for tight posteriors.
    pub beta_end: f64,
    /// The share of the run after which β starts to fall, geometrically.
    pub anneal_from: f64,
    /// The share of the run by which β has fallen.
    pub anneal_to: f64,
}

/// What was found to need no tuning on whitened recordings: β is large enough at first to keep the encoder from locking
/// early, and smaller at the end, but not so small that the prior learns a short recording's noise, or that sensor noise
/// outweighs the innovations of smooth sources.
impl Default for Schedule {
    fn default() -> Self {
        Self {
            iterations: 3000,
            learning_rate: 0.02,
            learning_rate_end: 4e-4,
            beta: 0.2,
            beta_end: 0.03,
            anneal_from: 0.5,
            anneal_to: 0.9,
        }
    }
}

impl Schedule {
    /// The learning rate of an iteration, counted from 0.
    #[must_use]
    pub fn learning_rate(&self, iteration: u64) -> f64 {
        let done = iteration as f64 / self.iterations.max(1) as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.learning_rate_end + (self.learning_rate - self.learning_rate_end) * cosine
    }

    /// β of an iteration, counted from 0.
    #[must_use]
    pub fn beta(&self, iteration: u64) -> f64 {
        let done = iteration as f64 / self.iterations.max(1) as f64;
        let fallen = if done >= self.anneal_to {
            1.0 // also where both shares are the same, and β falls at once
        } else {
            ((done - self.anneal_from) / (self.anneal_to - self.anneal_from)).clamp(0.0, 1.0)
        };
        self.beta * (self.beta_end / self.beta).powf(fallen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_start_and_end_where_they_are_told() {
        let schedule = Schedule {
            iterations: 1000,
            learning_rate: 0.02,
            learning_rate_end: 4e-4,
            beta: 0.2,
            beta_end: 0.02,
            anneal_from: 0.5,
            anneal_to: 0.9,
        };
        assert_eq!(schedule.learning_rate(0), 0.02);
        assert!((schedule.learning_rate(1000) - 4e-4).abs() < 1e-12);
        assert_eq!(schedule.beta(500), 0.2);
        assert!((schedule.beta(700) - (0.2f64 * 0.02).sqrt()).abs() < 1e-12);
        assert!((schedule.beta(900) - 0.02).abs() < 1e-12);
        let at_once = Schedule { anneal_to: 0.5, ..schedule };
        assert_eq!([499, 500, 501].map(|i| at_once.beta(i)), [0.2, 0.02, 0.02]);
        let rates: Vec<f64> = (0..=1000).map(|i| schedule.learning_rate(i)).collect();
        assert!(rates.windows(2).all(|pair| pair[1] <= pair[0]));
    }
}
