//! The functions by which FastICA measures how far a source is from Gaussian.

/// G of Hyvärinen 1999, by its derivatives g and g′, with the constants a₁ = a₂ = 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nonlinearity {
    /// G(u) = log cosh u, g(u) = tanh u: for sources of any kind.
    #[default]
    LogCosh,
    /// G(u) = u⁴/4, g(u) = u³: kurtosis, for sources below Gaussian; outliers lead it astray.
    Cube,
    /// G(u) = -exp(-u²/2), g(u) = u exp(-u²/2): for sources with heavy tails.
    Exp,
}

impl Nonlinearity {
    /// g(u) and g′(u).
    #[must_use]
    pub fn score(self, u: f64) -> (f64, f64) {
        match self {
            Self::LogCosh => {
                let tanh = u.tanh();
                (tanh, 1.0 - tanh * tanh)
            }
            Self::Cube => (u * u * u, 3.0 * u * u),
            Self::Exp => {
                let bell = (-0.5 * u * u).exp();
                (u * bell, (1.0 - u * u) * bell)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_the_derivative_of_the_first() {
        for g in [Nonlinearity::LogCosh, Nonlinearity::Cube, Nonlinearity::Exp] {
            for u in [-2.5, -0.3, 0.0, 0.1, 1.7] {
                let slope = (g.score(u + 1e-6).0 - g.score(u - 1e-6).0) / 2e-6;
                assert!((slope - g.score(u).1).abs() < 1e-8, "{g:?} at {u}");
            }
        }
    }
}
