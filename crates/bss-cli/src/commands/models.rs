//! `bss models`.

use anyhow::Result;
use serde::Serialize;

use crate::args::ModelsArgs;
use crate::catalogue::{Kind, METHODS, Method};
use crate::{output, table};

#[derive(Serialize)]
struct Listing {
    methods: &'static [Method],
}

/// Lists models, priors and baselines.
///
/// # Errors
/// If stdout cannot be written to.
pub(crate) fn run(args: &ModelsArgs) -> Result<()> {
    if args.json {
        return output::print_json(&Listing { methods: METHODS });
    }
    let mut parts = Vec::new();
    for (kind, title) in [(Kind::Model, "model"), (Kind::Prior, "prior of ar-flow"), (Kind::Baseline, "baseline")] {
        let rows: Vec<Vec<String>> = METHODS.iter().filter(|method| method.kind == kind).map(row).collect();
        parts.push(table::table(&[title, "", "paper"], &rows));
    }
    output::print(&parts.join("\n"))
}

fn row(method: &Method) -> Vec<String> {
    [method.name, method.about, method.paper].map(str::to_owned).into()
}
