//! Fixtures are small, and `fixtures/README.md` names each with its SHA-256.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::tree::{File, has_extension};
use crate::breach::Breach;

const FOLDER: &str = "fixtures/";
const README: &str = "fixtures/README.md";

/// The largest that a fixture may be: every clone carries it for ever.
const MAX_BYTES: usize = 300_000;

/// The breaches among the files of the project.
pub(crate) fn check(files: &[File]) -> Vec<Breach> {
    let readme = files.iter().find(|file| file.path == README).and_then(File::text);
    let listed = listed(readme.unwrap_or_default());
    let mut breaches = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let is_fixture = file.path.starts_with(FOLDER);
        if is_fixture && file.bytes.len() > MAX_BYTES {
            let message = format!("{} bytes, at most {MAX_BYTES} are allowed", file.bytes.len());
            breaches.push(Breach::of_file(&file.path, message));
        }
        let is_listed = listed.iter().any(|(path, _)| *path == file.path);
        if is_listed || is_fixture && is_data(&file.path) {
            let entry = (file.path.clone(), sha256(&file.bytes));
            if !listed.contains(&entry) {
                let message = format!("{README} lacks the line that gives it the SHA-256 {}", entry.1);
                breaches.push(Breach::of_file(&file.path, message));
            }
            seen.insert(entry);
        }
    }
    breaches.extend(
        listed
            .difference(&seen)
            .map(|(path, hash)| Breach::of_file(README, format!("lists {path} with {hash}, which no file has"))),
    );
    breaches
}

/// Whether the README has to list the file: all but itself and the scripts that make the others.
fn is_data(path: &str) -> bool {
    path != README && !has_extension(path, &["py"])
}

/// Paths from the root and hashes: every line of the README with 64 hexadecimal digits and a name,
/// in a table or not.
fn listed(readme: &str) -> BTreeSet<(String, String)> {
    readme
        .lines()
        .filter_map(|line| {
            let is_rule = |c: char| c.is_whitespace() || "|`*".contains(c);
            let words = || line.split(is_rule).filter(|word| !word.is_empty());
            let hash = words().find(|word| is_sha256(word))?;
            let name = words().find(|word| !is_sha256(word) && word.contains('.'))?;
            Some((from_root(name), hash.to_owned()))
        })
        .collect()
}

/// The path from the root of a name that the README gives; a fixture beside its crate begins with `../`.
fn from_root(name: &str) -> String {
    match name.strip_prefix("../") {
        Some(outside) => outside.to_owned(),
        None if name.starts_with(FOLDER) => name.to_owned(),
        None => format!("{FOLDER}{name}"),
    }
}

fn is_sha256(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc`, from the standard that defines it (FIPS 180-4, example 1).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn file(path: &str, bytes: &[u8]) -> File {
        File { path: path.to_owned(), bytes: bytes.to_owned() }
    }

    #[test]
    fn a_listed_file_passes_in_a_table_and_in_the_form_of_sha256sum() {
        for line in [format!("| `formats/a.npy` | `{ABC}` |"), format!("{ABC}  formats/a.npy")] {
            let files = [file(README, line.as_bytes()), file("fixtures/formats/a.npy", b"abc")];
            assert!(check(&files).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_changed_file_breaks_both_ways() {
        let readme = format!("{ABC}  a.npy\n");
        let files = [file(README, readme.as_bytes()), file("fixtures/a.npy", b"abd")];
        let paths: Vec<_> = check(&files).into_iter().map(|breach| breach.path).collect();
        assert_eq!(paths, ["fixtures/a.npy", README]);
    }

    #[test]
    fn a_fixture_beside_its_crate_may_be_listed() {
        let readme = file(README, format!("{ABC}  ../crates/a/src/b.h5\n").as_bytes());
        let good = file("crates/a/src/b.h5", b"abc");
        assert!(check(&[readme, good]).is_empty());
    }

    #[test]
    fn scripts_need_no_line_and_large_files_are_refused() {
        assert!(check(&[file("fixtures/make_fixtures.py", b"pass")]).is_empty());
        let large = vec![0; MAX_BYTES + 1];
        let breaches = check(&[file("fixtures/make.py", &large)]);
        assert!(breaches[0].message.contains("300001 bytes"));
    }
}
