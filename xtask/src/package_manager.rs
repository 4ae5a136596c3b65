//! The system's package managers: what each calls HDF5 and a C compiler, and how it installs.

use std::process::Command;

use crate::shell;

/// A package manager and the names of its packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackageManager {
    /// The program to look for.
    pub(crate) program: &'static str,
    /// The arguments that refresh its lists, where it needs that.
    refresh: &'static [&'static str],
    /// The arguments that install without a question; packages follow.
    install: &'static [&'static str],
    /// HDF5 with headers, and pkg-config.
    hdf5: &'static [&'static str],
    /// A C compiler with the C library's headers.
    compiler: &'static [&'static str],
    /// Whether only root may install.
    needs_root: bool,
}

/// All managers known, in the order in which they are looked for.
const KNOWN: [PackageManager; 6] = [
    PackageManager {
        program: "apt-get",
        refresh: &["update"],
        install: &["install", "--yes", "--no-install-recommends"],
        hdf5: &["libhdf5-dev", "pkg-config"],
        compiler: &["gcc", "libc6-dev"],
        needs_root: true,
    },
    PackageManager {
        program: "dnf",
        refresh: &[],
        install: &["install", "--assumeyes"],
        hdf5: &["hdf5-devel", "pkgconf-pkg-config"],
        compiler: &["gcc"],
        needs_root: true,
    },
    PackageManager {
        program: "pacman",
        refresh: &[],
        install: &["-Sy", "--noconfirm", "--needed"],
        hdf5: &["hdf5", "pkgconf"],
        compiler: &["gcc"],
        needs_root: true,
    },
    PackageManager {
        program: "zypper",
        refresh: &[],
        install: &["--non-interactive", "install"],
        hdf5: &["hdf5-devel", "pkg-config"],
        compiler: &["gcc"],
        needs_root: true,
    },
    PackageManager {
        program: "apk",
        refresh: &[],
        install: &["add", "--no-cache"],
        hdf5: &["hdf5-dev", "pkgconf"],
        compiler: &["gcc", "musl-dev"],
        needs_root: true,
    },
    PackageManager {
        program: "brew",
        refresh: &[],
        install: &["install"],
        hdf5: &["hdf5", "pkgconf"],
        compiler: &["gcc"],
        needs_root: false,
    },
];

/// The first manager that is installed here.
pub(crate) fn of_this_machine() -> Option<PackageManager> {
    KNOWN.into_iter().find(|manager| shell::is_installed(manager.program))
}

impl PackageManager {
    /// The commands, as words, that install what is asked for.
    pub(crate) fn lines(&self, hdf5: bool, compiler: bool) -> Vec<Vec<&'static str>> {
        let mut install = vec![self.program];
        install.extend(self.install);
        if hdf5 {
            install.extend(self.hdf5);
        }
        if compiler {
            install.extend(self.compiler);
        }
        let mut lines = Vec::new();
        if !self.refresh.is_empty() {
            lines.push([&[self.program], self.refresh].concat());
        }
        lines.push(install);
        lines
    }

    /// The one line that a person would type.
    pub(crate) fn advice(&self, lines: &[Vec<&str>]) -> String {
        let sudo = if self.needs_root { "sudo " } else { "" };
        lines.iter().map(|words| format!("{sudo}{}", words.join(" "))).collect::<Vec<_>>().join(" && ")
    }
}

/// How this process may install: as it is, or through `sudo` without a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installer {
    /// As root, or with a manager that needs none.
    Direct,
    /// Through `sudo -n`.
    Sudo,
}

impl Installer {
    /// How `manager` may be called here; `None` where it may not.
    pub(crate) fn of_this_machine(manager: PackageManager) -> Option<Self> {
        if !manager.needs_root || user_is_root() {
            return Some(Self::Direct);
        }
        shell::capture(&mut shell::command("sudo", ["-n", "true"])).map(|_| Self::Sudo)
    }

    /// The command of `words`, told to ask nothing.
    pub(crate) fn command(self, words: &[&str]) -> Command {
        match self {
            Self::Direct => {
                let mut command = shell::command(words[0], &words[1..]);
                command.env("DEBIAN_FRONTEND", "noninteractive");
                command
            }
            // sudo drops the environment, so the variable goes behind it.
            Self::Sudo => {
                let prefix = ["-n", "env", "DEBIAN_FRONTEND=noninteractive"];
                shell::command("sudo", prefix.iter().chain(words))
            }
        }
    }
}

fn user_is_root() -> bool {
    shell::capture(&mut shell::command("id", ["-u"])).is_some_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(program: &str) -> PackageManager {
        KNOWN.into_iter().find(|m| m.program == program).unwrap()
    }

    #[test]
    fn the_advice_is_one_line_to_paste() {
        let apt = known("apt-get");
        assert_eq!(
            apt.advice(&apt.lines(true, false)),
            "sudo apt-get update && sudo apt-get install --yes --no-install-recommends libhdf5-dev pkg-config"
        );
        let brew = known("brew");
        assert_eq!(brew.advice(&brew.lines(true, false)), "brew install hdf5 pkgconf");
    }

    #[test]
    fn only_what_is_missing_is_installed() {
        let apk = known("apk");
        assert_eq!(apk.lines(false, true), [["apk", "add", "--no-cache", "gcc", "musl-dev"]]);
    }

    #[test]
    fn nothing_asks_a_question() {
        let command = Installer::Sudo.command(&["apt-get", "update"]);
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(words, ["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "update"]);
    }
}
