//! Writing so that a file is either the old one or the new one, whole.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Writes `bytes` to `path` so that no reader, and no crash, ever sees a part of them.
///
/// They go to a temporary file in the same folder, which is flushed to the device and then
/// renamed. If anything fails, the temporary file is removed and what was at `path` stays.
///
/// # Errors
/// [`Error::NotFound`] if the folder is missing, [`Error::Permission`], [`Error::DiskFull`],
/// [`Error::IsFolder`] if `path` is a folder, or [`Error::Io`].
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("config.toml");
/// bss_data::write_bytes_atomically(&path, b"seed = 1\n")?;
/// assert_eq!(std::fs::read(&path)?, b"seed = 1\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_bytes_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    atomically(path, |file| file.write_all(bytes).map_err(|error| Error::io(path, error)))
}

/// The same for what writes files itself: `fill` is given the path of a temporary one in the same folder.
///
/// # Errors
/// As [`write_bytes_atomically`], and what `fill` says.
///
/// # Examples
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.bin");
/// bss_data::fill_atomically(&path, |file| std::fs::write(file, b"weights"))?;
/// assert_eq!(std::fs::read(&path)?, b"weights");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fill_atomically(path: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
    let pending = Pending::new(path)?;
    let place = pending.temporary.path();
    let filled = || {
        let permissions = pending.temporary.as_file().metadata()?.permissions();
        fill(place)?;
        // It may have put another file in that place.
        let file = File::open(place)?;
        file.set_permissions(permissions)?;
        file.sync_all()
    };
    filled().map_err(|error| Error::io(path, error))?;
    pending.commit()
}

/// Like [`atomically`], through a buffer.
pub(crate) fn atomically_buffered(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<()> {
    atomically(path, |file| {
        let mut writer = BufWriter::with_capacity(1 << 16, file.as_file_mut());
        fill(&mut writer).and_then(|()| writer.flush()).map_err(|error| Error::io(path, error))
    })
}

/// Gives `fill` a temporary file beside `path` and renames it to `path` once it is filled.
pub(crate) fn atomically(path: &Path, fill: impl FnOnce(&mut NamedTempFile) -> Result<()>) -> Result<()> {
    let mut pending = Pending::new(path)?;
    fill(&mut pending.temporary)?;
    pending.commit()
}

/// A file that is being written: a temporary one beside its path, removed unless it is committed.
#[derive(Debug)]
pub(crate) struct Pending {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl Pending {
    /// An empty file.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Err(Error::IsFolder { path: path.to_owned() });
        }
        let folder = folder_of(path);
        let temporary = builder().tempfile_in(&folder).map_err(|error| Error::io(&folder, error))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    /// The path that it is to have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A handle to write by.
    pub(crate) fn file(&self) -> Result<File> {
        self.temporary.as_file().try_clone().map_err(|error| Error::io(&self.path, error))
    }

    /// Flushes it to the device and gives it its path.
    pub(crate) fn commit(self) -> Result<()> {
        let Self { temporary, path } = self;
        temporary.as_file().sync_all().map_err(|error| Error::io(&path, error))?;
        temporary.persist(&path).map_err(|error| Error::io(&path, error.error))?;
        // The rename itself lasts only once the folder is flushed. Not every file system can do that,
        // and the file is whole either way, so that a failure here is none of the caller's.
        if let Ok(folder) = File::open(folder_of(&path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Temporary files with the permissions of ordinary new ones, which the umask narrows.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bss-");
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files_in(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_bytes_atomically(&path, b"old").unwrap();
        let result = atomically(&path, |file| {
            file.write_all(b"half of the n").unwrap();
            Err(Error::DiskFull { path: path.clone() })
        });
        assert!(matches!(result, Err(Error::DiskFull { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(files_in(folder.path()), ["a"]);
    }

    #[test]
    fn replaces_a_file_and_keeps_it_readable_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"old").unwrap();
        let ordinary = std::fs::metadata(&path).unwrap().permissions();
        write_bytes_atomically(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions(), ordinary);
    }

    #[test]
    fn a_file_put_in_its_place_is_as_readable_and_a_failed_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"old").unwrap();
        let ordinary = std::fs::metadata(&path).unwrap().permissions();
        let error = fill_atomically(&path, |_| Err(io::Error::other("no"))).unwrap_err();
        assert!(matches!(&error, Error::Io { .. }) && std::fs::read(&path).unwrap() == b"old", "{error}");
        fill_atomically(&path, |place| {
            let mut other = NamedTempFile::new_in(folder.path())?;
            other.write_all(b"new")?;
            other.persist(place).map(|_| ()).map_err(|error| error.error)
        })
        .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions(), ordinary);
        assert_eq!(files_in(folder.path()), ["a"]);
    }

    #[test]
    fn a_missing_folder_and_a_folder_in_the_way_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("no/such/a");
        let error = write_bytes_atomically(&nowhere, b"").unwrap_err();
        assert!(matches!(&error, Error::NotFound { path } if path.ends_with("no/such")), "{error}");
        let error = write_bytes_atomically(folder.path(), b"").unwrap_err();
        assert!(matches!(error, Error::IsFolder { .. }), "{error}");
    }
}
