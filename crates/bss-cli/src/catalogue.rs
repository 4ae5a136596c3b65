//! Every model, prior and baseline, with the paper it comes from.

use serde::Serialize;

/// What a method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A generative model, fitted with `bss fit --model`.
    Model,
    /// A prior of `ar-flow`, chosen with `--set prior.kind=`.
    Prior,
    /// A method to compare with, fitted the same way.
    Baseline,
}

/// One method.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Method {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    pub(crate) about: &'static str,
    /// Authors, year and where to find it.
    pub(crate) paper: &'static str,
}

const fn method(kind: Kind, name: &'static str, about: &'static str, paper: &'static str) -> Method {
    Method { kind, name, about, paper }
}

/// All methods, in the order in which they are listed.
#[rustfmt::skip] // one method, one line
pub(crate) const METHODS: &[Method] = &[
    method(Kind::Model, "ar-flow", "AR-Flow VAE: a recording's channels into sources with memory", "Wei et al. 2026, arXiv:2603.14441"),
    method(Kind::Model, "neri", "VAE that sums K decoded sources; VAEM by `separate --mask`", "Neri et al. 2021, EUSIPCO"),
    method(Kind::Prior, "gaussian", "standard normal: a plain VAE", "Kingma and Welling 2014, arXiv:1312.6114"),
    method(Kind::Prior, "ar", "linear autoregression of order P", "Wei et al. 2026, arXiv:2603.14441"),
    method(Kind::Prior, "ar-flow", "autoregression with a recurrent flow on its innovations", "Wei et al. 2026, arXiv:2603.14441"),
    method(Kind::Baseline, "fastica", "fixed-point independent component analysis", "Hyvärinen 1999, IEEE TNN 10(3)"),
    method(Kind::Baseline, "picard", "maximum-likelihood independent component analysis", "Ablin et al. 2018, arXiv:1711.10873"),
    method(Kind::Baseline, "sobi", "joint diagonalisation of lagged covariances", "Belouchrani et al. 1997, IEEE TSP 45(2)"),
    method(Kind::Baseline, "jade", "joint diagonalisation of fourth-order cumulants", "Cardoso and Souloumiac 1993, IEE Proc. F 140(6)"),
    method(Kind::Baseline, "nmf", "non-negative matrix factorisation", "Lee and Seung 2001, NIPS"),
    method(Kind::Baseline, "ae", "plain auto-encoder: the network of neri without a prior", "Neri et al. 2021, EUSIPCO"),
    method(Kind::Baseline, "mixit", "mixture-invariant training", "Wisdom et al. 2020, arXiv:2006.12701"),
    method(Kind::Baseline, "glo", "generative latent optimisation", "Bojanowski et al. 2018, arXiv:1707.05776"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Model, Prior};

    fn names(belongs: impl Fn(Kind) -> bool) -> Vec<&'static str> {
        METHODS.iter().filter(|method| belongs(method.kind)).map(|method| method.name).collect()
    }

    #[test]
    fn lists_every_choice_of_the_settings() {
        assert_eq!(names(|kind| kind != Kind::Prior), Model::NAMES);
        assert_eq!(names(|kind| kind == Kind::Prior), Prior::NAMES);
    }
}
