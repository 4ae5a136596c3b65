//! How often the 95 % bands cover the true sources: with and without noise, which is known, estimated or shown by spare
//! channels.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::families::FAMILIES;
use super::results::number;
use super::{bss, machine};
use crate::shell;

/// No setting was chosen on these.
const SEEDS: std::ops::Range<u64> = 71..75;
/// How far a mean over a variant may be from the stored one.
const TOLERANCE: f64 = 0.01;

/// A kind of mixture.
struct Variant {
    name: &'static str,
    samples: &'static str,
    channels: &'static str,
    noise_db: Option<&'static str>,
}

const VARIANTS: [Variant; 6] = [
    Variant { name: "clean", samples: "1000", channels: "3", noise_db: None },
    Variant { name: "short", samples: "500", channels: "3", noise_db: None },
    Variant { name: "noise-30-db", samples: "1000", channels: "3", noise_db: Some("30") },
    Variant { name: "noise-20-db", samples: "1000", channels: "3", noise_db: Some("20") },
    Variant { name: "noise-10-db", samples: "1000", channels: "3", noise_db: Some("10") },
    Variant { name: "six-channels-20-db", samples: "1000", channels: "6", noise_db: Some("20") },
];

/// The two ways to know the noise: the keys of a run's coverages.
const WAYS: [&str; 2] = ["estimated", "known"];

/// Runs all, prints a line for each, and writes or checks the stored result.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let work = shell::target_dir().join("reproduce").join("coverage");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let mut results = Vec::new();
    for variant in &VARIANTS {
        for family in FAMILIES {
            for seed in SEEDS {
                let result = one(variant, family, seed, &work)?;
                let shown = WAYS.map(|way| format!("{way} {:.3}", number(&result, way)));
                println!("{:<20} {family:<22} seed {seed}  {}", variant.name, shown.join("  "));
                results.push(result);
            }
        }
    }
    let folder = shell::root().join("docs").join("experiments").join("coverage");
    let path = folder.join("results.json");
    if check {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(agrees(&results, &serde_json::from_str::<Vec<Value>>(&text)?));
    }
    fs::create_dir_all(&folder)?;
    fs::write(&path, serde_json::to_string_pretty(&results)? + "\n")?;
    fs::write(folder.join("README.md"), page(&results))?;
    println!("wrote {}", folder.display());
    Ok(true)
}

/// One mixture, by the program's own commands.
fn one(variant: &Variant, family: &str, seed: u64, work: &Path) -> Result<Value> {
    let file = |name: &str| work.join(name).display().to_string();
    let (sources, mixture, run, estimate) =
        (file("sources.npy"), file("mixture.npz"), file("run"), file("estimate.npz"));
    let seed_text = seed.to_string();
    bss(&["synth", family, "--samples", variant.samples, "--seed", &seed_text, "--out", &sources])?;
    let mut words = vec!["mix", &sources, "--channels", variant.channels, "--seed", &seed_text, "--out", &mixture];
    words.extend(variant.noise_db.iter().flat_map(|noise_db| ["--noise-db", noise_db]));
    bss(&words)?;
    let fit = ["fit", &mixture, "--sources", "3", "--seed", &seed_text, "--out", &run, "--force", "--json"];
    let fit: Value = serde_json::from_str(&bss(&fit)?)?;
    let coverage = |options: &[&str]| -> Result<Value> {
        bss(&[&["separate", "--run", &run, "--out", &estimate, "--std"][..], options].concat())?;
        let pair = ["--estimate", &estimate, "--reference", &sources];
        let scores = bss(&[&["evaluate", "--metrics", "coverage", "--json"][..], &pair].concat())?;
        let scores: Value = serde_json::from_str(&scores)?;
        Ok(scores["coverage"]["mean"].clone())
    };
    let known = variant.noise_db.map(|noise_db| coverage(&["--noise-db", noise_db])).transpose()?;
    Ok(json!({
        "variant": variant.name,
        "family": family,
        "seed": seed,
        "estimated": coverage(&[])?,
        "known": known,
        "noise_db": (number(&fit, "noise_db") * 10.0).round() / 10.0,
    }))
}

/// The mean of a way over the runs that have it, by variant and family, and by variant alone (with no family).
fn means(results: &[Value], way: &str) -> BTreeMap<(String, String), f64> {
    let mut sums: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    let text = |result: &Value, key: &str| result[key].as_str().unwrap_or_default().to_owned();
    for (result, value) in results.iter().filter_map(|result| Some((result, result[way].as_f64()?))) {
        for family in [text(result, "family"), String::new()] {
            let (sum, count) = sums.entry((text(result, "variant"), family)).or_default();
            *sum += value;
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(key, (sum, count))| (key, sum / count)).collect()
}

/// Prints the variants whose mean is not the stored one.
fn agrees(results: &[Value], stored: &[Value]) -> bool {
    let mut agree = true;
    for way in WAYS {
        let (found, stored) = (means(results, way), means(stored, way));
        for ((variant, _), found) in found.iter().filter(|((_, family), _)| family.is_empty()) {
            let stored = stored.get(&(variant.clone(), String::new())).copied().unwrap_or(f64::NAN);
            if (found - stored).abs() > TOLERANCE || stored.is_nan() {
                println!("{variant}, {way}: {found:.3}, stored {stored:.3}");
                agree = false;
            }
        }
    }
    agree
}

fn page(results: &[Value]) -> String {
    let mut text = format!(
        "# How often the 95 % bands cover the truth\n\n\
         Share of the samples in which a true source lies within 1.96 standard deviations of its estimate (`bss separate \
         --std`, then\n`coverage` of `bss evaluate`), of three sources, with all settings at their defaults. 0.95 is \
         right.\n\n\
         - `estimated`: as it comes. With as many channels as sources the noise of the sensors is guessed from the spectra \
         of the\n  sources, with more from what no source explains.\n\
         - `known`: with `--noise-db` at the ratio that was used.\n\n\
         `cargo xtask reproduce coverage` writes this page and `results.json`; `--check` compares the means over a \
         variant with\nthem, to {TOLERANCE}. Seeds {} to {}, each one of sources, mixing and fit; none of them was looked \
         at while the method was\nchosen. Machine: {}.\n\n\
         Of one recording all samples share the same error of the demixing, so that a clean recording is covered nearly \
         everywhere\nor in far fewer places than 95 %; only means over recordings tell.\n\n\
         | mixtures | samples | channels | noise | estimated | lowest family | known | lowest family |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        SEEDS.start,
        SEEDS.end - 1,
        machine(),
    );
    let all = WAYS.map(|way| means(results, way));
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    for Variant { name, samples, channels, noise_db } in &VARIANTS {
        let noise = noise_db.map_or("none".to_owned(), |noise_db| format!("{noise_db} dB"));
        let _ = write!(text, "| `{name}` | {samples} | {channels} | {noise} |");
        for means in &all {
            let of = |family: &str| means.get(&((*name).to_owned(), family.to_owned())).copied();
            let lowest = FAMILIES.iter().filter_map(|family| of(family)).reduce(f64::min);
            let _ = write!(text, " {} | {} |", cell(of("")), cell(lowest));
        }
        text.push('\n');
    }
    for (way, means) in WAYS.iter().zip(&all) {
        let shown: Vec<&Variant> =
            VARIANTS.iter().filter(|variant| *way == "estimated" || variant.noise_db.is_some()).collect();
        let heads: Vec<String> = shown.iter().map(|variant| format!("`{}`", variant.name)).collect();
        let rule = " --- |".repeat(shown.len());
        let _ = write!(text, "\n## {way}, by family\n\n| family | {} |\n| --- |{rule}\n", heads.join(" | "));
        for family in FAMILIES {
            let of = |variant: &&Variant| cell(means.get(&(variant.name.to_owned(), family.to_owned())).copied());
            let _ = writeln!(text, "| `{family}` | {} |", shown.iter().map(of).collect::<Vec<_>>().join(" | "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(variant: &str, family: &str, estimated: f64) -> Value {
        json!({ "variant": variant, "family": family, "seed": 1, "estimated": estimated, "known": null })
    }

    #[test]
    fn means_are_by_family_and_over_all() {
        let found = means(&[result("a", "x", 0.9), result("a", "y", 1.0), result("b", "x", 0.5)], "estimated");
        let of = |variant: &str, family: &str| found[&(variant.to_owned(), family.to_owned())];
        assert_eq!((of("a", "x"), of("a", "y"), of("b", "")), (0.9, 1.0, 0.5));
        assert!((of("a", "") - 0.95).abs() < 1e-12);
        assert!(means(&[result("a", "x", 0.9)], "known").is_empty());
    }

    #[test]
    fn a_mean_that_moved_either_way_or_was_not_stored_is_told() {
        let stored = [result("a", "x", 0.95)];
        assert!(agrees(&[result("a", "x", 0.945)], &stored));
        assert!(!agrees(&[result("a", "x", 0.93)], &stored));
        assert!(!agrees(&[result("a", "x", 0.97)], &stored));
        assert!(!agrees(&[result("b", "x", 0.95)], &stored));
    }
}
