//! RIFF WAVE audio: one recording of shape (samples, channels).
//!
//! Integers of b bits are read as v/2^(b-1), which lies in [-1, 1); float32 as it is.

use std::fs::File;
use std::io::{self, BufReader, Cursor};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use ndarray::Array2;

use crate::array::{Array, Dtype};
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::resample::hertz;
use crate::sound_writer::SoundWriter;
use crate::write::Named;

/// What a file of this format can hold, with room for its header.
pub(crate) const MOST_BYTES: u64 = u32::MAX as u64 - 1024;

/// The encodings that are read, for messages.
const READ: &str = "integers of 8, 16, 24 or 32 bits, or float32";

/// Reads a recording from a file of `length` bytes.
pub(crate) fn read(at: &Location, length: u64) -> Result<Array> {
    let (mut reader, dtype) = open(at, length)?;
    let spec = reader.spec();
    let values = next_values(&mut reader, at, usize::MAX)?;
    let channels = usize::from(spec.channels);
    let values = Array2::from_shape_vec((values.len() / channels, channels), values)
        .map_err(|error| Error::corrupt(at, Format::Wav, error.to_string()))?;
    Ok(Array::new(values.into_dyn(), dtype, Some(f64::from(spec.sample_rate))))
}

/// The next values of a file, so many or as many as are left.
pub(crate) fn next_values(reader: &mut Reader, at: &Location, most: usize) -> Result<Vec<f64>> {
    let spec = reader.spec();
    let mut values: Vec<f64> = Vec::with_capacity(most.min(reader.len() as usize));
    let read: hound::Result<()> = match spec.sample_format {
        SampleFormat::Float => {
            reader.samples::<f32>().take(most).try_for_each(|sample| sample.map(|value| values.push(f64::from(value))))
        }
        SampleFormat::Int => {
            let full_scale = full_scale(spec.bits_per_sample);
            let put = |sample: hound::Result<i32>| sample.map(|value| values.push(f64::from(value) / full_scale));
            reader.samples::<i32>().take(most).try_for_each(put)
        }
    };
    read.map_err(|error| broken(at, error)).map(|()| values)
}

/// What an integer of so many bits is divided by.
pub(crate) fn full_scale(bits: u16) -> f64 {
    f64::from(1_u32 << (bits - 1))
}

/// The integer of so many bits that a value is rounded to; none if it would clip.
pub(crate) fn integer(value: f64, bits: u16) -> Option<i32> {
    let full_scale = full_scale(bits);
    let rounded = (value * full_scale).round();
    (-full_scale..full_scale).contains(&rounded).then_some(rounded as i32)
}

/// A file that is being read.
pub(crate) type Reader = WavReader<BufReader<File>>;

/// The recording's length, channels and rate.
pub(crate) fn entries(at: &Location, length: u64) -> Result<Vec<Entry>> {
    let (reader, dtype) = open(at, length)?;
    let spec = reader.spec();
    Ok(vec![Entry {
        name: String::new(),
        shape: vec![reader.duration() as usize, usize::from(spec.channels)],
        dtype: dtype.to_string(),
        readable: true,
        sample_rate: Some(f64::from(spec.sample_rate)),
        text: None,
    }])
}

/// Writes a recording of shape (samples, channels), or (samples) for one channel, as integers or as float32.
pub(crate) fn write(path: &Path, array: &Named<'_>, dtype: Dtype, sample_rate: Option<f64>) -> Result<()> {
    let refuse = |what: String, mend| Error::CannotHold { path: path.to_owned(), format: Format::Wav, what, mend };
    let channels = match *array.values.shape() {
        [_] => 1,
        [_, channels] => channels,
        ref shape => return Err(refuse(format!("an array of shape {shape:?}"), "write one (samples, channels)")),
    };
    let sample_rate = sample_rate
        .ok_or_else(|| refuse("audio without a sample rate".to_owned(), "give one, or write .npy or .h5"))?;
    if array.values.len() as u64 * 4 > MOST_BYTES {
        return Err(refuse("more than 4 GB".to_owned(), "write .npy or .h5"));
    }
    let mut writer = SoundWriter::create(path, channels, sample_rate, dtype)?;
    for &value in array.values {
        writer.push(value)?;
    }
    writer.finish()
}

/// A WAV file in memory: one channel of 16-bit integers, to which values from -1 to 1 are rounded.
///
/// # Errors
/// A sample rate that is no whole number from 1 on, a value that 16 bits cannot hold, or more than 4 GB.
///
/// # Examples
/// ```
/// let tone: Vec<f64> = (0..800).map(|t| 0.5 * (0.3 * f64::from(t)).sin()).collect();
/// let bytes = bss_data::wav_bytes(&tone, 8000.0)?;
/// assert_eq!((&bytes[..4], bytes.len()), (&b"RIFF"[..], 44 + 1600));
/// assert!(bss_data::wav_bytes(&[1.5], 8000.0).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn wav_bytes(values: &[f64], sample_rate: f64) -> io::Result<Vec<u8>> {
    let refuse = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    let Some(hz) = hertz(sample_rate) else {
        return refuse(format!("WAV cannot hold a sample rate of {sample_rate} Hz; give a whole number of Hz"));
    };
    if values.len() as u64 * 2 > MOST_BYTES {
        return refuse("WAV cannot hold more than 4 GB".to_owned());
    }
    let spec = WavSpec { channels: 1, sample_rate: hz.get(), bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).map_err(as_io)?;
    for &value in values {
        let Some(rounded) = integer(value, spec.bits_per_sample) else {
            return refuse(format!("a value of {value} would clip in 16 bits"));
        };
        writer.write_sample(rounded).map_err(as_io)?;
    }
    writer.finalize().map_err(as_io)?;
    Ok(bytes.into_inner())
}

/// Opens a file and sees that it is as long as its header promises.
pub(crate) fn open(at: &Location, length: u64) -> Result<(Reader, Dtype)> {
    let file = File::open(&at.path).map_err(|error| Error::io(&at.path, error))?;
    let reader = WavReader::new(BufReader::new(file)).map_err(|error| broken(at, error))?;
    let spec = reader.spec();
    let dtype = match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 8) => Dtype::U8,
        (SampleFormat::Int, 16) => Dtype::I16,
        (SampleFormat::Int, 24) => Dtype::I24,
        (SampleFormat::Int, 32) => Dtype::I32,
        (SampleFormat::Float, 32) => Dtype::F32,
        (format, bits) => {
            let found = format!("{format:?} of {bits} bits");
            return Err(Error::UnsupportedEncoding { at: at.clone(), found, expected: READ });
        }
    };
    let expected = u64::from(reader.len()) * dtype.size() as u64;
    if expected > length {
        return Err(Error::Truncated { at: at.clone(), expected, found: length });
    }
    Ok((reader, dtype))
}

/// The error of a file that cannot be understood.
fn broken(at: &Location, error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::corrupt(at, Format::Wav, "it ends too early")
        }
        // What hound says when a stream ends within a number.
        hound::Error::IoError(error) if error.kind() == io::ErrorKind::Other => {
            Error::corrupt(at, Format::Wav, error.to_string())
        }
        hound::Error::IoError(error) => Error::io(&at.path, error),
        hound::Error::Unsupported => {
            let found = "an encoding other than plain samples".to_owned();
            Error::UnsupportedEncoding { at: at.clone(), found, expected: READ }
        }
        error => Error::corrupt(at, Format::Wav, error.to_string()),
    }
}

/// An error while writing, as the system's if it is one.
pub(crate) fn as_io(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        error => io::Error::other(error),
    }
}
