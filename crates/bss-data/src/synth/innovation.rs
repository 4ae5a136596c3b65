//! Innovations: independent draws of zero mean and unit variance, of several shapes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal, StudentT};

/// The shape of the innovations.
#[derive(Debug, Clone, Copy)]
pub(super) enum Innovation {
    /// N(0, 1).
    Gaussian,
    /// Laplace of scale 1/√2.
    Laplace,
    /// Uniform in −√3 … √3.
    Uniform,
    /// Student's t with 4 degrees of freedom, over √2.
    StudentT4,
    /// Exp(1) − 1, skewed to the right.
    Exponential,
}

impl Innovation {
    /// Draws one innovation.
    pub(super) fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Innovation::Gaussian => StandardNormal.sample(rng),
            Innovation::Laplace => {
                let magnitude: f64 = Exp1.sample(rng);
                let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
                sign * magnitude * std::f64::consts::FRAC_1_SQRT_2
            }
            Innovation::Uniform => 3.0_f64.sqrt() * (2.0 * rng.random::<f64>() - 1.0),
            Innovation::StudentT4 => {
                let student = StudentT::new(4.0).expect("4 degrees of freedom are positive");
                let draw: f64 = student.sample(rng);
                draw * std::f64::consts::FRAC_1_SQRT_2
            }
            Innovation::Exponential => {
                let draw: f64 = Exp1.sample(rng);
                draw - 1.0
            }
        }
    }
}
