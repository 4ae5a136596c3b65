//! A breach of a house rule: where it is and what the rule asks.

use std::fmt;

/// One breach, printed as `path:line: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach {
    /// Path from the root of the workspace, with forward slashes.
    pub(crate) path: String,
    /// Line, from 1, where the breach has one.
    pub(crate) line: Option<usize>,
    /// What is wrong, and what to do instead.
    pub(crate) message: String,
}

impl Breach {
    /// A breach by a whole file.
    pub(crate) fn of_file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }

    /// A breach on one line, counted from 1.
    pub(crate) fn on_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::of_file(path, message) }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// All breaches, one a line: what a failing test shows.
pub(crate) fn list(breaches: &[Breach]) -> String {
    let lines: Vec<_> = breaches.iter().map(Breach::to_string).collect();
    lines.join("\n")
}

/// Prints every breach and says whether there is none.
pub(crate) fn report(rule: &str, breaches: &[Breach]) -> bool {
    if breaches.is_empty() {
        println!("{rule}: no breach");
    } else {
        eprintln!("{}", list(breaches));
        eprintln!("{rule}: {} breaches", breaches.len());
    }
    breaches.is_empty()
}
