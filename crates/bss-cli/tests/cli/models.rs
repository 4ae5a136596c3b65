//! `bss models`.

use crate::Bench;

#[test]
fn lists_everything_with_its_paper() {
    insta::assert_snapshot!(Bench::new().ok("models"));
}

#[test]
fn the_json_says_what_can_be_fitted_now() {
    let listing = Bench::new().json("models");
    let methods = listing["methods"].as_array().unwrap();
    let available: Vec<&str> = methods
        .iter()
        .filter(|method| method["available"] == true && method["kind"] != "prior")
        .map(|method| method["name"].as_str().unwrap())
        .collect();
    assert_eq!(available, ["ar-flow", "neri", "fastica", "picard", "sobi", "jade", "ae", "mixit", "glo"]);
}
