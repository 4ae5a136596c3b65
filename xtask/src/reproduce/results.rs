//! Results of an experiment as JSON, one object for each run, and whether they are those that are stored.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// How far a smallest correlation may fall short of the stored one: another processor rounds otherwise, and a fit of
/// thousands of steps carries that on.
pub(super) const TOLERANCE: f64 = 2e-3;

/// A number of a run; NaN if it has none of that name.
pub(super) fn number(result: &Value, key: &str) -> f64 {
    result[key].as_f64().unwrap_or(f64::NAN)
}

/// The smallest of a run's correlations; 0 if it has none.
pub(super) fn smallest(result: &Value) -> f64 {
    let values = result["correlation"].as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Value::as_f64).fold(if values.is_empty() { 0.0 } else { 1.0 }, f64::min)
}

/// The median of values that are not empty.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2])
}

/// Whether the stored runs are no better than those found, up to rounding; `name` is the key that tells runs apart
/// beside their seed, in whatever order they stand.
pub(super) fn agrees(results: &[Value], name: &str, path: &Path) -> Result<bool> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let stored: Vec<Value> = serde_json::from_str(&text)?;
    ensure!(
        stored.len() == results.len(),
        "{} holds {} runs, expected {}",
        path.display(),
        stored.len(),
        results.len()
    );
    let mut agree = true;
    for found in results {
        let is_same = |stored: &&Value| stored[name] == found[name] && stored["seed"] == found["seed"];
        let Some(stored) = stored.iter().find(is_same) else {
            println!("{} seed {} is not among the stored results", found[name], found["seed"]);
            agree = false;
            continue;
        };
        let (found_value, stored_value) = (smallest(found), smallest(stored));
        if found_value < stored_value - TOLERANCE {
            println!("{} seed {}: {found_value:.4}, stored {stored_value:.4}", found[name], found["seed"]);
            agree = false;
        }
    }
    Ok(agree)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_smallest_correlation_counts_and_none_counts_as_zero() {
        assert_eq!(smallest(&json!({ "correlation": [0.99, 0.5, 1.0] })), 0.5);
        assert_eq!(smallest(&json!({ "correlation": [] })), 0.0);
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_worse_result_than_the_stored_one_is_told() {
        let path = std::env::temp_dir().join(format!("bss-reproduce-{}.json", std::process::id()));
        let result = |value: f64| vec![json!({ "family": "a", "seed": 0, "correlation": [value] })];
        fs::write(&path, serde_json::to_string(&result(0.99)).unwrap()).unwrap();
        assert!(agrees(&result(0.9895), "family", &path).unwrap());
        assert!(!agrees(&result(0.95), "family", &path).unwrap());
        assert!(agrees(&[], "family", &path).is_err());
        let other = vec![json!({ "family": "b", "seed": 0, "correlation": [0.99] })];
        assert!(!agrees(&other, "family", &path).unwrap());
        fs::remove_file(&path).unwrap();
    }
}
