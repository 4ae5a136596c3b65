//! `bss models`.

use crate::Bench;

#[test]
fn lists_everything_with_its_paper() {
    insta::assert_snapshot!(Bench::new().ok("models"));
}

#[test]
fn the_json_lists_what_can_be_fitted() {
    let listing = Bench::new().json("models");
    let methods = listing["methods"].as_array().unwrap();
    let fitted = methods.iter().filter(|method| method["kind"] != "prior");
    let names: Vec<&str> = fitted.map(|method| method["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ar-flow", "neri", "fastica", "picard", "sobi", "jade", "nmf", "ae", "mixit", "glo"]);
}
