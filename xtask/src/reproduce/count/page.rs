//! The experiment's page.

use std::fmt::Write as _;

use serde_json::Value;

use super::{CASES, FAMILIES, FIRST_SEED, SAMPLES, SEEDS, TRUTH, hits};
use crate::reproduce::machine;
use crate::reproduce::results::{median, number};

/// What the score is, and what follows from the number.
const MEANING: &str = "
## What is compared

Models of N sources are fitted to the first 80 % of the recording, and scored on the rest by the evidence lower bound
(equation 31) in the recording's own coordinates, or N would decide what the score is a density of:

    log p(x) = log p_N(z) + log|det W| + log N(r; 0, σ² I)

z are the N strongest principal components, whitened by W; r is what they leave out, white Gaussian noise of equal
variance in every direction (σ² from the first part).

- **The bound is that at v_y = β/2**, β at its end: the observation noise that the fit assumed, and that the variances of
  its posterior belong to. The alternative for a tied linear model is the density in the limit of no noise,
  log p(s) + log|det E|. It is higher, but rewards what a model finds below that noise: on seeds 100 to 104 of the 20 dB
  case, with fits of two restarts and 1000 iterations, 18 of 25 numbers with the best density were right, against 24 of
  25 with the best bound.
- **It is the bound of the second part given the first.** Taken alone, its first samples have no past and would count
  against every source with a memory.
- **The unit is that in which noise is equal in all channels**: the recording's own, or that of each channel's standard
  deviation, whichever makes the weakest eigenvalues more equal (minimum description length). In the wrong one noise
  looks like sources.
- **The standard error** is that of the difference from the best, over ten blocks of the held-out part: samples are not
  independent, and what makes a block hard for all drops out. What it does not hold is that another restart scores
  otherwise, by up to a tenth of a nat for `sine+square+ar`: most of the misses at 30 dB are such close calls.

## What the number means, and what it does not

It is the number of components, the strongest first, that hold more than white noise of one level.

- A white Gaussian source is counted by its strength alone: where it is not above the noise, or there is no dimension
  left to tell the noise by, it is taken for noise.
- Noise that is coloured, or differs between channels in another way than the two above, counts as sources. So does a
  mixture that is not instantaneous: echoes and delays need more components than there are sources.
- Sources with proportional mixing are one. More sources than dimensions that the channels span cannot be counted; the
  command then takes all, and says so.
- A source that is silent in the last part, or only there, misleads. Another `--hold-out` shows it.
- Close calls are in the table: `behind` within twice its error is no proof of more sources.
- `bss fit` with fewer sources than channels keeps the strongest components in the recording's own unit, which is not
  always the one that was counted in.

On the ECG of `fixtures/` (`--columns 1-8`) the answer is 8 of 8, each step worth more than half a nat a sample: the
weakest component, 0.01 % of the variance, is no white noise either. The child's heart is 0.1 %.
";

/// All of it.
pub(super) fn page(results: &[Value]) -> String {
    let mut text = format!(
        "# How often `bss count` finds the number of sources\n\n\
         {SAMPLES} samples of {TRUTH} sources, all settings at their defaults: `bss synth`, `bss mix`, `bss count`, with \
         seeds {FIRST_SEED} to {}, each one of\nsources, mixing and fits. The score and the rule were chosen on seeds 100 to 104, and the unit's rule mended on 0 to 9.\n\n\
         `cargo xtask reproduce count` writes this page and `results.json`; `--check` compares the hits with them.\n\
         Machine: {}. Time is the wall time of `bss count` on one thread.\n\n\
         - `square`: three channels, no noise; 1 to 3 sources are compared\n\
         - `noise-20-db`, `noise-30-db`: six channels with white noise of that ratio in each; 1 to 6 sources\n\n\
         ## The number chosen\n\n\
         The smallest whose score is within one standard error of the difference from the best.\n\n\
         | case | family | right | chosen, per seed | median time |\n| --- | --- | --- | --- | --- |\n",
        FIRST_SEED + SEEDS - 1,
        machine(),
    );
    for case in &CASES {
        for family in FAMILIES {
            let of = |result: &&Value| result["case"] == case.name && result["family"] == family;
            let of: Vec<&Value> = results.iter().filter(of).collect();
            let right = of.iter().filter(|result| result["chosen"] == TRUTH).count();
            let chosen: Vec<String> = of.iter().map(|result| result["chosen"].to_string()).collect();
            let seconds: Vec<f64> = of.iter().map(|result| number(result, "seconds")).collect();
            let row = (case.name, chosen.join(" "), median(&seconds));
            let _ = writeln!(text, "| `{}` | `{family}` | {right} of {SEEDS} | {} | {:.1} s |", row.0, row.1, row.2);
        }
    }
    text += "\n## Which rule\n\nThe same scores, by two rules: the smallest number within one standard error, and the best \
             score whatever its\nerror. The rest of each is split into too few and too many.\n\n\
             | case | within one standard error | too few | too many | best score | too few | too many |\n\
             | --- | --- | --- | --- | --- | --- | --- |\n";
    for case in &CASES {
        let of: Vec<&Value> = results.iter().filter(|result| result["case"] == case.name).collect();
        let split = |rule: &str| {
            let is = |test: fn(&u64, &u64) -> bool| {
                of.iter().filter_map(|result| result[rule].as_u64()).filter(|chosen| test(chosen, &TRUTH)).count()
            };
            format!("{} of {} | {} | {}", is(u64::eq), of.len(), is(u64::lt), is(u64::gt))
        };
        let _ = writeln!(text, "| `{}` | {} | {} |", case.name, split("chosen"), split("best"));
    }
    let total: usize = CASES.iter().map(|case| hits(results, case.name)).sum();
    let _ = writeln!(text, "\n{total} of {} right in all.", results.len());
    text + MEANING
}
