//! The page of the experiment.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::results::number;
use super::{AIM, FAMILY, METHODS, MIXINGS, SAMPLES, SEEDS, machine, text};

/// The page in Markdown.
pub(super) fn page(cells: &[Value]) -> String {
    let (first, last) = (SEEDS.start(), SEEDS.end());
    let mut page = format!(
        "# Non-linear mixing\n\n\
         MCC (mean absolute correlation with the truth, after optimal matching) against the depth of the mixing: three \
         autoregressive\nsources with coefficients of their own (`{FAMILY}`), R = {SAMPLES}, three channels, no noise, \
         `--seed` {first} to {last} (of\nsources, mixing and fit), on which no setting was chosen.\n\n\
         ```text\nlinear           x = A s\n\
         post-nonlinear   x_i = 0.3 u_i + tanh(g_i u_i), u = A s\n\
         mlp              x = B tanh(A s): two layers\n```\n\n\
         `cargo xtask reproduce nonlinear` writes this page and `results.json`; `--check` compares with them.\n\
         Machine: {}. Times in `results.json` are of `bss fit` with its restarts, on one thread and beside another fit.\n\n\
         Mean MCC / lowest / seeds of {} with at least {AIM}:\n\n",
        machine(),
        SEEDS.count()
    );
    let methods: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
    let _ = writeln!(page, "| mixing | `{}` |\n| --- |{}", methods.join("` | `"), " --- |".repeat(methods.len()));
    for mixing in MIXINGS {
        let shown = methods.iter().map(|method| summary(&values(cells, mixing, method)));
        let _ = writeln!(page, "| {mixing} | {} |", shown.collect::<Vec<_>>().join(" | "));
    }
    page + "\n" + READING
}

const READING: &str = "## Reading it

- `defaults` is the linear model. It finds the best linear demixing, which a bend of the channels does not stop from being
  near the truth; how near is what the others have to beat.
- `post-nonlinear` (`--set encoder.kind=post-nonlinear`) learns an increasing function of each channel ahead of the
  linear model. Where the channels are not bent it costs little.
- `two-layer` (`--set encoder.kind=two-layer`) learns in which combinations of the channels the bend is as well. Its restarts
  end in different optima, of which more restarts find lower ones. In the one mixture below the aim (`mlp`, seed 23) the
  lower ones are no nearer to the truth: 20 restarts give 0.9289 there.
- `mlp` is the encoder and decoder of the general kind (`--set encoder.kind=mlp --set decoder.kind=mlp`): a
  perceptron beside the linear map in both. One posterior variance a source for all samples suits maps whose slope
  does not change; the other two know by how much they stretch.
";

/// The MCC of each seed.
fn values(cells: &[Value], mixing: &str, method: &str) -> Vec<f64> {
    let is_wanted = |cell: &&Value| text(cell, "mixing") == mixing && text(cell, "method") == method;
    cells.iter().filter(is_wanted).map(|cell| number(cell, "mcc")).collect()
}

/// Mean, lowest, and how many reach the aim.
fn summary(values: &[f64]) -> String {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let reached = values.iter().filter(|value| **value >= AIM).count();
    format!("{mean:.4} / {lowest:.4} / {reached}")
}
