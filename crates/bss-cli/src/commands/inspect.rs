//! `bss inspect`.

mod run_folder;

use anyhow::Result;
use bss_data::Entry;
use serde_json::{Value, json};

use crate::args::InspectArgs;
use crate::{output, table};

/// Shows what a file or a run holds.
///
/// # Errors
/// A file that cannot be read, a folder that is no run.
pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    if args.path.is_dir() {
        return run_folder::show(&args.path, args.json);
    }
    let entries = bss_data::inspect(&args.path)?;
    if args.json {
        let datasets: Vec<Value> = entries.iter().map(to_json).collect();
        return output::print_json(&json!({ "file": args.path.display().to_string(), "datasets": datasets }));
    }
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    output::print(&table::table(&["array", "shape", "type", "sample rate", "notes"], &rows))
}

fn row(entry: &Entry) -> Vec<String> {
    let name = if entry.name.is_empty() { "-" } else { &entry.name };
    let rate = entry.sample_rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate} Hz"));
    vec![name.to_owned(), format!("{:?}", entry.shape), entry.dtype.clone(), rate, notes(entry)]
}

fn notes(entry: &Entry) -> String {
    let unreadable = (!entry.readable).then(|| "cannot be read".to_owned());
    let text = entry.text.as_ref().map(|text| match &text.header {
        Some(header) => format!("{}, header: {}", text.delimiter, header.join(" | ")),
        None => format!("{}, no header", text.delimiter),
    });
    let images = match entry.shape[..] {
        [height, width, _] if entry.sample_rate.is_none() => {
            Some(format!("images of {height} by {width} pixels, with --traversal"))
        }
        _ => None,
    };
    unreadable.into_iter().chain(text).chain(images).collect::<Vec<_>>().join("; ")
}

fn to_json(entry: &Entry) -> Value {
    let mut value = json!({
        "name": entry.name,
        "shape": entry.shape,
        "dtype": entry.dtype,
        "sample_rate": entry.sample_rate,
        "readable": entry.readable,
    });
    if let Some(text) = &entry.text {
        value["delimiter"] = json!(text.delimiter.to_string());
        value["header"] = json!(text.header);
    }
    value
}
