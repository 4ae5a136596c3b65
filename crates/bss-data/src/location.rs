//! Where an array is: a file, and in formats that hold several, a name inside it.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::format::Format;

/// A file and, after a colon, the array inside it: `run.h5:/subject/ecg`, `run.npz:sources`.
///
/// The colon counts only after a known extension, so other paths may hold colons.
///
/// ```
/// use bss_data::Location;
///
/// let location: Location = "runs/12:30/a.npz:sources".parse()?;
/// assert_eq!(location.path.to_str(), Some("runs/12:30/a.npz"));
/// assert_eq!(location.key.as_deref(), Some("sources"));
/// assert_eq!(location.to_string(), "runs/12:30/a.npz:sources");
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The array inside the file; may be absent where the file holds only one.
    pub key: Option<String>,
}

impl Location {
    /// The array called `key` in the file at `path`.
    pub fn with_key(path: impl Into<PathBuf>, key: impl Into<String>) -> Self {
        Self { path: path.into(), key: Some(key.into()) }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Location {
    /// The only array of a file; the whole of `path` is the file's name.
    fn from(path: &P) -> Self {
        Self { path: path.as_ref().to_owned(), key: None }
    }
}

impl FromStr for Location {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let split = text
            .match_indices(':')
            .map(|(colon, _)| (&text[..colon], &text[colon + 1..]))
            .find(|(path, key)| !key.is_empty() && Format::of(Path::new(path)).is_ok());
        Ok(match split {
            Some((path, key)) => Self::with_key(path, key),
            None => Self::from(text),
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.key {
            Some(key) => write!(f, ":{key}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_colon_after_an_extension() {
        for (text, path, key) in [
            ("a.npy", "a.npy", None),
            ("a.h5:/x/y", "a.h5", Some("/x/y")),
            ("a.H5:x:y", "a.H5", Some("x:y")),
            ("a.h5:b.npz:c", "a.h5", Some("b.npz:c")),
            ("12:30.csv", "12:30.csv", None),
            ("12:30.npz:x", "12:30.npz", Some("x")),
            ("a.h5:", "a.h5:", None),
            ("nothing:here", "nothing:here", None),
        ] {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.path, Path::new(path), "{text}");
            assert_eq!(location.key.as_deref(), key, "{text}");
            assert_eq!(location.to_string(), text);
        }
    }
}
