//! Files that are cut short or overwritten, in every format: an error that names the file, never a panic.

use std::fs;

use crate::{Bench, fixture};

const FILES: [&str; 5] = ["c_f8.npy", "two.npz", "chunked.h5", "nested.h5", "float32.wav"];

/// Runs every command that reads a file's values.
#[track_caller]
fn refused(bench: &Bench, file: &str, parts: &[&str]) {
    for arguments in [
        format!("fit {file} --out run"),
        format!("mix {file} --out m.npy"),
        format!("evaluate --estimate {file} --reference {file}"),
    ] {
        bench.fails(&arguments, 1, parts);
    }
}

#[test]
fn a_file_cut_short_is_refused_by_name() {
    let bench = Bench::new();
    for name in FILES {
        let bytes = fs::read(fixture("formats").join(name)).unwrap();
        let file = format!("cut_{name}");
        for share in [4, 2] {
            fs::write(bench.path(&file), &bytes[..bytes.len() / share]).unwrap();
            refused(&bench, &file, &[&file]);
            // What a header says may be listed though the values are cut short.
            let ended = bench.run(&["inspect", &file]);
            let is_refused = ended.code == 1 && ended.stderr.starts_with(&format!("error: {file}"));
            assert!(is_refused || ended.code == 0, "{ended:?}");
        }
        fs::write(bench.path(&file), b"").unwrap();
        refused(&bench, &file, &[&file, "holds no values"]);
        bench.fails(&format!("inspect {file}"), 1, &[&file, "holds no values"]);
    }
}

#[test]
fn a_file_of_another_kind_is_refused_by_name() {
    let bench = Bench::new();
    for name in FILES {
        let file = format!("other_{name}");
        fs::write(bench.path(&file), "<!DOCTYPE html>\n<title>404 Not Found</title>\n".repeat(20)).unwrap();
        refused(&bench, &file, &[&file, "fetch or write it anew"]);
        bench.fails(&format!("inspect {file}"), 1, &[&file, "fetch or write it anew"]);
    }
    bench.write_text("other.csv", "<!DOCTYPE html>\n<title>404 Not Found</title>\n");
    refused(&bench, "other.csv", &["other.csv: "]);
}
