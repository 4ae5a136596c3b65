//! Compressed audio, read only: FLAC, MP3 and OGG Vorbis, one recording of shape (samples, channels).
//!
//! Integers of b bits are read as v/2^(b-1), as of WAVE files; what encoders add at the ends is left out, where the file
//! says how much it is. A packet that cannot be decoded is an error; bytes between packets that make none are skipped, as
//! players do, and what is missing then is only found where the header says how long the recording is.

use std::fs::File;
use std::io;

use ndarray::Array2;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use crate::array::{Array, Dtype};
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;

/// Samples by which a file with losses may be shorter than its header says: encoders disagree about the padding of a packet
/// or two.
const SLACK: u64 = 4096;

/// Values that a byte may unpack to, beyond the first [`FREE`]: digital silence, which packs best, has some 300.
const BEST_COMPRESSION: u64 = 512;
const FREE: u64 = 1 << 24;

/// Reads a recording.
pub(crate) fn read(at: &Location, format: Format, length: u64) -> Result<Array> {
    let most = length.saturating_mul(BEST_COMPRESSION).saturating_add(FREE);
    let mut packets = Packets::open(at, format)?;
    let mut values: Vec<f64> = Vec::new();
    while let Some(packet) = packets.next()? {
        let all = values.len() + packet.len();
        if all as u64 > most || values.try_reserve(packet.len()).is_err() {
            return Err(Error::TooLarge { at: at.clone(), values: all as u64 });
        }
        values.extend_from_slice(&packet);
    }
    let (channels, rate) = packets.spec;
    let values = Array2::from_shape_vec((values.len() / channels, channels), values)
        .map_err(|error| Error::corrupt(at, format, error.to_string()))?;
    Ok(Array::new(values.into_dyn(), packets.dtype, Some(f64::from(rate))))
}

/// A file's values, packet by packet.
pub(crate) struct Packets {
    at: Location,
    format: Format,
    file: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    /// Samples, as the header has it.
    promised: Option<u64>,
    /// Samples so far.
    samples: u64,
    /// The first packet, which said what follows.
    first: Option<Vec<f64>>,
    /// Channels and samples per second.
    pub(crate) spec: (usize, u32),
    /// What is stored.
    pub(crate) dtype: Dtype,
}

impl Packets {
    /// Opens a file and decodes its first packet.
    pub(crate) fn open(at: &Location, format: Format) -> Result<Self> {
        let Opened { file, decoder, track, dtype, promised } = open(at, format)?;
        let (at, spec) = (at.clone(), (0, 0));
        let mut packets = Self { at, format, file, decoder, track, promised, samples: 0, first: None, spec, dtype };
        packets.first = packets.decode()?;
        if packets.first.is_none() || packets.spec.0 == 0 {
            return Err(Error::Empty { at: packets.at });
        }
        Ok(packets)
    }

    /// The next values, channel by channel for each sample; at the end, sees that all have come.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<f64>>> {
        let values = match self.first.take() {
            Some(values) => Some(values),
            None => self.decode()?,
        };
        match &values {
            Some(values) => self.samples += (values.len() / self.spec.0) as u64,
            None => self.ensure_whole()?,
        }
        Ok(values)
    }

    fn decode(&mut self) -> Result<Option<Vec<f64>>> {
        let broken = |fault| broken(&self.at, self.format, fault);
        loop {
            let Some(packet) = self.file.next_packet().map_err(broken)? else { return Ok(None) };
            if packet.track_id != self.track {
                continue;
            }
            let decoded = self.decoder.decode(&packet).map_err(broken)?;
            let found = (decoded.spec().channels().count(), decoded.spec().rate());
            if self.spec == (0, 0) {
                self.spec = found;
            }
            if self.spec != found {
                let reason = "its channels or its sample rate change on the way";
                return Err(Error::corrupt(&self.at, self.format, reason));
            }
            let mut values = Vec::new();
            decoded.copy_to_vec_interleaved(&mut values);
            return Ok(Some(values));
        }
    }

    fn ensure_whole(&mut self) -> Result<()> {
        if self.decoder.finalize().verify_ok == Some(false) {
            return Err(Error::corrupt(&self.at, self.format, "its samples are not those of its checksum"));
        }
        let (samples, slack) = (self.samples, if self.dtype == Dtype::F32 { SLACK } else { 0 });
        match self.promised {
            Some(promised) if samples.saturating_add(slack) < promised => {
                Err(Error::corrupt(&self.at, self.format, format!("it ends after {samples} of {promised} samples")))
            }
            _ => Ok(()),
        }
    }
}

/// The recording's length, channels and rate, by decoding it: headers do not always know.
pub(crate) fn entries(at: &Location, format: Format, length: u64) -> Result<Vec<Entry>> {
    let array = read(at, format, length)?;
    Ok(vec![Entry {
        name: String::new(),
        shape: array.values.shape().to_vec(),
        dtype: array.dtype.to_string(),
        readable: true,
        sample_rate: array.sample_rate,
        text: None,
    }])
}

/// A file whose first packets can be decoded.
struct Opened {
    file: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    dtype: Dtype,
    /// Samples, as the header has it.
    promised: Option<u64>,
}

fn open(at: &Location, format: Format) -> Result<Opened> {
    let source = File::open(&at.path).map_err(|error| Error::io(&at.path, error))?;
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(&format.to_string().to_lowercase());
    let (options, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let file =
        symphonia::default::get_probe().probe(&hint, stream, options, metadata).map_err(|fault| match fault {
            Fault::Unsupported(_) => Error::corrupt(at, format, "it holds neither FLAC nor MP3 nor OGG Vorbis"),
            fault => broken(at, format, fault),
        })?;
    let none = || Error::corrupt(at, format, "there is no audio in it");
    let track = file.default_track(TrackType::Audio).ok_or_else(none)?;
    let codec = track.codec_params.as_ref().and_then(CodecParameters::audio).ok_or_else(none)?;
    // Without a tag that says how long it is, an MP3's length is a guess, which must not cut its last frame off.
    let is_guess = codec.codec == CODEC_ID_MP3 && track.delay.is_none();
    let options = AudioDecoderOptions::default().verify(true).gapless(!is_guess);
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(codec, &options)
        .map_err(|fault| broken(at, format, fault))?;
    // Codecs with losses have no bits of their own, and are decoded to float32.
    let dtype = match codec.bits_per_sample {
        Some(..=16) => Dtype::I16,
        Some(17..=24) => Dtype::I24,
        Some(_) => Dtype::I32,
        None => Dtype::F32,
    };
    let (track, promised) = (track.id, track.num_frames.filter(|_| !is_guess));
    Ok(Opened { file, decoder, track, dtype, promised })
}

/// The error of a file that cannot be understood.
fn broken(at: &Location, format: Format, fault: Fault) -> Error {
    match fault {
        Fault::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::corrupt(at, format, "it ends too early")
        }
        Fault::IoError(error) => Error::io(&at.path, error),
        Fault::Unsupported(feature) => Error::UnsupportedEncoding {
            at: at.clone(),
            found: feature.to_owned(),
            expected: "FLAC, MP3 or OGG Vorbis",
        },
        fault => Error::corrupt(at, format, fault.to_string()),
    }
}
