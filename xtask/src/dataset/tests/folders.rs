//! Files that are at hand, in the folder they are meant for or in another.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::catalogue::{Member, Name};
use super::super::{Source, obtain};
use super::{images, names, set};

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn refusal(from: &Path, to: &Path) -> String {
    format!("{:#}", obtain(set(&[]), &Source::Folder(from), to).unwrap_err())
}

#[test]
fn files_of_another_folder_are_copied_packed_or_plain() {
    for (name, labels) in [("labels.gz", &b"labels"[..]), ("labels", b"plain labels")] {
        let from = folder(&[("images.gz", &images()), (name, labels), ("notes.txt", b"mine")]);
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("new/folder");
        let paths = obtain(set(&[]), &Source::Folder(from.path()), &to).unwrap();
        assert_eq!(paths, [to.join("images.gz"), to.join(name)]);
        assert_eq!(fs::read(&paths[0]).unwrap(), images());
        assert_eq!(fs::read(&paths[1]).unwrap(), labels);
        assert_eq!(names(&to), ["images.gz", name]);
        // The same folder once more has nothing to copy, not even from itself.
        assert_eq!(obtain(set(&[]), &Source::Folder(&to), &to).unwrap(), paths);
    }
}

#[test]
fn what_is_there_and_right_is_left_alone() {
    let to = folder(&[("images.gz", &images()), ("labels", b"plain labels")]);
    let empty = tempfile::tempdir().unwrap();
    let written = || fs::metadata(to.path().join("images.gz")).unwrap().modified().unwrap();
    let before = written();
    assert_eq!(obtain(set(&[]), &Source::Folder(empty.path()), to.path()).unwrap().len(), 2);
    assert_eq!(written(), before);
    assert_eq!(names(to.path()), ["images.gz", "labels"]);
}

#[test]
fn what_is_there_and_wrong_is_named_and_kept() {
    let from = folder(&[("images.gz", &images()), ("labels.gz", b"labels")]);
    for (name, content, part) in [
        ("labels.gz", &b"lables"[..], "SHA-256 is "),
        ("labels.gz", b"label", "labels.gz: 5 bytes, expected 6; remove it, or name another folder with --to"),
        ("labels", b"", "labels: 0 bytes, expected 12"),
    ] {
        let to = folder(&[(name, content)]);
        let error = refusal(from.path(), to.path());
        assert!(error.contains(part) && error.contains(to.path().to_str().unwrap()), "{error}");
        assert_eq!(names(to.path()), [name], "nothing is copied beside it");
        assert_eq!(fs::read(to.path().join(name)).unwrap(), content);
    }
}

#[test]
fn wrong_and_missing_files_of_the_other_folder_are_named() {
    let to = tempfile::tempdir().unwrap();
    let from = folder(&[("images.gz", b"<html>")]);
    assert!(refusal(from.path(), to.path()).contains("images.gz: 6 bytes, expected 300000; fetch it anew"));
    let from = folder(&[("images.gz", &images())]);
    assert!(refusal(from.path(), to.path()).contains("has no labels.gz or labels; put it there"));
    assert_eq!(names(to.path()), ["images.gz"], "what was right is kept");
    let nowhere = from.path().join("nowhere");
    assert!(refusal(&nowhere, to.path()).contains("nowhere has no labels.gz"));
}

#[test]
fn the_catalogue_is_complete() {
    for name in [Name::Mnist, Name::FashionMnist, Name::Kmnist] {
        let set = name.set().unwrap();
        assert_eq!(set.members.len(), 4);
        assert!(set.members[0].packed.name.starts_with("train-images"), "the command to run next names it");
        let files: Vec<_> = set.members.iter().flat_map(Member::forms).collect();
        for file in &files {
            assert!(file.sha256.len() == 64 && file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()), "{file:?}");
            assert_eq!(files.iter().filter(|other| other.sha256 == file.sha256).count(), 1, "{file:?}");
        }
        assert!(set.mirrors.len() > 1 && set.mirrors.iter().all(|mirror| !mirror.ends_with('/')));
    }
}
