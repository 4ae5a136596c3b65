//! `cargo xtask dataset instruments`: single notes of many instruments, played from a soundfont or taken from a folder.

mod play;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::place;
use crate::shell;

/// Where Debian's fluid-soundfont-gm (MIT licence) and others put the General MIDI soundfont of that name.
const SOUNDFONTS: [&str; 3] = [
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM2-2.sf2",
];

/// The file with all notes, in the set's folder.
pub(crate) const FILE: &str = "instruments.h5";

/// Gathers the notes of a folder, or plays them first, into one file with four fifths for training; returns its path.
///
/// # Errors
/// When there is no soundfont, a recording that the folder's manifest names is missing, or the program fails.
pub(super) fn obtain(from: Option<&Path>, to: Option<&Path>, soundfont: Option<&Path>) -> Result<PathBuf> {
    let folder = to.map_or_else(|| place::folder("instruments"), |folder| Ok(folder.to_owned()))?;
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    let notes = match from {
        Some(notes) => {
            check_manifest(notes)?;
            notes.to_owned()
        }
        None => play_all(soundfont, &folder)?,
    };
    let build = &mut shell::cargo(&["build", "--release", "--package", "bss-cli"]);
    ensure!(shell::announce_and_run(build)?, "the program could not be built");
    let out = folder.join(FILE);
    let words =
        ["gather", &notes.to_string_lossy(), "--split", "0.8", "--seed", "1", "--sample-rate", "44100", "--out"];
    let out_shown = out.to_string_lossy().into_owned();
    print!("{}", crate::reproduce::bss(&[&words[..], &[&out_shown]].concat())?);
    Ok(out)
}

/// Notes from a soundfont, as files in a folder beside the set's.
fn play_all(soundfont: Option<&Path>, folder: &Path) -> Result<PathBuf> {
    let found =
        soundfont.map(Path::to_owned).or_else(|| SOUNDFONTS.iter().map(PathBuf::from).find(|path| path.is_file()));
    let found = found.context(
        "no General MIDI soundfont was found; install one, as with `apt-get install fluid-soundfont-gm`, name it with \
         --soundfont FILE, or take recordings of your own with --from DIR",
    )?;
    let notes = folder.join("notes");
    let count = play::all(&found, &notes)?;
    println!("played {count} notes of {} into {}", found.display(), notes.display());
    Ok(notes)
}

/// Sees that all recordings that the folder's `manifest.csv` lists, if it has one, are there and as long as it says.
fn check_manifest(folder: &Path) -> Result<()> {
    let path = folder.join("manifest.csv");
    let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| head.iter().position(|cell| *cell == name);
    let (Some(files), bytes) = (column("path"), column("bytes")) else { return Ok(()) };
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let file = folder.join(cells.get(files).copied().unwrap_or_default());
        let found =
            fs::metadata(&file).with_context(|| format!("{}, which {} lists", file.display(), path.display()))?;
        let expected = bytes.and_then(|bytes| cells.get(bytes)?.parse::<u64>().ok());
        ensure!(
            expected.is_none_or(|expected| expected == found.len()),
            "{}: has {} bytes, but {} says {}; copy it again",
            file.display(),
            found.len(),
            path.display(),
            expected.unwrap_or_default()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_that_the_manifest_misses_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        check_manifest(folder.path()).unwrap();
        write("manifest.csv", "path,note,bytes\na.wav,A3,3\nb.wav,A4,3\n");
        write("a.wav", "123");
        let error = format!("{:#}", check_manifest(folder.path()).unwrap_err());
        assert!(error.contains("b.wav") && error.contains("manifest.csv"), "{error}");
        write("b.wav", "12");
        let error = check_manifest(folder.path()).unwrap_err().to_string();
        assert!(error.contains("b.wav: has 2 bytes") && error.contains("says 3"), "{error}");
        write("b.wav", "123");
        check_manifest(folder.path()).unwrap();
    }
}
