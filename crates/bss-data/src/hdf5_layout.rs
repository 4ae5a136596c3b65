//! Whether an HDF5 dataset's parts agree with each other.
//!
//! libhdf5 takes sizes that a file states twice on trust, and runs over its buffers where damage
//! has made them differ. What it tells about a dataset is compared here before anything is read.

use hdf5::Dataset;
use hdf5::dataset::Layout;

use crate::array::Dtype;

/// No compression that HDF5 knows packs more than this many bytes into one.
const BEST_COMPRESSION: u64 = 1100;

/// Datasets up to this many bytes are read whatever the file's length, since those that were
/// never written take no room.
const SMALL: u64 = 1 << 26;

/// Looks for contradictions in a dataset of a file of `length` bytes; the error names one.
pub(crate) fn check(dataset: &Dataset, shape: &[usize], dtype: Dtype, length: u64) -> Result<(), String> {
    let of_size =
        |shape: &[usize]| shape.iter().try_fold(dtype.size() as u64, |bytes, size| bytes.checked_mul(*size as u64));
    let stored = dataset.storage_size();
    let most = stored.min(length).saturating_mul(BEST_COMPRESSION).max(SMALL);
    let bytes = of_size(shape)
        .filter(|bytes| *bytes <= most)
        .ok_or_else(|| format!("its shape {shape:?} is more than {stored} stored bytes can hold"))?;
    match dataset.layout() {
        Layout::Chunked => {
            let chunk = dataset.chunk().unwrap_or_default();
            let limits = dataset.space().map(|space| space.maxdims()).unwrap_or_default();
            // A chunk may reach beyond the data only where the data may still grow.
            let fits = |(size, limit): (&usize, &Option<usize>)| *size > 0 && limit.is_none_or(|limit| *size <= limit);
            let agrees = !chunk.is_empty()
                && chunk.len() == limits.len()
                && chunk.iter().zip(&limits).all(fits)
                && of_size(&chunk).is_some_and(|bytes| u32::try_from(bytes).is_ok());
            agrees.then_some(()).ok_or_else(|| format!("chunks of {chunk:?} do not suit its shape {shape:?}"))
        }
        // Nothing is stored of a contiguous dataset that was never written.
        Layout::Contiguous if stored == 0 => Ok(()),
        Layout::Contiguous | Layout::Compact if stored != bytes => Err(format!("{stored} bytes are stored of {bytes}")),
        _ => Ok(()),
    }
}
