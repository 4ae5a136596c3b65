//! One number of the table: how well a method separates a mixture.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// A method's scores on one mixture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    /// `VARIANT/FAMILY/SEED/METHOD`.
    pub(super) name: String,
    /// Smallest |correlation| of the sources with their estimates.
    pub(super) smallest: f64,
    /// Mean |correlation|.
    pub(super) mean: f64,
    /// Amari distance.
    pub(super) amari: f64,
    /// Of the fit alone, on one thread.
    pub(super) seconds: f64,
    /// Of the best restart; the classical methods have none.
    pub(super) loss: Option<f64>,
    /// What `bss fit` says of the fit's end, or that it failed.
    pub(super) verdict: String,
}

impl Cell {
    /// A fit that ended without a model: nothing is found.
    pub(super) fn failed(name: String) -> Self {
        Self { name, smallest: 0.0, mean: 0.0, amari: 1.0, seconds: 0.0, loss: None, verdict: "failed".to_owned() }
    }

    /// What `bss fit --json` and `bss evaluate --json` say, as a cell.
    ///
    /// # Errors
    /// When a score is missing.
    pub(super) fn of_commands(name: String, fit: &Value, scores: &Value) -> Result<Self> {
        let cell = json!({
            "cell": name,
            "smallest": scores["correlation"]["min"],
            "mean": scores["correlation"]["mean"],
            "amari": scores["amari"]["mean"],
            "seconds": fit["seconds"],
            "loss": fit["loss"],
            "verdict": fit["verdict"],
        });
        let exact = Self::of_json(&cell)?;
        // What is kept is what is stored: a result is the same whether its run was stopped or not.
        Self::of_json(&exact.to_json())
    }

    /// A cell as it is stored.
    ///
    /// # Errors
    /// When a field is missing.
    pub(super) fn of_json(value: &Value) -> Result<Self> {
        let number = |key: &str| value[key].as_f64().with_context(|| format!("a cell has no number `{key}`: {value}"));
        let text = |key: &str| value[key].as_str().with_context(|| format!("a cell has no text `{key}`: {value}"));
        Ok(Self {
            name: text("cell")?.to_owned(),
            smallest: number("smallest")?,
            mean: number("mean")?,
            amari: number("amari")?,
            seconds: number("seconds")?,
            loss: value["loss"].as_f64(),
            verdict: text("verdict")?.to_owned(),
        })
    }

    /// As it is stored, with the digits that mean something.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "cell": self.name,
            "smallest": rounded(self.smallest, 5),
            "mean": rounded(self.mean, 5),
            "amari": rounded(self.amari, 5),
            "seconds": rounded(self.seconds, 3),
            "loss": self.loss.map(|loss| rounded(loss, 5)),
            "verdict": self.verdict,
        })
    }

    /// `VARIANT/FAMILY/SEED`.
    pub(super) fn case(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(case, _)| case)
    }

    /// The variant's name.
    pub(super) fn variant(&self) -> &str {
        self.name.split('/').next().unwrap_or("")
    }

    /// The first family's name.
    pub(super) fn family(&self) -> &str {
        self.name.split('/').nth(1).unwrap_or("")
    }

    /// The method's name.
    pub(super) fn method(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or("")
    }
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10.0_f64.powi(digits);
    (value * scale).round() / scale
}

/// A cell for tests.
#[cfg(test)]
pub(super) fn cell(name: &str, smallest: f64) -> Cell {
    Cell { smallest, mean: smallest, amari: 0.01, seconds: 2.0, ..Cell::failed(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_made_of_what_the_commands_print_and_read_back() {
        let fit = json!({ "seconds": 1.23456, "loss": -0.123_456_7, "verdict": "converged" });
        let scores = json!({ "correlation": { "min": 0.987_654_321, "mean": 1.0 }, "amari": { "mean": 0.02 } });
        let cell = Cell::of_commands("base/iid/21/ar-flow".to_owned(), &fit, &scores).unwrap();
        assert_eq!((cell.smallest, cell.loss, cell.seconds), (0.98765, Some(-0.12346), 1.235));
        assert_eq!(Cell::of_json(&cell.to_json()).unwrap(), cell);
        let parts = (cell.variant(), cell.family(), cell.method(), cell.case());
        assert_eq!(parts, ("base", "iid", "ar-flow", "base/iid/21"));
    }

    #[test]
    fn a_missing_score_is_named() {
        let error = Cell::of_commands("a".to_owned(), &json!({}), &json!({})).unwrap_err().to_string();
        assert!(error.contains("`smallest`"), "{error}");
    }
}
