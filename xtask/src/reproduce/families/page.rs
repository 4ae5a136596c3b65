//! The page: a table for each variant by family, how often the defaults are as good as the best, and where not.

use std::fmt::Write as _;

use super::cell::Cell;
use super::grid::{FAMILIES, FIRST_SEED, METHODS, Method, VARIANTS, Variant};
use super::standing::{MARGIN, SEPARATED, Standing};
use crate::reproduce::Preset;
use crate::reproduce::results::TOLERANCE;

const HEADING: &str = "# Every family against classical methods\n\n\
     Smallest absolute correlation of the sources with the truth, after optimal matching: every `bss synth` family, \
     random\nsquare mixings, and these methods on the same mixtures:\n\n";

/// What a result was made with.
#[derive(Debug)]
pub(super) struct Circumstances {
    pub(super) preset: Preset,
    pub(super) program: String,
    pub(super) machine: String,
}

/// The page in markdown. Methods are compared on the same mixtures: one of which a cell is missing is left out.
pub(super) fn page(cells: &[Cell], circumstances: &Circumstances) -> String {
    let standings = Standing::of_all(cells);
    let mut text = head(cells, circumstances);
    let mixtures = cells.chunk_by(|one, next| one.case() == next.case());
    let cells = &mixtures.filter(|cells| cells.len() == METHODS.len()).flatten().cloned().collect::<Vec<Cell>>()[..];
    text += &summary(&standings);
    text += "\n## Amari distance\n\nMean over the mixtures.\n\n";
    text += &means(cells, |cell| cell.amari, 4);
    text += "\n## Time\n\nMean seconds of a fit on one thread, while others run on the other cores, and whatever else the machine did.\n\n";
    text += &means(cells, |cell| cell.seconds, 2);
    for variant in VARIANTS.iter().filter(|variant| cells.iter().any(|cell| cell.variant() == variant.name)) {
        text += &section(variant, cells, &standings);
    }
    let misses: Vec<String> = standings.iter().filter(|one| !one.holds()).map(Standing::miss).collect();
    let _ = write!(text, "\n## Where the defaults miss\n\n");
    text += &if misses.is_empty() { "Nowhere.\n".to_owned() } else { misses.join("\n") + "\n" };
    text
}

fn head(cells: &[Cell], circumstances: &Circumstances) -> String {
    let (preset, planned) = (circumstances.preset.name(), circumstances.preset.cells().len());
    let mut text = HEADING.to_owned();
    for method in &METHODS {
        let _ = writeln!(text, "- `{}`: {}", method.name, method.about);
    }
    let finished = if cells.len() < planned {
        format!(
            "**Not finished: {} of {planned} cells of the preset were run**, and mixtures of which one is missing are left \
             out below.",
            cells.len()
        )
    } else {
        format!("All {planned} cells of the preset were run.")
    };
    let _ = write!(
        text,
        "\n`cargo xtask reproduce families --preset {preset}` writes this page and `results.json`, which has each cell's \
         smallest and mean\ncorrelation, Amari distance, seconds, loss and verdict; `--check` compares with it by the \
         cells' names and fails where one is\nmissing, or its smallest correlation more than {TOLERANCE} below. A run that was\nstopped goes on where it \
         was.\n\n{finished}\n\n\
         Seeds count from {FIRST_SEED}, each one of sources, mixing and fit; the settings were chosen on smaller ones\n\
         ([separation](../separation/README.md)).\nMachine: {}; program: {}. A mixture of more than three sources takes them\nfrom \
         its family and from those four and eight further in the list; the first n are kept.\n",
        circumstances.machine, circumstances.program
    );
    text
}

fn summary(standings: &[Standing]) -> String {
    let mut text = format!(
        "\n## How often the defaults are as good as the best\n\n\
         Mixtures in which their smallest correlation is at least that of the best classical method *in that mixture* less \
         {MARGIN};\nin which it is at least {SEPARATED}, or that of no other method is; and both.\n\n\
         | variant | n | R | noise | as good as the best classical | {SEPARATED} where any is | both |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n"
    );
    for variant in &VARIANTS {
        let of_variant: Vec<&Standing> = standings.iter().filter(|one| one.ours.variant() == variant.name).collect();
        if of_variant.is_empty() {
            continue;
        }
        let noise = variant.noise_db.map_or("none".to_owned(), |noise_db| format!("{noise_db} dB"));
        let shares = shares(&of_variant);
        let _ =
            writeln!(text, "| `{}` | {} | {} | {noise} | {shares} |", variant.name, variant.sources, variant.samples);
    }
    let all: Vec<&Standing> = standings.iter().collect();
    let _ = writeln!(text, "| all | | | | {} |", shares(&all));
    text
}

fn shares(standings: &[&Standing]) -> String {
    let share = |held: Vec<bool>| {
        let count = held.iter().filter(|held| **held).count();
        format!("{count} of {} ({:.0} %)", held.len(), 100.0 * count as f64 / held.len().max(1) as f64)
    };
    let as_good = standings.iter().map(|one| one.is_as_good()).collect();
    let separated = standings.iter().map(|one| one.separates()).collect();
    let both = standings.iter().map(|one| one.holds()).collect();
    [share(as_good), share(separated), share(both)].join(" | ")
}

/// The mean of a score by variant and method.
fn means(cells: &[Cell], of: fn(&Cell) -> f64, digits: usize) -> String {
    let mut text = table_head("variant");
    for variant in &VARIANTS {
        let of_variant: Vec<&Cell> = cells.iter().filter(|cell| cell.variant() == variant.name).collect();
        if !of_variant.is_empty() {
            let shown = |cells: &[&Cell]| format!("{:.digits$}", mean(cells.iter().map(|cell| of(cell))));
            text += &row(&format!("`{}`", variant.name), &of_variant, &shown);
        }
    }
    text
}

/// A variant's table by family.
fn section(variant: &Variant, cells: &[Cell], standings: &[Standing]) -> String {
    let mut text = format!("\n## `{}`\n\nLowest of the mixtures / mean over them.\n\n", variant.name);
    let of_variant: Vec<&Cell> = cells.iter().filter(|cell| cell.variant() == variant.name).collect();
    text += &table_head("family, mixtures as good as the best");
    let shown = |cells: &[&Cell]| {
        let values = cells.iter().map(|cell| cell.smallest);
        format!("{:.4} / {:.4}", values.clone().fold(1.0, f64::min), mean(values))
    };
    let held = |family: Option<&str>| {
        let of_family = standings.iter().filter(|one| one.ours.variant() == variant.name);
        let of_family = of_family.filter(|one| family.is_none_or(|family| one.ours.family() == family));
        let (held, all) = of_family.fold((0, 0), |(held, all), one| (held + usize::from(one.holds()), all + 1));
        format!("{held} of {all}")
    };
    for family in FAMILIES {
        let of_family: Vec<&Cell> = of_variant.iter().copied().filter(|cell| cell.family() == family).collect();
        if !of_family.is_empty() {
            text += &row(&format!("`{family}`, {}", held(Some(family))), &of_family, &shown);
        }
    }
    text += &row(&format!("all, {}", held(None)), &of_variant, &shown);
    text
}

fn table_head(first: &str) -> String {
    let names: Vec<String> = METHODS.iter().map(|method| format!("`{}`", method.name)).collect();
    format!("| {first} | {} |\n|{}\n", names.join(" | "), " --- |".repeat(1 + METHODS.len()))
}

/// A row with an entry for each method, empty where it has no cell.
fn row(first: &str, cells: &[&Cell], shown: &dyn Fn(&[&Cell]) -> String) -> String {
    let entry = |method: &Method| {
        let of_method: Vec<&Cell> = cells.iter().copied().filter(|cell| cell.method() == method.name).collect();
        if of_method.is_empty() { String::new() } else { shown(&of_method) }
    };
    let entries: Vec<String> = METHODS.iter().map(entry).collect();
    format!("| {first} | {} |\n", entries.join(" | "))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::super::cell::cell;
    use super::*;

    fn some() -> (Vec<Cell>, Circumstances) {
        let mut cells = Vec::new();
        for (case, ours) in [("base/iid/21", 0.998), ("base/iid/22", 0.97), ("noise-20-db/garch/21", 0.6)] {
            cells.extend(METHODS.iter().map(|method| {
                let value = if method.name == "ar-flow" {
                    ours
                } else {
                    0.5 + 0.48 * f64::from(u8::from(method.name == "jade"))
                };
                cell(&format!("{case}/{}", method.name), value)
            }));
        }
        let (program, machine) = ("bss 0.1.0".to_owned(), "2 cores".to_owned());
        (cells, Circumstances { preset: Preset::Quick, program, machine })
    }

    #[test]
    fn families_are_rows_with_the_lowest_and_the_mean_of_each_method() {
        let (cells, circumstances) = some();
        let page = page(&cells, &circumstances);
        let row = "| `iid`, 1 of 2 | 0.9700 / 0.9840 | 0.5000 / 0.5000 | 0.5000 / 0.5000 | 0.5000 / 0.5000 | 0.5000 / 0.5000 \
                   | 0.5000 / 0.5000 | 0.9800 / 0.9800 |\n";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| all, 1 of 2 | 0.9700 / 0.9840 |"), "{page}");
        assert!(!page.contains("`garch`, 0 of 0"), "{page}");
    }

    #[test]
    fn shares_count_mixtures_and_misses_are_listed() {
        let (cells, circumstances) = some();
        let page = page(&cells, &circumstances);
        assert!(
            page.contains("| `base` | 3 | 1000 | none | 1 of 2 (50 %) | 2 of 2 (100 %) | 1 of 2 (50 %) |"),
            "{page}"
        );
        assert!(page.contains("| `noise-20-db` | 3 | 1000 | 20 dB | 0 of 1 (0 %) |"), "{page}");
        assert!(page.ends_with(
            "## Where the defaults miss\n\n- `base/iid/22`: 0.9700, best classical jade 0.9800\n\
             - `noise-20-db/garch/21`: 0.6000, best classical jade 0.9800\n"
        ));
    }

    #[test]
    fn an_unfinished_run_says_so() {
        let (cells, circumstances) = some();
        assert!(page(&cells, &circumstances).contains("**Not finished: 21 of 168 cells"));
        let unfinished = page(&cells[..3], &circumstances);
        assert!(unfinished.contains("| all | | | | 0 of 0 (0 %) |"), "{unfinished}");
        assert!(unfinished.ends_with("Nowhere.\n"));
    }
}
