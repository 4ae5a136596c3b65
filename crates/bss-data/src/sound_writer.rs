//! Sound written piece by piece.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::array::Dtype;
use crate::atomic::Pending;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::resample::hertz;
use crate::wav::{MOST_BYTES, as_io, integer};

/// A `.wav` file that is being written, and is there once it is [finished](Self::finish).
///
/// # Examples
///
/// ```
/// use bss_data::{Dtype, SoundWriter};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("tone.wav");
/// let mut writer = SoundWriter::create(&path, 1, 8000.0, Dtype::I16)?;
/// for t in 0..8000 {
///     writer.push(0.5 * (0.3 * f64::from(t)).sin())?;
/// }
/// assert!(!path.exists());
/// writer.finish()?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SoundWriter {
    // Before the file it writes to, so that it is dropped first.
    writer: WavWriter<BufWriter<File>>,
    pending: Pending,
    spec: WavSpec,
    bytes: u64,
}

impl SoundWriter {
    /// A file of so many channels and samples per second, of integers ([`Dtype::I16`], [`Dtype::I24`]) or, of other types,
    /// float32.
    ///
    /// # Errors
    /// [`Error::CannotHold`] of no or too many channels, or a rate that is no whole number; or what went wrong with the
    /// file system.
    pub fn create(path: &Path, channels: usize, sample_rate: f64, dtype: Dtype) -> Result<Self> {
        let refuse = |what: String, mend| Error::CannotHold { path: path.to_owned(), format: Format::Wav, what, mend };
        let channels = match u16::try_from(channels) {
            Ok(channels) if channels > 0 => channels,
            _ => return Err(refuse(format!("{channels} channels"), "write 1 to 65535 channels, or .npy or .h5")),
        };
        let Some(hz) = hertz(sample_rate) else {
            return Err(refuse(format!("a sample rate of {sample_rate} Hz"), "give a whole number of Hz"));
        };
        let (bits_per_sample, sample_format) = match dtype {
            Dtype::I16 => (16, SampleFormat::Int),
            Dtype::I24 => (24, SampleFormat::Int),
            _ => (32, SampleFormat::Float),
        };
        let spec = WavSpec { channels, sample_rate: hz.get(), bits_per_sample, sample_format };
        let pending = Pending::new(path)?;
        let writer = WavWriter::new(BufWriter::with_capacity(1 << 16, pending.file()?), spec);
        let writer = writer.map_err(|error| Error::io(path, as_io(error)))?;
        Ok(Self { writer, pending, spec, bytes: 0 })
    }

    /// Writes the next value, of the next channel. Integers are rounded to.
    ///
    /// # Errors
    /// [`Error::Clips`] where integers cannot hold the value, [`Error::CannotHold`] beyond 4 GB, or what went wrong with the
    /// file system.
    pub fn push(&mut self, value: f64) -> Result<()> {
        let path = || self.pending.path().to_owned();
        self.bytes += u64::from(self.spec.bits_per_sample / 8);
        if self.bytes > MOST_BYTES {
            let what = "more than 4 GB".to_owned();
            return Err(Error::CannotHold { path: path(), format: Format::Wav, what, mend: "write .npy or .h5" });
        }
        let written = match self.spec.sample_format {
            SampleFormat::Float => self.writer.write_sample(value as f32),
            SampleFormat::Int => {
                let bits = self.spec.bits_per_sample;
                let Some(rounded) = integer(value, bits) else {
                    return Err(Error::Clips { path: path(), value, bits });
                };
                self.writer.write_sample(rounded)
            }
        };
        written.map_err(|error| Error::io(self.pending.path(), as_io(error)))
    }

    /// Writes what is left, and gives the file its name.
    ///
    /// # Errors
    /// What went wrong with the file system.
    pub fn finish(self) -> Result<()> {
        let Self { writer, pending, .. } = self;
        writer.finalize().map_err(|error| Error::io(pending.path(), as_io(error)))?;
        pending.commit()
    }
}

impl std::fmt::Debug for SoundWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoundWriter").field("path", &self.pending.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Location, ReadOptions, read};

    /// What is left of values in a file of a type.
    fn there_and_back(values: &[f64], dtype: Dtype) -> Result<Vec<f64>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let mut writer = SoundWriter::create(&path, 1, 8000.0, dtype)?;
        values.iter().try_for_each(|&value| writer.push(value))?;
        writer.finish()?;
        let array = read(&Location::from(path.as_path()), &ReadOptions::default())?;
        assert_eq!((array.dtype, array.sample_rate), (dtype, Some(8000.0)));
        Ok(array.values.into_raw_vec_and_offset().0)
    }

    #[test]
    fn integers_are_rounded_to_and_kept() {
        for (dtype, places) in [(Dtype::I16, 15), (Dtype::I24, 23)] {
            let place = 0.5_f64.powi(places);
            let values = [-1.0, 0.25, -3.0 * place, 1.0 - place];
            assert_eq!(there_and_back(&values, dtype).unwrap(), values);
            assert_eq!(there_and_back(&[0.25 + 0.4 * place], dtype).unwrap(), [0.25]);
        }
        assert_eq!(there_and_back(&[1.5, -7.0], Dtype::F32).unwrap(), [1.5, -7.0]);
    }

    #[test]
    fn nothing_is_clipped_and_no_file_is_left_behind() {
        for value in [1.0, -1.001, f64::NAN, f64::INFINITY] {
            for (dtype, bits) in [(Dtype::I16, 16), (Dtype::I24, 24)] {
                let error = there_and_back(&[0.5, value], dtype).unwrap_err();
                assert!(matches!(error, Error::Clips { bits: found, .. } if found == bits), "{error}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        drop(SoundWriter::create(&folder.path().join("a.wav"), 1, 8000.0, Dtype::I16).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
