//! MCC against the depth of the mixing: linear, post-nonlinear and two-layer mixtures of autoregressive sources, by the
//! linear defaults, by the encoders for non-linear mixing, and by two classical methods.

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::results::{TOLERANCE, number};
use super::{bss, machine};
use crate::shell;

/// Three autoregressive sources with coefficients of their own.
const FAMILY: &str = "ar-laplace";
/// Of sources, mixing and fit; no setting was chosen on them.
const SEEDS: std::ops::RangeInclusive<u64> = 21..=30;
const SAMPLES: &str = "1000";
/// What is aimed at for a mixture.
const AIM: f64 = 0.95;

/// The kinds of `bss mix`, by the layers of non-linear functions they have.
const MIXINGS: [&str; 3] = ["linear", "post-nonlinear", "mlp"];

/// A way to separate.
struct Method {
    /// In the results and in the table.
    name: &'static str,
    /// What `bss fit` is told besides data, seed and threads.
    options: &'static [&'static str],
}

const METHODS: [Method; 6] = [
    Method { name: "defaults", options: &[] },
    Method { name: "post-nonlinear", options: &["--set", "encoder.kind=post-nonlinear"] },
    Method { name: "two-layer", options: &["--set", "encoder.kind=two-layer"] },
    Method { name: "mlp", options: &["--set", "encoder.kind=mlp", "--set", "decoder.kind=mlp"] },
    Method { name: "fastica", options: &["--model", "fastica"] },
    Method { name: "sobi", options: &["--model", "sobi"] },
];

/// One mixture.
#[derive(Clone, Copy)]
struct Case {
    mixing: &'static str,
    seed: u64,
}

/// Runs all, prints a line for each mixture, and writes or checks the stored result.
pub(super) fn run(check: bool) -> Result<bool> {
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    if !shell::announce_and_run(build)? {
        return Ok(false);
    }
    let cells = measure()?;
    let folder = shell::root().join("docs").join("experiments").join("nonlinear");
    let path = folder.join("results.json");
    if check {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let stored: Vec<Value> = serde_json::from_str(&text)?;
        let worse = worse(&cells, &stored);
        worse.iter().for_each(|line| println!("{line}"));
        return Ok(worse.is_empty());
    }
    fs::create_dir_all(&folder)?;
    fs::write(&path, serde_json::to_string_pretty(&cells)? + "\n")?;
    fs::write(folder.join("README.md"), page::page(&cells))?;
    println!("wrote {}", folder.display());
    Ok(true)
}

/// All cells in the order of the cases, as many cases at once as there are cores, each fit on one thread.
fn measure() -> Result<Vec<Value>> {
    let work = shell::target_dir().join("reproduce").join("nonlinear");
    let cases: Vec<Case> =
        MIXINGS.into_iter().flat_map(|mixing| SEEDS.map(move |seed| Case { mixing, seed })).collect();
    let next = Mutex::new(cases.iter().copied().enumerate());
    let worker = |place: usize| -> Result<Vec<(usize, Vec<Value>)>> {
        let folder = work.join(place.to_string());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut finished = Vec::new();
        loop {
            let taken = next.lock().expect("no worker panicked").next();
            let Some((index, case)) = taken else { return Ok(finished) };
            let cells = one(case, &folder)?;
            let shown = cells.iter().map(|cell| format!("{} {:.4}", text(cell, "method"), number(cell, "mcc")));
            let Case { mixing, seed } = case;
            println!("{mixing} {seed}  {}", shown.collect::<Vec<_>>().join("  "));
            finished.push((index, cells));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut finished = thread::scope(|scope| {
        let worker = &worker;
        let threads: Vec<_> = (0..workers).map(|place| scope.spawn(move || worker(place))).collect();
        let ends = threads.into_iter().map(|thread| thread.join().expect("a worker returns its errors"));
        // All are waited for; the first error is told.
        ends.collect::<Vec<_>>().into_iter().collect::<Result<Vec<_>>>()
    })?
    .concat();
    finished.sort_by_key(|(index, _)| *index);
    Ok(finished.into_iter().flat_map(|(_, cells)| cells).collect())
}

/// Every method on one mixture, by the program's own commands.
fn one(case: Case, folder: &Path) -> Result<Vec<Value>> {
    let Case { mixing, seed } = case;
    let file = |name: &str| folder.join(name).display().to_string();
    let (sources, mixture, run, estimate) =
        (file("sources.npy"), file("mixture.npz"), file("run"), file("estimate.npz"));
    let seed_text = seed.to_string();
    bss(&["synth", FAMILY, "--samples", SAMPLES, "--seed", &seed_text, "--out", &sources])?;
    bss(&["mix", &sources, "--mixing", mixing, "--seed", &seed_text, "--out", &mixture])?;
    let cell = |method: &Method| -> Result<Value> {
        let fit = ["fit", &mixture, "--seed", &seed_text, "--threads", "1", "--out", &run, "--force", "--json"];
        let fit: Value = serde_json::from_str(&bss(&[&fit[..], method.options].concat())?)?;
        bss(&["separate", &mixture, "--run", &run, "--out", &estimate])?;
        let pair = ["--estimate", &estimate, "--reference", &mixture];
        let scores = bss(&[&["evaluate", "--metrics", "mcc,correlation", "--json"][..], &pair].concat())?;
        let scores: Value = serde_json::from_str(&scores)?;
        Ok(json!({
            "mixing": mixing,
            "seed": seed,
            "method": method.name,
            "mcc": scores["mcc"]["mean"],
            "smallest": scores["correlation"]["min"],
            "seconds": (number(&fit, "seconds") * 10.0).round() / 10.0,
            "verdict": fit["verdict"],
        }))
    };
    METHODS.iter().map(cell).collect()
}

fn text<'a>(cell: &'a Value, key: &str) -> &'a str {
    cell[key].as_str().unwrap_or("")
}

/// The stored cells that are missing among those found, or whose MCC was better, in words.
fn worse(found: &[Value], stored: &[Value]) -> Vec<String> {
    let name = |cell: &Value| format!("{}/{}/{}", text(cell, "mixing"), cell["seed"], text(cell, "method"));
    let found: BTreeMap<String, f64> = found.iter().map(|cell| (name(cell), number(cell, "mcc"))).collect();
    let complaint = |stored: &Value| {
        let (name, expected) = (name(stored), number(stored, "mcc"));
        match found.get(&name) {
            None => Some(format!("{name}: was not run")),
            Some(&found) if found >= expected - TOLERANCE => None,
            Some(found) => Some(format!("{name}: {found:.4}, stored {expected:.4}")),
        }
    };
    stored.iter().filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worse_or_missing_cell_is_told_wherever_it_stands() {
        let cell = |seed: u64, mcc: f64| json!({ "mixing": "mlp", "seed": seed, "method": "x", "mcc": mcc });
        let stored = [cell(1, 0.99), cell(2, 0.9), cell(3, 0.8)];
        assert_eq!(worse(&[cell(3, 0.85), cell(2, 0.899), cell(1, 0.989)], &stored), Vec::<String>::new());
        let found = worse(&[cell(2, f64::NAN), cell(1, 0.95)], &stored);
        let expected = ["mlp/1/x: 0.9500, stored 0.9900", "mlp/2/x: NaN, stored 0.9000", "mlp/3/x: was not run"];
        assert_eq!(found, expected);
    }
}
