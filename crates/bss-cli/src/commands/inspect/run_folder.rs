//! What the folder of a run holds.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::config::Config;
use crate::{output, table};

/// Shows the settings that differ from the defaults, the record of the run, and the files.
pub(super) fn show(folder: &Path, as_json: bool) -> Result<()> {
    let path = folder.join("config.toml");
    ensure!(path.is_file(), "{}: is no run; expected config.toml in it, as `bss fit` writes it", folder.display());
    let config = Config::load(Some(&path), &[])?;
    let record = record(folder)?;
    let files = files(folder)?;
    if as_json {
        let files: Vec<Value> = files.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect();
        return output::print_json(&json!({
            "run": folder.display().to_string(),
            "config": serde_json::to_value(config.to_table())?,
            "record": record,
            "files": files,
        }));
    }
    let changes = config.changes().into_iter().map(|(key, value)| vec![key.to_owned(), value.to_string()]);
    let mut parts = vec![table::table(&["setting", "value"], &changes.collect::<Vec<_>>())];
    if let Some(record) = record {
        let mut rows = Vec::new();
        flatten("", &record, &mut rows);
        parts.push(table::table(&["record", ""], &rows));
    }
    let rows: Vec<Vec<String>> = files.into_iter().map(|(name, bytes)| vec![name, bytes.to_string()]).collect();
    parts.push(table::table(&["file", "bytes"], &rows));
    output::print(&parts.join("\n"))
}

/// `run.json`, which is not there before the first state is saved.
fn record(folder: &Path) -> Result<Option<Value>> {
    let path = folder.join("run.json");
    match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{}: cannot be read", path.display())),
        Ok(bytes) => {
            let invalid = || format!("{}: is no valid JSON; fit anew with --force", path.display());
            Ok(Some(serde_json::from_slice(&bytes).with_context(invalid)?))
        }
    }
}

/// The files in the folder with their sizes, by name.
fn files(folder: &Path) -> Result<Vec<(String, u64)>> {
    let unreadable = || format!("{}: cannot be read", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let metadata = entry.metadata().with_context(unreadable)?;
        if metadata.is_file() {
            files.push((entry.file_name().to_string_lossy().into_owned(), metadata.len()));
        }
    }
    files.sort();
    Ok(files)
}

/// Every value that is no object, under its path; lists stay whole.
fn flatten(path: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, rows);
            }
        }
        Value::String(text) => rows.push(vec![path.to_owned(), text.clone()]),
        other => rows.push(vec![path.to_owned(), other.to_string()]),
    }
}
