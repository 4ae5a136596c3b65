//! The metrics there are, and their names.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A score that [`evaluate`](crate::evaluate()) or [`evaluate_examples`](crate::evaluate_examples) can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// |Pearson correlation| of each reference with its estimate, in examples with its sign; named `correlation`.
    Correlation,
    /// [`si_sdr_db`](crate::si_sdr_db) of each reference; named `si_sdr_db`.
    SiSdr,
    /// [`amari_from_sources`](crate::amari_from_sources), one value; named `amari`.
    Amari,
    /// [`mcc`](crate::mcc), one value; named `mcc`.
    Mcc,
    /// [`coverage`](crate::coverage()) of each reference, of estimates with standard deviations; named `coverage`.
    Coverage,
    /// Source to distortion of [`bss_eval`](crate::bss_eval()), of each reference; named `sdr_db`.
    Sdr,
    /// Source to interference of [`bss_eval`](crate::bss_eval()), of each reference; named `sir_db`.
    Sir,
    /// Sources to artefacts of [`bss_eval`](crate::bss_eval()), of each reference; named `sar_db`.
    Sar,
    /// [`psnr_db`](crate::psnr_db()) of each reference, in examples only; named `psnr_db`.
    Psnr,
    /// [`ssim`](crate::ssim()) of each reference, in examples that are images only; named `ssim`.
    Ssim,
}

impl Metric {
    /// All metrics, in the order in which they are listed.
    pub const ALL: &[Metric] = &[
        Metric::Correlation,
        Metric::SiSdr,
        Metric::Amari,
        Metric::Mcc,
        Metric::Coverage,
        Metric::Sdr,
        Metric::Sir,
        Metric::Sar,
        Metric::Psnr,
        Metric::Ssim,
    ];

    /// Those of recordings (samples, sources), without BSS Eval.
    pub const OF_RECORDINGS: &[Metric] =
        &[Metric::Correlation, Metric::SiSdr, Metric::Amari, Metric::Mcc, Metric::Coverage];

    /// Those of BSS Eval, for sound, in recordings and in datasets; they take longer than all others together.
    pub const OF_BSS_EVAL: &[Metric] = &[Metric::Sdr, Metric::Sir, Metric::Sar];

    /// Those of datasets (examples, sources, features…), without BSS Eval.
    pub const OF_EXAMPLES: &[Metric] = &[Metric::Psnr, Metric::Ssim, Metric::Correlation, Metric::SiSdr];

    /// The name on the command line and in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::Correlation => "correlation",
            Metric::SiSdr => "si_sdr_db",
            Metric::Amari => "amari",
            Metric::Mcc => "mcc",
            Metric::Coverage => "coverage",
            Metric::Sdr => "sdr_db",
            Metric::Sir => "sir_db",
            Metric::Sar => "sar_db",
            Metric::Psnr => "psnr_db",
            Metric::Ssim => "ssim",
        }
    }

    /// The data that the metric is defined for, in words.
    #[must_use]
    pub fn expects(self) -> &'static str {
        match self {
            Metric::Correlation | Metric::SiSdr | Metric::Sdr | Metric::Sir | Metric::Sar => {
                "(samples, sources) or (examples, sources, features…)"
            }
            Metric::Amari | Metric::Mcc | Metric::Coverage => "a recording (samples, sources)",
            Metric::Psnr => "a dataset (examples, sources, features…)",
            Metric::Ssim => "images (examples, sources, height, width)",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Reads a metric's name.
///
/// # Examples
///
/// ```
/// use bss_metrics::Metric;
///
/// assert_eq!("si_sdr_db".parse(), Ok(Metric::SiSdr));
/// let error = "amary".parse::<Metric>().unwrap_err();
/// assert!(error.to_string().contains("nearest is `amari`"));
/// ```
impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        if let Some(&metric) = Metric::ALL.iter().find(|metric| metric.name() == name) {
            return Ok(metric);
        }
        let names: Vec<&'static str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        let lower = name.to_lowercase();
        let nearest = names.iter().min_by_key(|known| strsim::levenshtein(known, &lower));
        Err(Error::UnknownMetric {
            name: name.to_owned(),
            nearest: nearest.expect("there is at least one metric"),
            known: names.join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for &metric in Metric::ALL {
            assert_eq!(metric.to_string().parse(), Ok(metric));
        }
    }

    #[test]
    fn unknown_names_get_the_nearest_and_the_list() {
        for (name, nearest) in [("corelation", "correlation"), ("MCC", "mcc"), ("sisdr_db", "si_sdr_db")] {
            let message = name.parse::<Metric>().unwrap_err().to_string();
            assert_eq!(
                message,
                format!(
                    "unknown or not yet available metric `{name}`: the nearest is `{nearest}`; \
                     there are correlation, si_sdr_db, amari, mcc, coverage, sdr_db, sir_db, sar_db, psnr_db, ssim"
                )
            );
        }
    }
}
