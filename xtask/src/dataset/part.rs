//! A file that is being filled: it takes the name it is meant for once it is the published one, byte for byte.

use std::fs::{self, File as Handle, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::catalogue::File;

/// What is at hand of a file so far, beside the place it is meant for, with `.part` after its name.
#[derive(Debug)]
pub(super) struct Part {
    handle: Handle,
    path: PathBuf,
    target: PathBuf,
}

impl Part {
    /// Goes on with what is there of `target`, or begins it.
    ///
    /// # Errors
    /// When it cannot be written, or somebody else is filling it.
    pub(super) fn open(target: &Path) -> Result<Self> {
        let mut name = target.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let handle = Handle::options().read(true).append(true).create(true).open(&path);
        let handle = handle.with_context(|| format!("{}: cannot be written", path.display()))?;
        // File systems that know no locks do without.
        let is_taken = matches!(handle.try_lock(), Err(TryLockError::WouldBlock));
        ensure!(!is_taken, "{}: another process is filling it; wait for that", path.display());
        Ok(Self { handle, path, target: target.to_owned() })
    }

    /// How many bytes are there.
    pub(super) fn length(&self) -> Result<u64> {
        Ok(self.handle.metadata().with_context(|| format!("{}: cannot be read", self.path.display()))?.len())
    }

    /// Throws away what is there.
    pub(super) fn clear(&mut self) -> Result<()> {
        self.handle.set_len(0).with_context(|| format!("{}: cannot be written", self.path.display()))
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.handle.write_all(bytes).with_context(|| format!("{}: cannot be written", self.path.display()))
    }

    /// Gives the file its name if it is the published one; throws it away otherwise.
    ///
    /// # Errors
    /// When it is another, with what was expected and found.
    pub(super) fn accept(&mut self, file: &File) -> Result<()> {
        if let Err(error) = self.handle.rewind().map_err(Into::into).and_then(|()| check(&mut self.handle, file)) {
            self.clear()?;
            return Err(error);
        }
        let rename = || {
            self.handle.sync_all()?;
            fs::rename(&self.path, &self.target)
        };
        rename().with_context(|| format!("{}: cannot be written", self.target.display()))
    }
}

impl Drop for Part {
    /// Leaves no file without bytes behind.
    fn drop(&mut self) {
        if self.handle.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Fails unless the bytes are those of the published file.
pub(super) fn check(reader: &mut impl Read, file: &File) -> Result<()> {
    let mut hash = Sha256::new();
    let bytes = io::copy(reader, &mut hash)?;
    ensure!(bytes == file.bytes, "{bytes} bytes, expected {}", file.bytes);
    let found = format!("{:x}", hash.finalize());
    ensure!(found == file.sha256, "SHA-256 is {found}, expected {}", file.sha256);
    Ok(())
}
