//! `bss report` on whole runs, unfinished ones, and what has gone since.

use std::fs;

use ndarray::{Axis, s};

use crate::Bench;
use crate::fit::fitted;

fn page(bench: &Bench, folder: &str) -> String {
    fs::read_to_string(bench.path(folder).join("index.html")).unwrap()
}

#[test]
fn the_folder_gets_every_figure_and_one_page_with_all() {
    let bench = fitted();
    assert_eq!(bench.ok("report run"), "wrote run/report/index.html\n");
    for figure in ["mixtures", "sources", "mixing", "training"] {
        let (svg, png) = (bench.path("run/report").join(format!("{figure}.svg")), format!("run/report/{figure}.png"));
        let svg = fs::read_to_string(svg).unwrap();
        assert!(svg.contains("<svg") && !svg.contains("NaN") && !svg.contains("inf"), "{figure}");
        assert!(fs::read(bench.path(&png)).unwrap().starts_with(b"\x89PNG\r\n"), "{figure}");
    }
    let page = page(&bench, "run/report");
    assert!(page.matches("<svg").count() >= 4 && !page.contains("NaN"));
    assert!(!page.contains("src=\"http") && !page.contains("<link"), "the page needs no other file");
    for part in ["m.npz", "ar-flow", "training.iterations = 60", "iterations", "wall time"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!bench.path("run/report/reference.svg").exists());
}

#[test]
fn references_are_matched_and_scored() {
    let bench = fitted();
    let said = bench.json("report run --reference m.npz:sources --out page");
    assert_eq!(said["page"], "page/index.html");
    assert_eq!(said["warnings"], serde_json::json!([]));
    let page = page(&bench, "page");
    assert!(page.contains("correlation") && page.contains("si_sdr_db") && !page.contains("NaN"));
    // The same scores as those of `evaluate`.
    bench.ok("separate --run run --out e.npy");
    let scores = bench.json("evaluate --estimate e.npy --reference s.npy --metrics correlation");
    for score in scores["correlation"]["per_source"].as_array().unwrap() {
        let shown = format!("{:.3}", score.as_f64().unwrap());
        assert!(page.contains(&shown[..4]), "{shown}");
    }
}

#[test]
fn the_truth_is_followed_along_the_training_and_never_reaches_it() {
    let bench = fitted();
    let training = |folder: &str| fs::read_to_string(bench.path(folder).join("training.svg")).unwrap();
    let without = bench.json("report run --out without");
    assert!(!training("without").contains("correlation"), "without a truth there is nothing to follow");
    let with = bench.json("report run --out with --reference m.npz:sources");
    let (svg, sources) = (training("with"), with["sources"].as_array().unwrap());
    assert!(svg.contains("best correlation with each true source"));
    // The course ends where the fit ended.
    let scores: Vec<f64> = sources.iter().map(|source| source["correlation"].as_f64().unwrap()).collect();
    let end = format!("mean correlation with the truth, {:.3}", scores.iter().sum::<f64>() / 3.0);
    assert!(svg.contains(&end[..end.len() - 1]), "{end}");
    let mut references: Vec<u64> = sources.iter().map(|source| source["reference"].as_u64().unwrap()).collect();
    references.sort_unstable();
    assert_eq!(references, [0, 1, 2]);
    for (with, without) in sources.iter().zip(without["sources"].as_array().unwrap()) {
        assert!(without["reference"].is_null() && without["correlation"].is_null());
        for key in ["explained_variance", "posterior_variance", "innovation_scale", "ar_coefficient"] {
            assert!(!with[key].is_null() && with[key] == without[key], "{key}");
        }
        assert_eq!(with["ar_coefficient"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn names_and_rates_of_the_file_are_shown() {
    let bench = fitted();
    let mixture = bench.read("m.npz:mixture");
    let mut text = "left,<right>,front & back\n".to_owned();
    for row in mixture.axis_iter(Axis(0)) {
        text.push_str(&row.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    bench.write_text("m.csv", &text);
    bench.ok("fit m.csv --sample-rate 250 --out named --iterations 20 --restarts 1");
    bench.fails("report named --reference m.npz --refine 5", 1, &["--refine is for datasets", "leave it out"]);
    bench.ok("report named");
    let page = page(&bench, "named/report");
    assert!(page.contains("left") && page.contains("&lt;right&gt;") && page.contains("front &amp; back"));
    assert!(!page.contains("<right>"), "names are escaped");
}

#[test]
fn other_models_and_short_runs_have_reports() {
    let bench = fitted();
    for settings in
        ["--iterations 1", "--iterations 20 --set encoder.kind=mlp", "--iterations 30 --set prior.kind=gaussian"]
    {
        bench.ok(&format!("fit m.npz --out other --force --restarts 1 {settings}"));
        bench.ok("report other --reference m.npz");
        assert!(!page(&bench, "other/report").contains("NaN"), "{settings}");
    }
}

#[test]
fn an_unfinished_run_says_so() {
    let bench = fitted();
    fs::remove_file(bench.path("run/run.json")).unwrap();
    let said = bench.json("report run");
    assert!(said["warnings"][0].as_str().unwrap().contains("the run is not finished"), "{said}");
    assert!(page(&bench, "run/report").contains("the run is not finished"));
}

#[test]
fn what_has_no_report_is_refused() {
    let bench = fitted();
    bench.write_array("short.npy", bench.read("s.npy").slice_axis(Axis(0), (..100).into()).to_owned());
    bench.write_text("file", "");
    for (arguments, parts) in [
        ("none", &["none: not a run folder: config.toml is missing"][..]),
        ("run --reference none.npy", &["none.npy: no such file"]),
        ("run --reference short.npy", &["short.npy", "100", "200"]),
        ("run --out file", &["file"]),
    ] {
        bench.fails(&format!("report {arguments}"), 1, parts);
    }
    bench.write_text("run/run.json", "{");
    bench.fails("report run", 1, &["run.json: cannot be read"]);
    fs::remove_file(bench.path("run/run.json")).unwrap();
    fs::remove_file(bench.path("run/metrics.jsonl")).unwrap();
    bench.fails("report run", 1, &["run/metrics.jsonl: "]);
    fs::rename(bench.path("m.npz"), bench.path("gone.npz")).unwrap();
    bench.fails("report run", 1, &["the recording that run was fitted to cannot be read", "m.npz: no such file"]);
    let part = bench.read("gone.npz:mixture").slice_axis(Axis(1), (..2).into()).to_owned();
    bench.write("m.npz", &[("mixture", part.slice(s![.., ..]).to_owned().into_dyn())]);
    bench.fails("report run", 1, &["3", "2"]);
}
