//! Sound read piece by piece.

use std::path::Path;

use crate::array::Dtype;
use crate::compressed::Packets;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::location::Location;
use crate::wav;

/// Samples of all channels that a piece has at most.
const PIECE: usize = 1 << 16;

/// A sound file that is being read: `.wav`, `.flac`, `.mp3` or `.ogg`, of any length with the same memory.
///
/// # Examples
///
/// ```no_run
/// use bss_data::SoundReader;
///
/// let mut reader = SoundReader::open("song.mp3".as_ref())?;
/// let mut samples = 0;
/// while let Some(piece) = reader.next_piece()? {
///     samples += piece.len() / reader.channels();
/// }
/// println!("{} s", samples as f64 / reader.sample_rate());
/// # Ok::<(), bss_data::Error>(())
/// ```
pub struct SoundReader {
    at: Location,
    source: Source,
    channels: usize,
    sample_rate: f64,
    dtype: Dtype,
}

enum Source {
    Wav(wav::Reader),
    Compressed(Box<Packets>),
}

impl SoundReader {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`read`](crate::read()); [`Error::UnknownExtension`] also of files that hold no sound.
    pub fn open(path: &Path) -> Result<Self> {
        let at = Location::from(path);
        let (format, length) = crate::read::open(&at)?;
        match format {
            Format::Wav => {
                let (reader, dtype) = wav::open(&at, length)?;
                let (channels, sample_rate) =
                    (usize::from(reader.spec().channels), f64::from(reader.spec().sample_rate));
                Ok(Self { at, source: Source::Wav(reader), channels, sample_rate, dtype })
            }
            Format::Flac | Format::Mp3 | Format::Ogg => {
                let packets = Packets::open(&at, format)?;
                let ((channels, rate), dtype) = (packets.spec, packets.dtype);
                let source = Source::Compressed(Box::new(packets));
                Ok(Self { at, source, channels, sample_rate: f64::from(rate), dtype })
            }
            _ => Err(Error::UnknownExtension { path: path.to_owned(), known: ".wav .flac .mp3 .ogg".to_owned() }),
        }
    }

    /// How many channels there are.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples per second in Hz.
    #[must_use]
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// The type the file stores.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The next samples, (samples, channels) in one row; `None` at the end.
    ///
    /// # Errors
    /// As [`read`](crate::read()).
    pub fn next_piece(&mut self) -> Result<Option<Vec<f64>>> {
        match &mut self.source {
            Source::Wav(reader) => {
                let most = PIECE.next_multiple_of(self.channels);
                let values = wav::next_values(reader, &self.at, most)?;
                Ok((!values.is_empty()).then_some(values))
            }
            Source::Compressed(packets) => {
                let Some(mut values) = packets.next()? else { return Ok(None) };
                // A packet is a few milliseconds.
                while values.len() < PIECE
                    && let Some(more) = packets.next()?
                {
                    values.extend(more);
                }
                Ok(Some(values))
            }
        }
    }
}

impl std::fmt::Debug for SoundReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoundReader").field("at", &self.at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ReadOptions, read};

    #[test]
    fn pieces_are_the_whole() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        let mut seen = 0;
        for entry in walk(&fixtures) {
            let Ok(whole) = read(&Location::from(entry.as_path()), &ReadOptions::default()) else { continue };
            let mut reader = SoundReader::open(&entry).unwrap();
            let mut pieces = Vec::new();
            while let Some(piece) = reader.next_piece().unwrap() {
                pieces.extend(piece);
            }
            assert_eq!([pieces.len() / reader.channels(), reader.channels()], *whole.values.shape());
            assert_eq!((Some(reader.sample_rate()), reader.dtype()), (whole.sample_rate, whole.dtype));
            assert_eq!(pieces, whole.values.into_raw_vec_and_offset().0, "{}", entry.display());
            seen += 1;
        }
        assert!(seen >= 4, "{seen} fixtures of sound");
    }

    fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
        let inside = |path: std::path::PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
        let is_sound = |path: &std::path::PathBuf| Format::of(path).is_ok_and(Format::is_sound);
        entries.flat_map(inside).filter(is_sound).collect()
    }
}
