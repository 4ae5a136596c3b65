//! What can be wrong with a file, each with the file's name and the way to mend it.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::Format;
use crate::location::Location;

/// The result of reading or writing a file.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file, or the folder to write it to, is not there.
    #[error("{}: no such file or folder; check the path", path.display())]
    NotFound {
        /// What was asked for.
        path: PathBuf,
    },
    /// The file's or folder's permissions forbid it.
    #[error("{}: permission denied; check the permissions of the file and its folder", path.display())]
    Permission {
        /// What was asked for.
        path: PathBuf,
    },
    /// The device that the file is on has no room left.
    #[error("{}: no space left on the device; free some or write elsewhere", path.display())]
    DiskFull {
        /// What was being written; whatever was there before is untouched.
        path: PathBuf,
    },
    /// A folder stands where a file was expected.
    #[error("{}: is a folder; expected a file", path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Another failure of the operating system.
    #[error("{}: could not be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// No format goes by the ending of the name.
    #[error("{}: unknown extension; expected one of {known}", path.display())]
    UnknownExtension {
        /// The file.
        path: PathBuf,
        /// The extensions there are.
        known: String,
    },
    /// The file holds no bytes, or the array no values.
    #[error("{at}: holds no values; expected at least one")]
    Empty {
        /// The file or array.
        at: Location,
    },
    /// The file ends before what its header promises.
    #[error("{at}: ends after {found} bytes, expected {expected}; it is cut short, fetch or write it anew")]
    Truncated {
        /// The file or array.
        at: Location,
        /// The bytes that the header promises.
        expected: u64,
        /// The bytes that there are.
        found: u64,
    },
    /// The file's bytes make no sense.
    #[error("{at}: is no valid {format} file ({reason}); fetch or write it anew")]
    Corrupt {
        /// The file or array.
        at: Location,
        /// The format that its name tells.
        format: Format,
        /// What does not fit.
        reason: String,
    },
    /// The array needs more memory than there is.
    #[error("{at}: {values} values do not fit into memory")]
    TooLarge {
        /// The array.
        at: Location,
        /// How many values it has.
        values: u64,
    },
    /// No array of that name is in the file.
    #[error("{}: no dataset `{key}`{}; the file holds {}", path.display(), nearest_of(key, keys), list(keys))]
    NoSuchKey {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        key: String,
        /// The names there are.
        keys: Vec<String>,
    },
    /// The file holds several arrays, and none was named.
    #[error("{}: holds several datasets; name one as `{}:{}` (there are {})", path.display(), path.display(), keys[0], list(keys))]
    KeyNeeded {
        /// The file.
        path: PathBuf,
        /// The names there are, at least two.
        keys: Vec<String>,
    },
    /// The file holds no array at all.
    #[error("{}: holds no dataset", path.display())]
    NoDatasets {
        /// The file.
        path: PathBuf,
    },
    /// An array was named in a file of a format that holds only one.
    #[error("{at}: {format} files hold one array without a name; leave out what follows the colon")]
    KeyNotTaken {
        /// The file with the name.
        at: Location,
        /// Its format.
        format: Format,
    },
    /// The array's values are not numbers of a supported type.
    #[error("{at}: cannot take values of type {found}; expected {expected}")]
    UnsupportedDtype {
        /// The array.
        at: Location,
        /// The type, as the file or caller names it.
        found: String,
        /// The types that can be taken.
        expected: &'static str,
    },
    /// The array is packed in a way that is not understood.
    #[error("{at}: cannot unpack it ({found}); expected {expected}, write it anew so")]
    UnsupportedEncoding {
        /// The array.
        at: Location,
        /// What the file needs.
        found: String,
        /// What is understood.
        expected: &'static str,
    },
    /// Sample rates whose ratio has no short terms.
    #[error(
        "cannot convert {from} Hz to {to} Hz: their ratio has a term beyond 2^20; take rates with a larger common divisor"
    )]
    Rates {
        /// The rate of the recording.
        from: usize,
        /// The rate asked for.
        to: usize,
    },
    /// Frames of a short-time Fourier transform that cannot be undone.
    #[error(
        "frames of {points} points every {hop} samples: give an even number of points, and a hop from 1 to half of them, \
         or samples are lost"
    )]
    Frames {
        /// Points of a frame.
        points: usize,
        /// Samples from one frame to the next.
        hop: usize,
    },
    /// A value that integers of a sound file cannot hold.
    #[error(
        "{}: a value of {value} would be clipped, integers of {bits} bits hold -1 to 1; make it quieter, or write float32",
        path.display()
    )]
    Clips {
        /// The file.
        path: PathBuf,
        /// The value.
        value: f64,
        /// Bits of a value.
        bits: u16,
    },
    /// A part of a short-time Fourier transform that it has not.
    #[error(
        "a spectrum of {bins} bins and {frames} frames: give 1 to {most} bins, half the points of a frame and one, and at \
         least 2 frames"
    )]
    Crop {
        /// Frequencies asked for.
        bins: usize,
        /// Frames asked for.
        frames: usize,
        /// Frequencies that there are.
        most: usize,
    },
    /// A row of a table has another number of cells than the rows before it.
    #[error("{}: line {line} has {found} cells, expected {expected} as in the lines before", path.display())]
    RaggedRow {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The cells in earlier rows.
        expected: usize,
        /// The cells in this row.
        found: usize,
    },
    /// A cell of a table is no number.
    #[error("{}: line {line}, column {column}: `{text}` is no number; mend the cell, or choose other columns with --columns (the first is 0)", path.display())]
    UnparsableCell {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The column, counted from 0 as in `--columns`.
        column: usize,
        /// The cell, cut to a readable length.
        text: String,
    },
    /// A selection of columns cannot be understood.
    #[error("columns `{text}`: {reason}; expected numbers and ranges from 0 on, such as 1-8,10")]
    BadColumns {
        /// The selection.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A selected column is beyond the last.
    #[error("{at}: column {column} was selected, but the table has {width} columns (the first is 0)")]
    ColumnOutOfRange {
        /// The table.
        at: Location,
        /// The column.
        column: usize,
        /// The number of columns.
        width: usize,
    },
    /// Columns were selected of something that is no table.
    #[error("{at}: columns can be selected of a matrix only; the shape is {shape:?}")]
    ColumnsOfShape {
        /// The array.
        at: Location,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The format cannot hold what was to be written.
    #[error("{}: {format} files cannot hold {what}; {mend}", path.display())]
    CannotHold {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: Format,
        /// What was to be written.
        what: String,
        /// What to do instead.
        mend: &'static str,
    },
    /// The format is one that is read and never written.
    #[error("{}: {format} files are only read; write .npy, .npz or .h5", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: Format,
    },
}

impl Error {
    /// The error of the operating system as one of ours, with the file it concerns.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Permission { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::IsADirectory => Self::IsFolder { path },
            _ => Self::Io { path, source },
        }
    }

    /// A file whose bytes make no sense.
    pub(crate) fn corrupt(at: &Location, format: Format, reason: impl Into<String>) -> Self {
        Self::Corrupt { at: at.clone(), format, reason: reason.into() }
    }
}

/// ` (did you mean ...?)` with the name nearest to `key`, if one is near enough to be a slip.
fn nearest_of(key: &str, keys: &[String]) -> String {
    keys.iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(key, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, nearest)| format!(" (did you mean `{nearest}`?)"))
        .unwrap_or_default()
}

/// The first names of a list, and how many more there are.
fn list(keys: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
    match keys.len() {
        0 => "none".to_owned(),
        n if n > SHOWN => format!("{} and {} more", shown.join(", "), n - SHOWN),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_key_is_answered_with_the_nearest() {
        let error = Error::NoSuchKey {
            path: "a.npz".into(),
            key: "scources".into(),
            keys: vec!["mixing".into(), "sources".into()],
        };
        assert_eq!(
            error.to_string(),
            "a.npz: no dataset `scources` (did you mean `sources`?); \
             the file holds `mixing`, `sources`"
        );
    }

    #[test]
    fn long_lists_are_cut() {
        let keys: Vec<String> = (0..20).map(|i| i.to_string()).collect();
        assert!(list(&keys).ends_with("`11` and 8 more"));
    }

    #[test]
    fn failures_of_the_system_are_told_apart() {
        let path = Path::new("x");
        let of = |kind: io::ErrorKind| Error::io(path, kind.into());
        assert!(matches!(of(io::ErrorKind::StorageFull), Error::DiskFull { .. }));
        assert!(matches!(of(io::ErrorKind::PermissionDenied), Error::Permission { .. }));
        assert!(matches!(of(io::ErrorKind::NotFound), Error::NotFound { .. }));
        assert!(matches!(of(io::ErrorKind::TimedOut), Error::Io { .. }));
    }
}
