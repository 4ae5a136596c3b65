//! The binary from outside: what it prints, what it writes, and the code it ends with.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail where they stand")]

mod bad_baselines;
mod bad_fit;
mod bad_input;
mod bad_settings;
mod baselines;
mod completions;
mod count;
mod damaged_files;
mod damaged_runs;
mod datasets;
mod datasets_models;
mod datasets_nmf;
mod datasets_resume;
mod datasets_start;
mod evaluate;
mod evaluate_datasets;
mod fit;
mod help;
mod images;
mod inspect;
mod mix;
mod models;
mod report;
mod resume;
mod separate;
mod settings;
mod sound;
mod streams;
mod synth;
mod workflow;

use std::fs;
use std::path::{Path, PathBuf};

use bss_data::{Dtype, Location, Named, ReadOptions};
use ndarray::{Array, ArrayD, Dimension};
use tempfile::TempDir;

/// A folder of its own to run `bss` in.
struct Bench {
    folder: TempDir,
}

/// What a run of `bss` left behind.
#[derive(Debug, PartialEq)]
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Runs `bss` in the folder.
    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_bss"));
        command.current_dir(self.folder.path()).env("COLUMNS", "100").env_remove("BSS_LOG");
        // Backtraces of errors that are expected take most of the time.
        command.env_remove("RUST_BACKTRACE");
        let output = command.args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("bss ends by itself");
        Ended { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs `bss` on words parted by blanks, expects success, and gives its stdout.
    #[track_caller]
    fn ok(&self, arguments: &str) -> String {
        let ended = self.run(&arguments.split_whitespace().collect::<Vec<_>>());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "bss {arguments}");
        ended.stdout
    }

    /// Runs `bss` and expects JSON on stdout.
    #[track_caller]
    fn json(&self, arguments: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(&format!("{arguments} --json"))).unwrap()
    }

    /// Runs `bss` and expects it to end with `code`, an error that holds every part, and nothing on stdout.
    #[track_caller]
    fn fails(&self, arguments: &str, code: i32, parts: &[&str]) {
        let ended = self.run(&arguments.split_whitespace().collect::<Vec<_>>());
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "bss {arguments}: {}", ended.stderr);
        assert!(ended.stderr.lines().any(|line| line.starts_with("error: ")), "bss {arguments}: {}", ended.stderr);
        for part in parts {
            assert!(ended.stderr.contains(part), "bss {arguments}: `{part}` is not in\n{}", ended.stderr);
        }
        assert!(!ended.stderr.contains("panicked"), "bss {arguments}: {}", ended.stderr);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_text(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes arrays by name.
    fn write(&self, file: &str, arrays: &[(&str, ArrayD<f64>)]) {
        let arrays: Vec<Named> = arrays.iter().map(|(name, values)| Named { name, values }).collect();
        bss_data::write(&self.path(file), &arrays, Dtype::F64, None).unwrap();
    }

    /// Writes one array.
    fn write_array<D: Dimension>(&self, file: &str, values: Array<f64, D>) {
        self.write(file, &[("x", values.into_dyn())]);
    }

    /// Reads one array, FILE or FILE:ARRAY.
    fn read(&self, file: &str) -> ArrayD<f64> {
        let location: Location = self.path(file).display().to_string().parse().unwrap();
        bss_data::read(&location, &ReadOptions::default()).unwrap().values
    }
}

/// A file of the repository's `fixtures`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}
