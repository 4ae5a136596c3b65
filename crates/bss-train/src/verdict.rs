//! Ranking the restarts by their loss, and whether the best one has converged.

use std::fmt;

/// A run's tail, over which losses are averaged, is its last iteration out of so many.
const TAIL: u64 = 10;

/// A fall of the loss by more than this many nats an entry from one half of the tail to the other is progress.
const PROGRESS: f64 = 0.01;

/// The losses of each restart over the tail of a run, in two halves.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// `halves[h][k]`: count, sum and sum of squares of restart k's losses in half h.
    halves: [Vec<[f64; 3]>; 2],
}

impl Tail {
    /// Empty.
    #[must_use]
    pub fn new(restarts: usize) -> Self {
        Self { halves: [vec![[0.0; 3]; restarts], vec![[0.0; 3]; restarts]] }
    }

    /// Takes in the losses of an iteration, if it lies in the tail.
    pub fn add(&mut self, iteration: u64, iterations: u64, losses: &[f64]) {
        // In whole numbers, so that the last iteration of the shortest run is in the tail's second half too.
        let left = (iterations - iteration.min(iterations)).saturating_sub(1);
        if left * TAIL >= iterations {
            return;
        }
        let half = &mut self.halves[usize::from(2 * left * TAIL < iterations)];
        for ([count, sum, squares], &loss) in half.iter_mut().zip(losses) {
            *count += 1.0;
            *sum += loss;
            *squares += loss * loss;
        }
    }

    /// All numbers, to save them.
    #[must_use]
    pub fn to_values(&self) -> Vec<f64> {
        self.halves.iter().flatten().flatten().copied().collect()
    }

    /// The reverse of [`to_values`](Self::to_values); `None` if there are not as many as the restarts need.
    #[must_use]
    pub fn from_values(values: &[f64], restarts: usize) -> Option<Self> {
        let (first, second) = values.split_at_checked(values.len() / 2)?;
        let half = |values: &[f64]| values.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect::<Vec<_>>();
        (values.len() == 6 * restarts).then(|| Self { halves: [half(first), half(second)] })
    }

    /// The mean loss of a restart over a half, and its standard error; NaN if it was never seen.
    fn mean(&self, half: usize, restart: usize) -> (f64, f64) {
        let [count, sum, squares] = self.halves[half][restart];
        let mean = sum / count;
        (mean, ((squares / count - mean * mean).max(0.0) / count).sqrt())
    }

    /// The final loss of each restart, lowest first; a diverged restart comes last, as infinity.
    #[must_use]
    pub fn ranking(&self) -> Vec<(usize, f64)> {
        let finite = |loss: f64| if loss.is_finite() { loss } else { f64::INFINITY };
        let mut ranking: Vec<_> = (0..self.halves[0].len()).map(|k| (k, finite(self.mean(1, k).0))).collect();
        ranking.sort_by(|a, b| a.1.total_cmp(&b.1));
        ranking
    }

    /// Whether a restart, trained with this β at the end, has converged.
    ///
    /// A run too short for two halves of a tail shows no end of its progress.
    #[must_use]
    pub fn verdict(&self, restart: usize, beta: f64) -> Verdict {
        let ((before, before_error), (after, after_error)) = (self.mean(0, restart), self.mean(1, restart));
        if !after.is_finite() {
            return Verdict::Diverged;
        }
        let fall = before - after;
        let error = before_error.hypot(after_error);
        let is_progress = fall.is_nan() || fall > 3.0 * error && fall > PROGRESS * beta;
        if is_progress { Verdict::StillImproving } else { Verdict::Converged }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The loss no longer falls.
    Converged,
    /// The loss was still falling at the end.
    StillImproving,
    /// The loss is not a number.
    Diverged,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged",
            Self::StillImproving => "still improving",
            Self::Diverged => "diverged",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(loss: impl Fn(u64, usize) -> f64) -> Tail {
        let mut tail = Tail::new(3);
        (0..1000).for_each(|i| tail.add(i, 1000, &[loss(i, 0), loss(i, 1), loss(i, 2)]));
        tail
    }

    #[test]
    fn the_lowest_final_loss_wins_and_a_broken_restart_comes_last() {
        let ranking = tail(|_, k| [2.0, f64::NAN, 1.0][k]).ranking();
        assert_eq!(ranking, [(2, 1.0), (0, 2.0), (1, f64::INFINITY)]);
    }

    #[test]
    fn verdicts_tell_flat_from_falling_from_broken() {
        let jitter = |i: u64| if i.is_multiple_of(2) { 0.01 } else { -0.01 };
        let tail = tail(|i, k| [1.0 + jitter(i), 10.0 - 0.01 * i as f64 + jitter(i), f64::NAN][k]);
        let verdicts = [0, 1, 2].map(|k| tail.verdict(k, 0.02));
        assert_eq!(verdicts, [Verdict::Converged, Verdict::StillImproving, Verdict::Diverged]);
    }

    #[test]
    fn the_shortest_run_has_a_final_loss() {
        for iterations in 1..40 {
            let mut tail = Tail::new(1);
            (0..iterations).for_each(|i| tail.add(i, iterations, &[3.0]));
            assert_eq!(tail.ranking(), [(0, 3.0)], "{iterations} iterations");
            let expected = if iterations < 11 { Verdict::StillImproving } else { Verdict::Converged };
            assert_eq!(tail.verdict(0, 0.02), expected, "{iterations} iterations");
        }
    }

    #[test]
    fn saved_and_restored_is_the_same() {
        let tail = tail(|i, k| (i + k as u64) as f64);
        assert_eq!(Tail::from_values(&tail.to_values(), 3), Some(tail));
        assert_eq!(Tail::from_values(&[1.0; 5], 3), None);
        assert_eq!(Tail::from_values(&[1.0; 12], 3), None);
    }
}
