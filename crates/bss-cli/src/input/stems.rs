//! A folder of stems: a file of sound for each source, as `bss separate` writes them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use bss_data::{Format, Location, ReadOptions};
use ndarray::{ArrayView2, Axis, Ix2, concatenate};

use super::array::Stored;

/// The sources (samples, sources) in a folder's files of sound, in the order of the numbers in their names.
///
/// # Errors
/// Folders without sound, files of several channels, of several rates or lengths; what [`bss_data::read`] refuses.
pub(super) fn read_stems(folder: &Path) -> Result<Stored> {
    let shown = folder.display();
    let entries = folder.read_dir().with_context(|| format!("{shown}: cannot be listed"))?;
    let files = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut files = files.with_context(|| format!("{shown}: cannot be listed"))?;
    files.retain(|file| Format::of(file).is_ok_and(Format::is_sound));
    files.sort_by_cached_key(|file| (number(file), file.clone()));
    ensure!(!files.is_empty(), "{shown}: is a folder without sound; expected a file, or a folder of one .wav a source");
    let read = |path: &PathBuf| {
        let at = Location::from(path.as_path());
        let array = bss_data::read(&at, &ReadOptions::default())?;
        let values = array.values.into_dimensionality::<Ix2>()?;
        let channels = values.ncols();
        ensure!(channels == 1, "{at}: has {channels} channels, expected one, as each file of {shown} is a source");
        Ok((at, values, array.sample_rate))
    };
    let stems = files.iter().map(read).collect::<Result<Vec<_>>>()?;
    let (first, values, sample_rate) = &stems[0];
    for (at, other, rate) in &stems {
        ensure!(
            other.nrows() == values.nrows() && rate == sample_rate,
            "{at}: has {} samples at {} Hz, but {first} has {} at {} Hz; expected stems of one recording",
            other.nrows(),
            rate.unwrap_or(f64::NAN),
            values.nrows(),
            sample_rate.unwrap_or(f64::NAN)
        );
    }
    let views: Vec<ArrayView2<f64>> = stems.iter().map(|(_, values, _)| values.view()).collect();
    let values = concatenate(Axis(1), &views)?.into_dyn();
    Ok(Stored { values, at: Location::from(folder), sample_rate: *sample_rate })
}

/// The last number in a file's name, which a plain order of names would take for letters.
fn number(file: &Path) -> Option<u64> {
    let name = file.file_stem()?.to_string_lossy().into_owned();
    let digits = name.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits[digits.trim_end_matches(|c: char| c.is_ascii_digit()).len()..].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_come_in_the_order_of_their_numbers() {
        let of = |name: &str| number(Path::new(name));
        assert_eq!((of("source-2.wav"), of("take 10, left.wav"), of("bass.wav")), (Some(2), Some(10), None));
    }
}
