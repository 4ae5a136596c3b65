//! Every file format in and out, synthetic sources and mixing.
//!
//! # Files
//!
//! The ending of a file's name tells its format, and one function reads them all: [`read()`] takes a
//! [`Location`], a path with the name of an array inside where the format has such names, and gives
//! an [`Array`] of `f64` in C order with its stored type and sample rate. [`write()`] is its inverse,
//! and [`inspect()`] lists what a file holds.
//!
//! | ending | holds | read | written |
//! | --- | --- | --- | --- |
//! | `.npy` | one array | any number type, either order of bytes and of axes | float32, float64 |
//! | `.npz` | named arrays | the same, stored or deflated | stored |
//! | `.h5`, `.hdf5` | a tree of named arrays | any number type, any layout, gzip and shuffle | contiguous |
//! | `.csv`, `.tsv`, `.dat`, `.txt` | one table | delimiter, header and decimal comma are found | shortest digits |
//! | `.wav` | a recording | 8 to 32 bits, scaled to [-1, 1), or float32 | 16, 24 bits, float32 |
//! | `.flac`, `.mp3`, `.ogg` | a recording | FLAC of 4 to 32 bits, scaled to [-1, 1); MP3; Vorbis | no |
//! | `.png` | one image | 1 to 16 bits, scaled to [0, 1] | grey, 8 bits |
//! | `.idx`, `-ubyte`, `.gz` of either | one array | any of its six types, not scaled | no |
//!
//! A recording is (samples, channels). Images are (height, width, channels), and a [`Grid`] makes a recording of them, and
//! images again of what was made of it. Values that are not finite are read as they are: what to do
//! about them is a decision for the caller, who knows what the data are for.
//!
//! ```
//! use bss_data::{Dtype, Location, Named, ReadOptions, read, write};
//! use ndarray::arr2;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("run.h5");
//! let sources = arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).into_dyn();
//! let mixing = arr2(&[[1.0, 0.5], [0.5, 1.0]]).into_dyn();
//! let arrays = [Named { name: "sources", values: &sources }, Named { name: "mixing", values: &mixing }];
//! write(&path, &arrays, Dtype::F64, Some(250.0))?;
//!
//! let location: Location = format!("{}:sources", path.display()).parse()?;
//! let columns = Some("1".parse()?);
//! let second = read(&location, &ReadOptions { columns })?;
//! assert_eq!(second.values, arr2(&[[2.0], [4.0], [6.0]]).into_dyn());
//! assert_eq!(second.sample_rate, Some(250.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sound
//!
//! [`resample()`] gives recordings another sample rate. [`Stft`] is the way from a channel to its spectrum, and back,
//! [`Spectra`] that of notes of one length to the part of it that models see.
//!
//! # Damage
//!
//! Files come from other programs, half-finished downloads and failing disks. Whatever a file
//! holds, reading it gives values or an [`Error`] that names the file, what was expected, what was
//! found and the way to mend it. What a header promises is compared with the file's length before
//! memory is set aside for it. Everything written goes to a temporary file first and is renamed,
//! [`write_bytes_atomically`] included, so that a killed program leaves the last good state.
//!
//! One limit remains. HDF5 files are taken apart by libhdf5, a C library that older versions of
//! can be made to fail by damage to a file's structure. This crate checks types, shapes and layouts
//! before it lets the library read; cut files and damaged values are always caught. Do not read
//! HDF5 files made to do harm.

mod array;
mod atomic;
mod columns;
mod compressed;
mod error;
mod format;
mod hdf5;
mod hdf5_layout;
mod hdf5_tree;
mod hdf5_types;
mod idx;
mod inspect;
mod location;
pub mod mixing;
mod npy;
mod npy_header;
mod npz;
mod numbers;
mod png;
mod read;
mod resample;
mod sound_reader;
mod sound_writer;
mod spectra;
mod stft;
mod stft_stream;
pub mod synth;
mod text;
mod text_layout;
mod traversal;
mod wav;
mod write;

pub use array::{Array, Dtype};
pub use atomic::{fill_atomically, write_bytes_atomically};
pub use columns::Columns;
pub use error::{Error, Result};
pub use format::Format;
pub use inspect::{Entry, inspect};
pub use location::Location;
pub use png::png_bytes;
pub use read::{ReadOptions, read};
pub use resample::{Resampler, hertz, resample};
pub use sound_reader::SoundReader;
pub use sound_writer::SoundWriter;
pub use spectra::Spectra;
pub use stft::Stft;
pub use stft_stream::{Analysis, Synthesis};
pub use text_layout::{Delimiter, TextLayout};
pub use traversal::{Grid, Traversal};
pub use wav::wav_bytes;
pub use write::{Named, write};

pub use realfft::num_complex::{Complex32, Complex64};
