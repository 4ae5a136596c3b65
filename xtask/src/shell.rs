//! Running other programs: announced before, without standard input, from the root of the workspace.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root of the workspace")
}

/// The folder in which cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| OsString::from("target")))
}

/// A command that runs in the root of the workspace and reads no standard input.
pub(crate) fn command<S: Into<OsString>>(
    program: S,
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
) -> Command {
    let mut command = Command::new(program.into());
    command.args(arguments.into_iter().map(Into::into)).current_dir(root()).stdin(Stdio::null());
    command
}

/// The cargo that runs this chore, with `arguments`.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    command(cargo, arguments)
}

/// Prints the command, runs it with its output shown, and says whether it succeeded.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn announce_and_run(command: &mut Command) -> Result<bool> {
    println!("$ {}", line(command));
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    Ok(status.success())
}

/// What the command prints on standard output, where it starts and succeeds.
pub(crate) fn capture(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()
}

/// Whether `program` is found on the search path.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| {
        let file = folder.join(program);
        file.is_file() || file.with_extension(env::consts::EXE_EXTENSION).is_file()
    })
}

/// The command as one would type it: paths below the root are relative, words with blanks quoted.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = if program.starts_with(root()) {
        program.strip_prefix(root()).unwrap_or(program).as_os_str()
    } else {
        program.file_name().unwrap_or(program.as_os_str())
    };
    let environment = command
        .get_envs()
        .filter_map(|(key, value)| Some((key, value?)))
        .map(|(key, value)| format!("{}={}", key.display(), quoted(&value.to_string_lossy())));
    let words = std::iter::once(name).chain(command.get_args());
    environment.chain(words.map(|word| quoted(&word.to_string_lossy()))).collect::<Vec<_>>().join(" ")
}

/// The word as one would type it, in quotes where it has blanks.
pub(crate) fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains(char::is_whitespace) { format!("'{word}'") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let binary = root().join("target/release/bss");
        let mut fit = command(binary, ["fit", "my data.npy"]);
        fit.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line(&fit), "RUSTDOCFLAGS='-D warnings' target/release/bss fit 'my data.npy'");
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("xtask/src/shell.rs").is_file());
    }
}
