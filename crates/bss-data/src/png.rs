//! PNG: one image, as an array (height, width, channels) of values from 0 to 1.
//!
//! Integers of b bits are read as v/(2^b − 1). A grey image has one channel, a coloured one three (red, green, blue),
//! palettes included; how opaque its pixels are is left out. Of an animation the first frame is taken. Written is grey
//! of 8 bits.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use ndarray::{Array3, ArrayView2, Axis, Ix2, Ix3, s};
use png::{BitDepth, ColorType, Decoder, DecodingError, Reader, Transformations};

use crate::array::{Array, Dtype};
use crate::atomic::atomically_buffered;
use crate::error::{Error, Result};
use crate::format::Format;
use crate::inspect::Entry;
use crate::location::Location;
use crate::npz::BEST_COMPRESSION;
use crate::write::Named;

/// Reads an image from a file of `length` bytes.
pub(crate) fn read(at: &Location, length: u64) -> Result<Array> {
    let mut reader = open(at, length)?;
    let (height, width) = size(&reader);
    let (colour, depth) = reader.output_color_type();
    let too_large =
        || Error::TooLarge { at: at.clone(), values: height as u64 * width as u64 * colour.samples() as u64 };
    let bytes = reader.output_buffer_size().ok_or_else(too_large)?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).map_err(|_| too_large())?;
    buffer.resize(bytes, 0);
    // Checksums are compared up to the file's end, which a cut file lacks.
    reader.next_frame(&mut buffer).and_then(|_| reader.finish()).map_err(|error| broken(at, error))?;
    let values: Vec<f64> = match depth {
        BitDepth::Sixteen => {
            let pairs = buffer.chunks_exact(2);
            pairs.map(|pair| f64::from(u16::from_be_bytes([pair[0], pair[1]])) / f64::from(u16::MAX)).collect()
        }
        _ => buffer.iter().map(|byte| f64::from(*byte) / f64::from(u8::MAX)).collect(),
    };
    let image = Array3::from_shape_vec((height, width, colour.samples()), values)
        .map_err(|error| Error::corrupt(at, Format::Png, error.to_string()))?;
    let opaque = image.slice_move(s![.., .., ..channels(colour)]);
    Ok(Array::new(opaque.into_dyn(), dtype(depth), None))
}

/// The image's size, channels and type.
pub(crate) fn entries(at: &Location, length: u64) -> Result<Vec<Entry>> {
    let reader = open(at, length)?;
    let (height, width) = size(&reader);
    let (colour, depth) = reader.output_color_type();
    Ok(vec![Entry {
        name: String::new(),
        shape: vec![height, width, channels(colour)],
        dtype: dtype(depth).to_string(),
        readable: true,
        sample_rate: None,
        text: None,
    }])
}

/// Writes an image of shape (height, width), or (height, width, 1), of values from 0 (black) to 1 (white).
pub(crate) fn write(path: &Path, array: &Named<'_>) -> Result<()> {
    let refuse = |what: String, mend| Error::CannotHold { path: path.to_owned(), format: Format::Png, what, mend };
    let values = array.values.view();
    let image = match *values.shape() {
        [_, _] => values.into_dimensionality::<Ix2>(),
        [_, _, 1] => values.into_dimensionality::<Ix3>().map(|images| images.index_axis_move(Axis(2), 0)),
        ref shape => return Err(refuse(format!("an array of shape {shape:?}"), "write one image, or .npy or .h5")),
    };
    let image = image.expect("the number of dimensions was matched");
    if image.is_empty() || image.dim().0.max(image.dim().1) > i32::MAX as usize {
        return Err(refuse(format!("{} by {} pixels", image.nrows(), image.ncols()), "write .npy or .h5"));
    }
    if let Some(value) = image.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        return Err(refuse(format!("the value {value}"), "scale the image to values from 0 to 1"));
    }
    atomically_buffered(path, |file| encode(image, file))
}

/// The bytes of a PNG file, grey of 8 bits, of an image of values from 0 (black) to 1 (white); what lies beyond takes
/// the nearest of the two, and what is not a number is black.
///
/// # Errors
/// If the image has no pixels, or more than 2³¹ − 1 in a row or column.
///
/// # Examples
/// ```
/// let bytes = bss_data::png_bytes(ndarray::array![[0.0, 0.5], [1.0, 0.25]].view())?;
/// assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn png_bytes(image: ArrayView2<f64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode(image, &mut bytes)?;
    Ok(bytes)
}

fn encode(image: ArrayView2<f64>, out: &mut impl Write) -> io::Result<()> {
    let (height, width) = image.dim();
    let pixels = |count: usize| u32::try_from(count).map_err(io::Error::other);
    let mut encoder = png::Encoder::new(out, pixels(width)?, pixels(height)?);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let grey: Vec<u8> = image.iter().map(|value| (value * f64::from(u8::MAX)).round() as u8).collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&grey)?;
    Ok(writer.finish()?)
}

/// Opens a file and sees that it can hold as many pixels as its header promises.
fn open(at: &Location, length: u64) -> Result<Reader<BufReader<File>>> {
    let file = File::open(&at.path).map_err(|error| Error::io(&at.path, error))?;
    let mut decoder = Decoder::new(BufReader::new(file));
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let fail = |error| broken(at, error);
    let header = decoder.read_header_info().map_err(fail)?;
    let row = (u64::from(header.width) * header.bits_per_pixel() as u64).div_ceil(8);
    let promised = row.saturating_mul(u64::from(header.height));
    if promised > length.saturating_mul(BEST_COMPRESSION) {
        let reason = format!("its {length} bytes cannot unpack to the {promised} that its header promises");
        return Err(Error::corrupt(at, Format::Png, reason));
    }
    decoder.read_info().map_err(fail)
}

fn size(reader: &Reader<BufReader<File>>) -> (usize, usize) {
    let (width, height) = reader.info().size();
    (height as usize, width as usize)
}

/// The channels without that of opacity.
fn channels(colour: ColorType) -> usize {
    match colour {
        ColorType::Grayscale | ColorType::GrayscaleAlpha => 1,
        ColorType::Rgb | ColorType::Rgba | ColorType::Indexed => 3,
    }
}

fn dtype(depth: BitDepth) -> Dtype {
    if depth == BitDepth::Sixteen { Dtype::U16 } else { Dtype::U8 }
}

/// The error of a file that cannot be understood.
fn broken(at: &Location, error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::corrupt(at, Format::Png, "it ends too early")
        }
        DecodingError::IoError(error) => Error::io(&at.path, error),
        error => Error::corrupt(at, Format::Png, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, IxDyn, array};

    use super::*;
    use crate::read::{ReadOptions, read as read_any};

    /// What is read of a file that another program could have written: so many pixels a side, and these bytes a row.
    fn read_back(colour: ColorType, depth: BitDepth, width: u32, rows: &[&[u8]], palette: &[u8]) -> Array {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut encoder = png::Encoder::new(File::create(&path).unwrap(), width, rows.len() as u32);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if !palette.is_empty() {
            encoder.set_palette(palette);
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&rows.concat()).unwrap();
        writer.finish().unwrap();
        let entries = crate::inspect(&path).unwrap();
        let array = read_any(&Location::from(&path), &ReadOptions::default()).unwrap();
        assert_eq!(
            (&entries[0].shape[..], entries[0].dtype.as_str()),
            (array.values.shape(), array.dtype.to_string().as_str())
        );
        array
    }

    #[test]
    fn grey_of_any_depth_is_one_channel_from_0_to_1() {
        use BitDepth::{Eight, One, Sixteen, Two};
        for (depth, rows, dtype) in [
            (One, [&[0b0100_0000][..], &[0b1000_0000]], Dtype::U8),
            (Two, [&[0b0011_0000], &[0b1100_0000]], Dtype::U8),
            (Eight, [&[0, 255], &[255, 0]], Dtype::U8),
            (Sixteen, [&[0, 0, 255, 255], &[255, 255, 0, 0]], Dtype::U16),
        ] {
            let image = read_back(ColorType::Grayscale, depth, 2, &rows, &[]);
            assert_eq!((image.values, image.dtype), (array![[[0.0], [1.0]], [[1.0], [0.0]]].into_dyn(), dtype));
        }
        let image = read_back(ColorType::Grayscale, Sixteen, 1, &[&[0x12, 0x34]], &[]);
        assert_eq!(image.values[[0, 0, 0]], f64::from(0x1234) / 65535.0);
    }

    #[test]
    fn colours_are_three_channels_and_opacity_is_left_out() {
        let expected = array![[[1.0, 0.0, 0.2], [0.0, 0.4, 1.0]]].into_dyn();
        let rgb: &[u8] = &[255, 0, 51, 0, 102, 255];
        assert_eq!(read_back(ColorType::Rgb, BitDepth::Eight, 2, &[rgb], &[]).values, expected);
        let rgba: &[u8] = &[255, 0, 51, 9, 0, 102, 255, 255];
        assert_eq!(read_back(ColorType::Rgba, BitDepth::Eight, 2, &[rgba], &[]).values, expected);
        assert_eq!(read_back(ColorType::Indexed, BitDepth::Eight, 2, &[&[0, 1]], rgb).values, expected);
        let grey = read_back(ColorType::GrayscaleAlpha, BitDepth::Eight, 2, &[&[51, 0, 102, 9]], &[]);
        assert_eq!(grey.values, array![[[0.2], [0.4]]].into_dyn());
    }

    #[test]
    fn what_is_written_is_read_up_to_eight_bits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let values = ArrayD::from_shape_fn(IxDyn(&[3, 5, 1]), |index| (17 * (5 * index[0] + index[1])) as f64 / 255.0);
        write(&path, &Named { name: "x", values: &values }).unwrap();
        assert_eq!(read_any(&Location::from(&path), &ReadOptions::default()).unwrap().values, values);
        let flat = values.index_axis(Axis(2), 0).to_owned();
        write(&path, &Named { name: "x", values: &flat }).unwrap();
        assert_eq!(read_any(&Location::from(&path), &ReadOptions::default()).unwrap().values, values);
        assert_eq!(std::fs::read(&path).unwrap(), png_bytes(flat.into_dimensionality().unwrap().view()).unwrap());
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let refusal = |values: ArrayD<f64>| {
            write(Path::new("a.png"), &Named { name: "x", values: &values }).unwrap_err().to_string()
        };
        for values in [array![[0.0, 1.5]], array![[f64::NAN, 0.0]], array![[-0.1]]] {
            assert!(refusal(values.into_dyn()).contains("scale the image to values from 0 to 1"));
        }
        assert!(refusal(ArrayD::zeros(IxDyn(&[2, 2, 3]))).contains("shape [2, 2, 3]; write one image"));
        assert!(refusal(ArrayD::zeros(IxDyn(&[0, 2]))).contains("0 by 2 pixels"));
        assert_eq!(png_bytes(array![[7.0, f64::NAN]].view()).unwrap(), png_bytes(array![[1.0, 0.0]].view()).unwrap());
        assert!(png_bytes(ArrayView2::from_shape((0, 0), &[]).unwrap()).is_err());
    }

    #[test]
    fn a_header_that_promises_more_than_the_file_can_unpack_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut bytes = png_bytes(array![[0.0]].view()).unwrap();
        bytes[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        // The checksum of the header's thirteen bytes and its name.
        let checksum = bytes[12..29].iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
        });
        bytes[29..33].copy_from_slice(&(!checksum).to_be_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let error = read_any(&Location::from(&path), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains("cannot unpack to the 4611686014132420609"), "{error}");
    }
}
