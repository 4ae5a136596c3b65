//! What a file holds, without reading the values where the format allows that.

use std::path::Path;

use crate::error::Result;
use crate::format::Format;
use crate::location::Location;
use crate::read::open;
use crate::text_layout::TextLayout;
use crate::{compressed, hdf5, idx, npy, npz, png, text, wav};

/// One array of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name in the file, as it follows the colon of a [`Location`]; empty in formats without.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The type of its values: a [`Dtype`](crate::Dtype)'s name, or what the file calls it.
    pub dtype: String,
    /// Whether [`read`](crate::read()) can take values of that type.
    pub readable: bool,
    /// Samples per second in Hz, where the file says so.
    pub sample_rate: Option<f64>,
    /// How a table is laid out, in text.
    pub text: Option<TextLayout>,
}

/// Lists every array of a file.
///
/// # Errors
/// As [`read`](crate::read()). Arrays of types that cannot be read are listed, not refused.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a.csv");
/// std::fs::write(&path, "time;left\n0;1,5\n1;2,5\n")?;
/// let entries = bss_data::inspect(&path)?;
/// assert_eq!(entries[0].shape, [2, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inspect(path: impl AsRef<Path>) -> Result<Vec<Entry>> {
    let at = Location::from(path.as_ref());
    let (format, length) = open(&at)?;
    match format {
        Format::Npy => npy::entries(&at, length),
        Format::Npz => npz::entries(&at),
        Format::Hdf5 => hdf5::entries(&at, length),
        Format::Text => text::entries(&at),
        Format::Wav => wav::entries(&at, length),
        Format::Flac | Format::Mp3 | Format::Ogg => compressed::entries(&at, format, length),
        Format::Png => png::entries(&at, length),
        Format::Idx => idx::entries(&at),
    }
}
