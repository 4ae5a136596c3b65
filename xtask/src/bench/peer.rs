//! The reference programs in Python: where they are, what they need, and what they print.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::shell;

/// From the root of the workspace.
const FOLDER: &str = "../shared/peers";

/// Prints the modules among its arguments that cannot be imported.
const IMPORT: &str = "
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception:
        print(name)
";

/// Whether and with what to run peers.
#[derive(Debug, Args)]
pub(super) struct PeerSettings {
    /// Measure the reference programs in this folder as well [default: ../shared/peers beside the workspace]
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "absent, without a folder, with one")]
    peers: Option<Option<PathBuf>>,
    /// Python that has the modules they need [default: $PYTHON, or python3]
    #[arg(long, value_name = "PATH", requires = "peers")]
    python: Option<PathBuf>,
}

/// A program that is there, and a Python that can run it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    python: PathBuf,
    program: PathBuf,
}

impl PeerSettings {
    /// The program of this name, if peers are wanted.
    ///
    /// # Errors
    /// When the file, Python or one of the modules is missing, naming all that is and the mend.
    pub(super) fn find(&self, program: &str, modules: &[&str]) -> Result<Option<Peer>> {
        let Some(folder) = &self.peers else { return Ok(None) };
        let folder = match folder {
            Some(folder) => std::path::absolute(folder)?,
            None => shell::root().join(FOLDER),
        };
        let program = folder.join(program);
        ensure!(
            program.is_file(),
            "there is no file {}; name the folder of the reference programs as `--peers DIR`, or measure without --peers",
            program.display()
        );
        let python = self.python.clone().or_else(|| env::var_os("PYTHON").map(PathBuf::from));
        let python = from_here(python.unwrap_or_else(|| PathBuf::from("python3")))?;
        let requirements = folder.join("requirements.txt");
        let missing = missing(&python, modules)?;
        ensure!(
            missing.is_empty(),
            "{} cannot import {}, which {} needs; run `{0} -m pip install -r {}`, or name another Python as `--python \
             PATH` or in $PYTHON",
            python.display(),
            missing.join(", "),
            program.display(),
            requirements.display()
        );
        Ok(Some(Peer { python, program }))
    }
}

impl Peer {
    /// Another program for the same Python.
    pub(super) fn with_program(&self, program: PathBuf) -> Self {
        Self { python: self.python.clone(), program }
    }

    /// The JSON object on the last line that the program prints, with these arguments.
    ///
    /// # Errors
    /// When it fails, or prints something else.
    pub(super) fn run(&self, arguments: &[String]) -> Result<Value> {
        let mut command = shell::command(&self.python, [self.program.as_os_str()]);
        // Ours runs on the processor, and so do they.
        command.args(arguments).env("JAX_PLATFORMS", "cpu").stderr(Stdio::inherit());
        let words = format!("{} {} {}", self.python.display(), self.program.display(), arguments.join(" "));
        let output = command.output().with_context(|| format!("cannot start `{words}`"))?;
        ensure!(output.status.success(), "`{words}` failed; what it said stands above");
        last_object(&String::from_utf8_lossy(&output.stdout)).with_context(|| format!("`{words}` ended otherwise"))
    }
}

/// A program's path from this folder, where it is one: commands run from the root of the workspace. Links are left
/// as they are, because a virtual environment's Python is one.
fn from_here(program: PathBuf) -> Result<PathBuf> {
    let is_name = program.components().count() == 1;
    Ok(if is_name { program } else { std::path::absolute(program)? })
}

fn missing(python: &Path, modules: &[&str]) -> Result<Vec<String>> {
    let mut command = shell::command(python, ["-c", IMPORT]);
    let output = command.args(modules).env("JAX_PLATFORMS", "cpu").stderr(Stdio::inherit()).output();
    let output = output.with_context(|| {
        let python = python.display();
        format!("cannot start Python as {python}; name one that can be as `--python PATH` or in $PYTHON")
    })?;
    ensure!(
        output.status.success(),
        "{} ended with {} while it imported {}; name another Python as `--python PATH` or in $PYTHON",
        python.display(),
        output.status,
        modules.join(", ")
    );
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn last_object(text: &str) -> Result<Value> {
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match serde_json::from_str(line) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => bail!("its last line is `{line}`, expected a JSON object"),
    }
}

/// A positive number of what a peer printed.
///
/// # Errors
/// When there is none of this name.
pub(super) fn number(object: &Value, key: &str) -> Result<f64> {
    let number = object[key].as_f64().filter(|number| *number > 0.0);
    number.with_context(|| format!("the reference program printed {object}, expected a positive number as {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_line_counts() {
        let object = last_object("warning\n{\"ms\": 1.5}\n\n").unwrap();
        assert_eq!(number(&object, "ms").unwrap(), 1.5);
        assert!(last_object("").is_err() && last_object("1.5\n").is_err());
        assert!(number(&json!({ "ms": 0.0 }), "ms").is_err() && number(&json!({}), "ms").is_err());
    }

    #[test]
    fn no_peers_need_nothing_and_missing_ones_are_named() {
        let settings = PeerSettings { peers: None, python: None };
        assert!(settings.find("arflow_prior.py", &["jax"]).unwrap().is_none());
        let peers = Some(Some(PathBuf::from("no-such-folder")));
        let error = PeerSettings { peers, python: None }.find("arflow_prior.py", &["jax"]).unwrap_err().to_string();
        assert!(error.contains("arflow_prior.py") && error.contains("--peers DIR"), "{error}");
    }

    #[test]
    fn a_python_that_is_not_there_is_named() {
        let here = shell::root().join("xtask").join("src").join("bench");
        let settings = PeerSettings { peers: Some(Some(here)), python: Some(PathBuf::from("no/such/python")) };
        let error = settings.find("peer.rs", &[]).unwrap_err().to_string();
        assert!(error.contains("no/such/python") && error.contains("--python PATH"), "{error}");
    }
}
