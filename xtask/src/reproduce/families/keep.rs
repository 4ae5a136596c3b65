//! Finished cells on disk, so that a run that was stopped goes on.
//!
//! They lie under the build folder, one file a cell, below a digest of the program and the grid: another build of
//! `bss`, or other settings of a method, begin anew.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::cell::Cell;
use super::grid::{Case, FAMILIES, METHODS, Method, VARIANTS};
use crate::reproduce::replace;

/// Where the cells of one build of the program are kept.
#[derive(Debug)]
pub(super) struct Keep {
    folder: PathBuf,
}

impl Keep {
    /// The cells of this program, below `parent`.
    ///
    /// # Errors
    /// When the program cannot be read.
    pub(super) fn of_program(parent: &Path, program: &Path) -> Result<Self> {
        let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
        let grid = format!("{FAMILIES:?} {METHODS:?} {VARIANTS:?}");
        let digest = Sha256::new().chain_update(bytes).chain_update(grid).finalize();
        Ok(Self { folder: parent.join(&format!("{digest:x}")[..16]) })
    }

    /// A folder for what is made on the way to a mixture's cells.
    pub(super) fn work(&self, case: &Case) -> PathBuf {
        self.folder.join(case.name()).join("work")
    }

    /// The cell, if it was finished.
    ///
    /// # Errors
    /// When its file is there but is not a cell's.
    pub(super) fn load(&self, case: &Case, method: &Method) -> Result<Option<Cell>> {
        let path = self.path(case, method);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        Ok(Some(Cell::of_json(&value)?))
    }

    /// Keeps a cell; a run that is killed leaves it whole or not at all.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn save(&self, case: &Case, method: &Method, cell: &Cell) -> Result<()> {
        let path = self.path(case, method);
        fs::create_dir_all(self.folder.join(case.name()))?;
        replace(&path, &cell.to_json().to_string())
    }

    fn path(&self, case: &Case, method: &Method) -> PathBuf {
        self.folder.join(case.name()).join(method.name).with_extension("json")
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::cell;
    use super::*;
    use crate::reproduce::Preset;

    #[test]
    fn a_cell_is_kept_for_the_program_that_made_it() {
        let folder = std::env::temp_dir().join(format!("bss-families-keep-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("bss");
        fs::write(&program, "one build").unwrap();
        let keep = Keep::of_program(&folder, &program).unwrap();
        let (case, method) = (&Preset::Quick.cases()[0], &METHODS[0]);
        let cell = cell(&case.cell(method), 0.5);
        assert_eq!(keep.load(case, method).unwrap(), None);
        keep.save(case, method, &cell).unwrap();
        assert_eq!(keep.load(case, method).unwrap(), Some(cell));
        assert_eq!(keep.load(case, &METHODS[1]).unwrap(), None);

        fs::write(&program, "another build").unwrap();
        assert_eq!(Keep::of_program(&folder, &program).unwrap().load(case, method).unwrap(), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
