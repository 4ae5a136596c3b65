//! The file formats and the endings of names they go by.

use std::fmt;
use std::path::Path;

use crate::error::{Error, Result};

/// A file format, told by how the file's name ends.
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
    /// Free Lossless Audio Codec, `.flac`: one recording, read only.
    Flac,
    /// MPEG-1 audio layer III, `.mp3`: one recording, read only.
    Mp3,
    /// Vorbis in an Ogg container, `.ogg`: one recording, read only.
    Ogg,
    /// Portable network graphics, `.png`: one image.
    Png,
    /// IDX, `.idx` or a name that ends on `-ubyte`, or `.gz` of either: one array, as MNIST comes.
    Idx,
}

/// How files' names end, in lower case, with their format.
const ENDINGS: [(&str, Format); 17] = [
    (".npy", Format::Npy),
    (".npz", Format::Npz),
    (".h5", Format::Hdf5),
    (".hdf5", Format::Hdf5),
    (".csv", Format::Text),
    (".tsv", Format::Text),
    (".dat", Format::Text),
    (".txt", Format::Text),
    (".wav", Format::Wav),
    (".flac", Format::Flac),
    (".mp3", Format::Mp3),
    (".ogg", Format::Ogg),
    (".png", Format::Png),
    (".idx", Format::Idx),
    (".idx.gz", Format::Idx),
    ("-ubyte", Format::Idx),
    ("-ubyte.gz", Format::Idx),
];

impl Format {
    /// The format that a path's name ends on, in upper or lower case.
    ///
    /// # Errors
    /// [`Error::UnknownExtension`] if no format has that ending.
    pub fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        ENDINGS
            .iter()
            .find(|(ending, _)| name.strip_suffix(ending).is_some_and(|stem| !stem.is_empty()))
            .map(|(_, format)| *format)
            .ok_or_else(|| Error::UnknownExtension { path: path.to_owned(), known: Self::endings() })
    }

    /// All endings as one line, for messages.
    fn endings() -> String {
        ENDINGS.map(|(ending, _)| ending).join(" ")
    }

    /// Whether a file of this format holds one recording or one picture, never a dataset.
    #[must_use]
    pub const fn is_one_recording(self) -> bool {
        self.is_sound() || matches!(self, Self::Png)
    }

    /// Whether a file of this format holds sound.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        matches!(self, Self::Wav | Self::Flac | Self::Mp3 | Self::Ogg)
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
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::Ogg => "OGG",
            Self::Png => "PNG",
            Self::Idx => "IDX",
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
             .npy .npz .h5 .hdf5 .csv .tsv .dat .txt .wav .flac .mp3 .ogg .png .idx .idx.gz -ubyte -ubyte.gz"
        );
    }

    #[test]
    fn a_name_tells_its_format_by_how_it_ends() {
        for (name, format) in [
            ("X.HDF5", Some(Format::Hdf5)),
            ("a.b.npy", Some(Format::Npy)),
            ("folder.npy/x", None),
            (".npy", None),
            ("train-images-idx3-ubyte", Some(Format::Idx)),
            ("train-images.idx3-ubyte.GZ", Some(Format::Idx)),
            ("a.idx", Some(Format::Idx)),
            ("a.idx.gz", Some(Format::Idx)),
            ("a.gz", None),
            ("a.csv.gz", None),
            ("ubyte", None),
        ] {
            assert_eq!(Format::of(Path::new(name)).ok(), format, "{name}");
        }
    }
}
