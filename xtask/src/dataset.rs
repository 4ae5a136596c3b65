//! `cargo xtask dataset NAME`: fetches a public set of images, or takes it from a folder, and checks it.
//!
//! A file has its name only once its checksum holds. What is there and right is left alone.

mod catalogue;
mod download;
pub(crate) mod instruments;
mod part;
mod place;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use ureq::Proxy;

use crate::shell;
use catalogue::{File, Member, Name, Set};
use download::{Downloader, Limits};
use part::{Part, check};

/// Which set to get, and where from and to.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Set of images, or of notes
    #[arg(value_name = "NAME")]
    name: Name,
    /// Folder to take the files from instead of fetching them: packed as published, or unpacked for mnist; of instruments,
    /// any folder of recordings of single notes
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Folder for the files [default: $BSS_DATA/NAME, or else bss/NAME in the user's cache]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Soundfont to play instruments from [default: FluidR3_GM.sf2 where the system keeps it]
    #[arg(long, value_name = "FILE")]
    soundfont: Option<PathBuf>,
}

/// Where a set is kept unless told otherwise.
///
/// # Errors
/// When the user has no cache.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    place::folder(name)
}

/// Where files come from.
enum Source<'a> {
    Folder(&'a Path),
    Mirrors(Downloader),
}

/// Gets the set, and says where it is and how to use it.
///
/// # Errors
/// When a file cannot be had, or is not what was published.
pub(crate) fn run(settings: &Settings) -> Result<bool> {
    let name = settings.name.as_str();
    let Some(set) = settings.name.set() else {
        let (from, to, soundfont) = (settings.from.as_deref(), settings.to.as_deref(), settings.soundfont.as_deref());
        let notes = instruments::obtain(from, to, soundfont)?;
        let notes = shell::quoted(&notes.to_string_lossy());
        println!("\nnext:\n  bss fit {notes}:/train --mix 2 --model neri --preset audio --out run");
        return Ok(true);
    };
    ensure!(settings.soundfont.is_none(), "--soundfont is for instruments; leave it out");
    let folder = match &settings.to {
        Some(folder) => folder.clone(),
        None => place::folder(name)?,
    };
    let source = match &settings.from {
        Some(folder) => Source::Folder(folder),
        None => Source::Mirrors(Downloader::new(Limits::USUAL, Proxy::try_from_env())),
    };
    let paths = obtain(set, &source, &folder)?;
    println!("{name} is complete, every checksum holds:");
    for path in &paths {
        println!("  {}", path.display());
    }
    let images = shell::quoted(&paths[0].to_string_lossy());
    println!("\nnext:\n  bss fit {images} --mix 2 --model neri --sources 2 --out run");
    Ok(true)
}

/// Gets the members that `folder` lacks; returns where each is.
fn obtain(set: Set, source: &Source, folder: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
    // All are looked at before the first is fetched, so that nobody waits to be told of a wrong one.
    let there = set.members.iter().map(|member| find(member, folder, "remove it, or name another folder with --to"));
    let there: Vec<_> = there.collect::<Result<_>>()?;
    let missing = |member: &Member| match source {
        Source::Folder(from) => copy(member, from, folder),
        Source::Mirrors(downloader) => {
            downloader.fetch(&member.packed, set.mirrors, folder)?;
            Ok(folder.join(member.packed.name))
        }
    };
    let members = set.members.iter().zip(there);
    members.map(|(member, found)| found.map_or_else(|| missing(member), |(path, _)| Ok(path))).collect()
}

/// The first form of the member that is in the folder.
///
/// # Errors
/// When that file is not as it was published, with the way to mend it.
fn find<'a>(member: &Member<'a>, folder: &Path, mend: &str) -> Result<Option<(PathBuf, File<'a>)>> {
    for file in member.forms() {
        let path = folder.join(file.name);
        let checked = match fs::File::open(&path) {
            Ok(mut reader) => check(&mut reader, &file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(error.into()),
        };
        match checked {
            Ok(()) => return Ok(Some((path, file))),
            Err(error) => bail!("{}: {error:#}; {mend}", path.display()),
        }
    }
    Ok(None)
}

/// Copies the member from one folder to another, in the form that is there.
fn copy(member: &Member, from: &Path, to: &Path) -> Result<PathBuf> {
    let Some((source, file)) = find(member, from, "fetch it anew")? else {
        let names: Vec<&str> = member.forms().map(|file| file.name).collect();
        bail!("{} has no {}; put it there, or leave out --from to fetch it", from.display(), names.join(" or "));
    };
    let target = to.join(file.name);
    let mut part = Part::open(&target)?;
    part.clear()?;
    part.append(&fs::read(&source)?)?;
    part.accept(&file).with_context(|| format!("{} changed while it was copied", source.display()))?;
    Ok(target)
}
