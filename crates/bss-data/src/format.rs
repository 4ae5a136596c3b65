//! The file formats and the extensions they go by.

use std::fmt;
use std::path::Path;

use crate::error::{Error, Result};

/// A file format, told by the file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// NumPy's `.npy`: one array.
    Npy,
    /// NumPy's `.npz`: a zip archive of named arrays.
    Npz,
    /// HDF5, `.h5` or `.hdf5`: a tree of named arrays.
    Hdf5,
    /// Numbers as text, `.csv`, `.tsv`, `.dat` or `.txt`: one table.
    Text,
    /// RIFF WAVE, `.wav`: one recording.
    Wav,
    /// Portable network graphics, `.png`: one image.
    Png,
}

/// Every extension, in lower case, with its format.
const EXTENSIONS: [(&str, Format); 10] = [
    ("npy", Format::Npy),
    ("npz", Format::Npz),
    ("h5", Format::Hdf5),
    ("hdf5", Format::Hdf5),
    ("csv", Format::Text),
    ("tsv", Format::Text),
    ("dat", Format::Text),
    ("txt", Format::Text),
    ("wav", Format::Wav),
    ("png", Format::Png),
];

impl Format {
    /// The format that a path's extension names, in upper or lower case.
    ///
    /// # Errors
    /// [`Error::UnknownExtension`] if no format has that extension.
    pub fn of(path: &Path) -> Result<Self> {
        let found = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
        EXTENSIONS
            .iter()
            .find(|(extension, _)| *extension == found)
            .map(|(_, format)| *format)
            .ok_or_else(|| Error::UnknownExtension { path: path.to_owned(), known: Self::extensions() })
    }

    /// All extensions as one line, for messages.
    fn extensions() -> String {
        EXTENSIONS.map(|(extension, _)| format!(".{extension}")).join(" ")
    }

    /// Whether a file of this format names the arrays in it.
    #[must_use]
    pub const fn has_keys(self) -> bool {
        matches!(self, Self::Npz | Self::Hdf5)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Hdf5 => "HDF5",
            Self::Text => "text",
            Self::Wav => "WAVE",
            Self::Png => "PNG",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_extension_lists_the_known_ones() {
        let error = Format::of(Path::new("x.mat")).unwrap_err().to_string();
        assert_eq!(
            error,
            "x.mat: unknown extension; expected one of \
             .npy .npz .h5 .hdf5 .csv .tsv .dat .txt .wav .png"
        );
        assert_eq!(Format::of(Path::new("X.HDF5")).unwrap(), Format::Hdf5);
    }
}
