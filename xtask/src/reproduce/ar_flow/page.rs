//! The page of the experiment: what the paper shows, and what came out here.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::results::{median, number, smallest};
use super::{FAMILY, FIGURES, FITS, SAMPLES, SEEDS, SHOWN, SOURCES};

/// The page in Markdown.
pub(super) fn page(results: &[Value]) -> String {
    let parts = [
        setting(),
        FIGURE_2.to_owned(),
        figure(0),
        scores(results),
        FIGURE_3.to_owned(),
        figure(1),
        parameters(results),
    ];
    parts.join("\n")
}

const FIGURE_2: &str = "## Figure 2: the recovered sources

| the paper says | here |
| --- | --- |
| the posterior means \"basically match the true source signals for all three components\" | so they do: the table below |
| truth, posterior mean and 95 % interval of each source, as z-scores | the same; the truth is black, below the mean, so that it shows where the two differ |
| the interval is that of q(S given X), ± 1.96 √q | the interval also knows what may be left of the other sources, and the sensors' noise (`bss-models/src/uncertainty.rs`) |
";

const FIGURE_3: &str = "## Figure 3: the training

| the paper says | here |
| --- | --- |
| the AR parameters of different sources \"gradually converge to different values\" | they do, but two can end close to each other (table below), and none needs to be the autocorrelation of its source: the flow carries a part of the memory |
| this is \"consistent with the evolution of the maximum correlations\" | in part: the sources are apart before half of the iterations, the parameters go on moving |
| correlations are for monitoring only | `bss fit` logs its demixing matrix and sees no truth; `bss report --reference` computes them afterwards |
";

fn setting() -> String {
    let synth = format!("{FAMILY} --samples {SAMPLES} --seed {SHOWN}");
    let machine = format!(
        "{} cores, {} {}",
        std::thread::available_parallelism().map_or(0, usize::from),
        std::env::consts::ARCH,
        std::env::consts::OS
    );
    format!(
        "# The paper's synthetic experiment

Section 4.1 of the AR-Flow VAE's paper (Wei et al. 2026, arXiv:2603.14441) separates a linear mixture of three
artificial sources. It does not say which sources, how many samples, which mixing, or how the optimiser was set, and it
prints no number: what can be compared is what it says of its figures 2 and 3.

| | the paper | here |
| --- | --- | --- |
| sources | three, with \"different ordered structures\" | `{FAMILY}`, the nearest family of `bss synth`: smooth, in steps, and random; {SAMPLES} samples |
| mixing | linear | a random square matrix, no noise |
| the paper's model | linear AR(1) with a flow on top, κ = 0.8, Gaussian base, one start | `docs/settings/paper.toml`; what the paper leaves open (eight hidden units, whitening, β, learning rate) is as in our defaults |
| our defaults | | AR(4), two hidden units, a mixture of four Gaussians as base, the decoder tied to the encoder, the best of five starts |

`cargo xtask reproduce ar-flow` writes this page, its figures (seed {SHOWN}) and `results.json` (seeds 0 to {}, of sources,
mixing and fit); `--check` compares with them. By hand:

```console
$ bss synth {synth} --out sources.npy
$ bss mix sources.npy --seed {SHOWN} --out mixture.npz
$ bss fit mixture.npz --seed {SHOWN} --config docs/settings/paper.toml --out runs/paper
$ bss report runs/paper --reference sources.npy
```

Machine: {machine}. Times are of `bss fit`.
",
        SEEDS - 1
    )
}

/// A figure of both fits, side by side; each is also there as SVG.
fn figure(index: usize) -> String {
    let (figure, shows) = FIGURES[index];
    let titles: Vec<_> = FITS.iter().map(|fit| fit.title).collect();
    let images = FITS.iter().map(|fit| {
        let (name, title) = (fit.name, fit.title);
        format!("[![{title}: {shows}]({name}-{figure}.png)]({name}-{figure}.svg)")
    });
    let rule = vec!["---"; FITS.len()].join(" | ");
    format!("| {} |\n| {rule} |\n| {} |\n", titles.join(" | "), images.collect::<Vec<_>>().join(" | "))
}

/// Correlations and time over all seeds.
fn scores(results: &[Value]) -> String {
    let mut text = format!(
        "Smallest of the three correlations with the truth:\n\n\
         | fit | seed {SHOWN} | lowest of {SEEDS} seeds | median | per seed, 0 to {} | slowest fit |\n\
         | --- | --- | --- | --- | --- | --- |\n",
        SEEDS - 1
    );
    for fit in &FITS {
        let runs: Vec<&Value> = results.iter().filter(|result| result["fit"] == fit.name).collect();
        let values: Vec<f64> = runs.iter().map(|result| smallest(result)).collect();
        let lowest = values.iter().copied().fold(1.0, f64::min);
        let each: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        let slowest = runs.iter().map(|result| number(result, "seconds")).fold(0.0, f64::max);
        let (title, median) = (fit.title, median(&values));
        let shown = shown(results, fit.name).map_or(f64::NAN, smallest);
        let each = each.join(" ");
        let _ = writeln!(text, "| {title} | {shown:.4} | {lowest:.4} | {median:.4} | {each} | {slowest:.1} s |");
    }
    text
}

/// What the prior of each source has learned, for the seed that is shown.
fn parameters(results: &[Value]) -> String {
    let mut text = format!(
        "At the end, seed {SHOWN}:\n\n| fit | source | correlation | AR coefficients a | innovation scale σ | posterior \
         variance q |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for fit in &FITS {
        let Some(run) = shown(results, fit.name) else { continue };
        for (j, source) in SOURCES.iter().enumerate() {
            let of_source = |key: &str| run[key][j].as_f64().unwrap_or(f64::NAN);
            let lags = run["ar_coefficient"][j].as_array().map(Vec::as_slice).unwrap_or_default();
            let lags: Vec<String> = lags.iter().filter_map(Value::as_f64).map(|a| format!("{a:.3}")).collect();
            let _ = writeln!(
                text,
                "| {} | {source} | {:.4} | {} | {:.3} | {:.4} |",
                fit.title,
                of_source("correlation"),
                lags.join(", "),
                of_source("innovation_scale"),
                of_source("posterior_variance")
            );
        }
    }
    text
}

/// The run whose figures are kept.
fn shown<'a>(results: &'a [Value], fit: &str) -> Option<&'a Value> {
    results.iter().find(|result| result["fit"] == fit && result["seed"] == SHOWN)
}
