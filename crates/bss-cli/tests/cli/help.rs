//! Every help text.

use crate::Bench;

/// Snapshots the long help of a command.
fn check(command: &str) {
    let help = Bench::new().ok(&format!("{command} --help"));
    let name = if command.is_empty() { "bss" } else { command };
    insta::assert_snapshot!(format!("help_{name}"), help);
}

#[test]
fn bss() {
    check("");
}

#[test]
fn fit() {
    check("fit");
}

#[test]
fn count() {
    check("count");
}

#[test]
fn ideal() {
    check("ideal");
}

#[test]
fn gather() {
    check("gather");
}

#[test]
fn separate() {
    check("separate");
}

#[test]
fn evaluate() {
    check("evaluate");
}

#[test]
fn inspect() {
    check("inspect");
}

#[test]
fn report() {
    check("report");
}

#[test]
fn mix() {
    check("mix");
}

#[test]
fn synth() {
    check("synth");
}

#[test]
fn models() {
    check("models");
}

#[test]
fn completions() {
    check("completions");
}

#[test]
fn the_version_is_the_package_s() {
    assert_eq!(Bench::new().ok("--version"), format!("bss {}\n", env!("CARGO_PKG_VERSION")));
}
