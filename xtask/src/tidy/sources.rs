//! Rules on Rust files: what they open with, how long they are, what they never name.

use super::tree::has_extension;
use crate::breach::Breach;
use crate::code_only::code_only;

/// The longest that a file may be.
const MAX_LINES: usize = 400;

/// Extensions of source files, to which the limit on length applies.
const SOURCES: [&str; 4] = ["rs", "cu", "cuh", "py"];

/// Never in any Rust file, with what to do instead.
const NEVER: [(&str, &str); 5] = [
    ("#[ignore", "run the test, or delete it"),
    ("should_panic", "return the error and assert on it"),
    ("todo!", "write it"),
    ("unimplemented!", "write it"),
    ("dbg!", "remove it"),
];

/// Crates that map arrays to arrays: they open no file and print nothing.
const PURE_CRATES: [&str; 6] = ["bss-nn", "bss-priors", "bss-posteriors", "bss-models", "bss-baselines", "bss-metrics"];

/// Never in the sources of a pure crate.
const NEVER_IN_PURE: [&str; 8] = ["std::fs", "fs::", "stdout", "stderr", "print!", "println!", "eprint!", "eprintln!"];

/// The breaches in the file at `path`.
pub(crate) fn check(path: &str, text: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let n_lines = text.lines().count();
    if has_extension(path, &SOURCES) && n_lines > MAX_LINES {
        let message = format!("{n_lines} lines, at most {MAX_LINES} are allowed; split it by concept");
        breaches.push(Breach::of_file(path, message));
    }
    if !has_extension(path, &["rs"]) {
        return breaches;
    }
    if !text.starts_with("//!") {
        let message = "opens without `//!`; say first what the module is for";
        breaches.push(Breach::on_line(path, 1, message));
    }
    for (line, code) in code_only(text).lines().enumerate() {
        breaches.extend(words_never(path, line + 1, code));
        if is_pure(path)
            && let Some(word) = NEVER_IN_PURE.iter().find(|word| names(code, word))
        {
            let message = format!("`{word}` here; only bss-data, bss-train and bss-cli touch files and terminal");
            breaches.push(Breach::on_line(path, line + 1, message));
        }
    }
    for (line, text) in text.lines().enumerate() {
        if is_skipped_example(text) {
            let message = "an example that is not run; make it run, or mark it `no_run` or `text`";
            breaches.push(Breach::on_line(path, line + 1, message));
        }
    }
    breaches
}

fn words_never(path: &str, line: usize, code: &str) -> Vec<Breach> {
    let mut breaches: Vec<_> = NEVER
        .iter()
        .filter(|(word, _)| names(code, word))
        .map(|(word, mend)| Breach::on_line(path, line, format!("`{word}`; {mend}")))
        .collect();
    if names(code, "cfg_attr") && names(code, "ignore") {
        let message = "a test ignored on a condition; compile it on that condition instead";
        breaches.push(Breach::on_line(path, line, message));
    }
    breaches
}

/// Whether `path` lies in the sources of a pure crate; tests and benchmarks beside them may use files.
fn is_pure(path: &str) -> bool {
    PURE_CRATES.iter().any(|name| {
        path.strip_prefix("crates/").and_then(|p| p.strip_prefix(name)).is_some_and(|p| p.starts_with("/src/"))
    })
}

/// Whether `code` names `word`, as a whole word.
fn names(code: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + word.len()..].chars().next();
        let begins = !word.starts_with(is_word) || !before.is_some_and(is_word);
        let ends = !word.ends_with(is_word) || !after.is_some_and(is_word);
        begins && ends
    })
}

/// A documentation example that rustdoc would skip, or expect to panic.
fn is_skipped_example(line: &str) -> bool {
    let line = line.trim_start();
    let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
        return false;
    };
    doc.trim_start()
        .strip_prefix("```")
        .is_some_and(|tags| tags.split(',').any(|tag| matches!(tag.trim(), "ignore" | "should_panic")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_lines(path: &str, text: &str, expected: &[usize]) {
        let breaches = check(path, text);
        let lines: Vec<_> = breaches.iter().map(|breach| breach.line.unwrap()).collect();
        assert_eq!(lines, expected, "{breaches:?}");
    }

    #[test]
    fn a_module_opens_with_its_purpose() {
        check_lines("crates/a/src/b.rs", "//! B.\nfn f() {}\n", &[]);
        check_lines("crates/a/src/b.rs", "fn f() {}\n", &[1]);
    }

    #[test]
    fn a_file_is_short() {
        let text = "//! A.\n".repeat(MAX_LINES);
        assert!(check("a.rs", &text).is_empty());
        assert_eq!(check("a.rs", &format!("{text}\n")).len(), 1);
        assert!(check("docs/a.md", &format!("{text}\n")).is_empty());
    }

    #[test]
    fn some_words_never_occur() {
        check_lines("a.rs", "//! A.\n#[ignore = \"slow\"]\n#[should_panic]\n", &[2, 3]);
        check_lines("a.rs", "//! A.\n#[cfg_attr(miri, ignore)]\n", &[2]);
        check_lines("a.rs", "//! A.\ntodo!();\nunimplemented!();\ndbg!(x);\n", &[2, 3, 4]);
        check_lines("a.rs", "//! todo!\n// dbg!(x)\nlet s = \"#[ignore]\";\n", &[]);
    }

    #[test]
    fn examples_are_run() {
        check_lines("a.rs", "//! ```ignore\n/// ```should_panic\n/// ```text\n", &[1, 2]);
    }

    #[test]
    fn pure_crates_touch_no_file_and_no_terminal() {
        let text = "//! A.\nuse std::{fs, io};\nfs::read(p);\nprintln!();\nuse std::fs;\nlet offs = 1;\n";
        check_lines("crates/bss-nn/src/a.rs", text, &[3, 4, 5]);
        check_lines("crates/bss-nn/tests/a.rs", text, &[]);
        check_lines("crates/bss-data/src/a.rs", text, &[]);
    }
}
