//! The page: a table of methods by traversals, and the figures.

use std::fmt::Write as _;

use serde_json::Value;

use super::{METHODS, SEEDS, SHOWN, SIDE, TRAVERSALS, name};
use crate::reproduce::machine;
use crate::reproduce::results::{TOLERANCE, median, number, smallest};

/// The page in markdown.
pub(super) fn page(results: &[Value]) -> String {
    let mut text = format!(
        "# Images along a traversal\n\n\
         Three textures of {SIDE} × {SIDE} pixels (`bss synth images`: clouds, grain, mosaic), mixed by a random square \
         matrix and separated again, their pixels\ntaken as samples in each of three orders. Smallest absolute \
         correlation of the three images with the truth, pixel by pixel, after optimal matching;\n{SEEDS} mixings, seeds \
         0 to {}, each one of textures, mixing and fit. All settings are at their defaults, and none was chosen on \
         images.\n\n\
         `cargo xtask reproduce images` writes this page and `results.json`; `--check` compares with it run by run, and \
         fails where one is missing or its\nsmallest correlation more than {TOLERANCE} below. Machine: {}. Fits run on \
         one thread.\n\n\
         | lowest / median | {} |\n| --- |{}\n",
        SEEDS - 1,
        machine(),
        TRAVERSALS.map(|traversal| format!("`{traversal}`")).join(" | "),
        " --- |".repeat(TRAVERSALS.len())
    );
    for method in METHODS {
        let cells = TRAVERSALS.map(|traversal| {
            let values = values(results, traversal, method, smallest);
            format!("{:.4} / {:.4}", values.iter().copied().fold(1.0, f64::min), median(&values))
        });
        let _ = writeln!(text, "| `{method}` | {} |", cells.join(" | "));
    }
    text += "\nMean seconds of a fit:\n\n| | ";
    let _ = writeln!(text, "{} |\n| --- |{}", TRAVERSALS.join(" | "), " --- |".repeat(TRAVERSALS.len()));
    for method in METHODS {
        let cells = TRAVERSALS.map(|traversal| {
            let seconds = values(results, traversal, method, |result| number(result, "seconds"));
            format!("{:.2}", seconds.iter().sum::<f64>() / seconds.len() as f64)
        });
        let _ = writeln!(text, "| `{method}` | {} |", cells.join(" | "));
    }
    text += READING;
    let (seed, traversal, method) = SHOWN;
    let _ = write!(
        text,
        "\n## What it looks like\n\nSeed {seed}, `{method}` along `{traversal}`, as `bss report --reference` draws it.\n\n\
         ![The three mixed images](mixtures.png)\n\n![The three sources with their standard deviations and the truth]\
         (sources.png)\n"
    );
    text
}

/// How to read the numbers; true of any run that passes the check.
const READING: &str = "\n## Reading it\n\n\
    Clouds and grain are Gaussian, so FastICA, which goes by the shape of the distribution alone, cannot tell them apart \
    whatever the order. SOBI goes by\ncovariances at a few lags, which depend on the order: along rows, clouds and \
    mosaic look alike to it. The default model uses both, and the order hardly\nmatters to it.\n";

fn values(results: &[Value], traversal: &str, method: &str, value: impl Fn(&Value) -> f64) -> Vec<f64> {
    let name = name(traversal, method);
    results.iter().filter(|result| result["run"] == name.as_str()).map(value).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_method_has_a_row_with_the_lowest_and_the_median() {
        let mut results = Vec::new();
        for (seed, value) in [0.9, 0.99, 0.5].into_iter().enumerate() {
            for (traversal, method) in TRAVERSALS.iter().flat_map(|t| METHODS.map(|method| (t, method))) {
                let correlation = [1.0, value];
                results.push(
                    json!({ "run": name(traversal, method), "seed": seed, "correlation": correlation, "seconds": 2 }),
                );
            }
        }
        let page = page(&results);
        for method in METHODS {
            let cell = "0.5000 / 0.9000";
            assert!(page.contains(&format!("| `{method}` | {cell} | {cell} | {cell} |")), "{page}");
        }
    }
}
