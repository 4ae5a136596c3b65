//! A set of two small files, had in every way that may be met.

mod folders;
mod mirrors;
mod server;

use std::fs;
use std::path::Path;

use super::catalogue::{File, Member, Set};

/// What the larger file holds: long enough to be cut in the middle of what a socket takes at once.
fn images() -> Vec<u8> {
    (0..300_000_u64).map(|i| (i * i / 7) as u8).collect()
}

/// `python -c "import hashlib; print(hashlib.sha256(bytes(i * i // 7 % 256 for i in range(300000))).hexdigest())"`
const IMAGES: File<'static> = File {
    name: "images.gz",
    bytes: 300_000,
    sha256: "7f350c62e360b82a9a488576882567364fc526a2a8757653fb19abe74562ea3d",
};

/// `printf labels | sha256sum`
const LABELS: File<'static> =
    File { name: "labels.gz", bytes: 6, sha256: "d772ebb4590212c65cc31888ee55c3a893d866d8479f84a4c0ca36918a3fa75f" };

/// `printf 'plain labels' | sha256sum`
const PLAIN_LABELS: File<'static> =
    File { name: "labels", bytes: 12, sha256: "4bb88a0f0771719e9af9d0060e53cb3978f9df207c63704fe897ca4f308e1cf1" };

const MEMBERS: [Member<'static>; 2] =
    [Member { packed: IMAGES, plain: None }, Member { packed: LABELS, plain: Some(PLAIN_LABELS) }];

fn set<'a>(mirrors: &'a [&'a str]) -> Set<'a> {
    Set { members: &MEMBERS, mirrors }
}

/// The names of the files in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
