//! Checkpoints: named tensors and a JSON description in one safetensors file.
//!
//! The description is one string under the key `bss` of the file's metadata, so that equal contents give equal bytes.
//! Files are written to a temporary name and renamed: a killed run leaves the last good one. Tensors go one by one, each way,
//! so that a state may be as large as what it is of.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use candle_core::safetensors::Load;
use candle_core::{Device, Tensor};
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensorError, View};
use serde_json::{Value, json};

use crate::{Error, Result};

/// The version of the layout of checkpoints; raised with every change that older versions cannot read.
pub const FORMAT: u64 = 3;

const KEY: &str = "bss";

/// Named tensors with a description.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Tensors by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// What they are of: a JSON object.
    pub description: Value,
}

impl Checkpoint {
    /// Writes the file, all or nothing.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let tensors = self
            .tensors
            .iter()
            .map(|(name, tensor)| Ok((name.clone(), Stored::Tensor(tensor.to_device(&Device::Cpu)?))));
        write(path, tensors.collect::<candle_core::Result<_>>()?, self.description.clone())
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file is missing, cut short, of another format or not a checkpoint at all.
    pub fn load(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let metadata = metadata(&mut file, length).map_err(|reason| corrupt(path, &reason))?;
        let description = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let description = description.ok_or_else(|| corrupt(path, &"it does not say what it holds"))?;
        let description: Value = serde_json::from_str(description).map_err(|error| corrupt(path, &error))?;
        if description["format"] != json!(FORMAT) {
            let found = description["format"].to_string();
            return Err(Error::Version { path: path.to_owned(), expected: FORMAT, found });
        }
        let mut tensors = BTreeMap::new();
        for name in metadata.offset_keys() {
            let info = metadata.info(&name).ok_or_else(|| corrupt(path, &format!("tensor {name} has no place")))?;
            let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
            file.read_exact(&mut bytes).map_err(io)?;
            let view =
                TensorView::new(info.dtype, info.shape.clone(), &bytes).map_err(|error| corrupt(path, &error))?;
            tensors.insert(name, view.load(&Device::Cpu)?);
        }
        Ok(Self { tensors, description })
    }

    /// Takes the tensors under a prefix (`prefix.name`), without it.
    pub fn take(&mut self, prefix: &str) -> BTreeMap<String, Tensor> {
        let (inside, outside) = std::mem::take(&mut self.tensors)
            .into_iter()
            .partition(|(name, _)| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')));
        self.tensors = outside;
        let inside: BTreeMap<String, Tensor> = inside;
        inside.into_iter().map(|(name, tensor)| (name[prefix.len() + 1..].to_owned(), tensor)).collect()
    }
}

/// What a tensor is written from.
#[derive(Debug)]
pub(crate) enum Stored<'a> {
    /// One by itself.
    Tensor(Tensor),
    /// A shape and its values, where they lie.
    Values(&'a [usize], &'a [f32]),
}

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        match self {
            Self::Tensor(tensor) => View::dtype(tensor),
            Self::Values(..) => Dtype::F32,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Self::Tensor(tensor) => View::shape(tensor),
            Self::Values(shape, _) => shape,
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Tensor(tensor) => View::data(tensor),
            Self::Values(_, values) => Cow::Borrowed(bytemuck::cast_slice(values)),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Self::Tensor(tensor) => View::data_len(tensor),
            Self::Values(_, values) => size_of_val(*values),
        }
    }
}

/// Writes named tensors and what they are of, all or nothing.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(path: &Path, tensors: Vec<(String, Stored)>, mut description: Value) -> Result<()> {
    description["format"] = json!(FORMAT);
    let metadata = HashMap::from([(KEY.to_owned(), description.to_string())]);
    let fill = |place: &Path| {
        safetensors::serialize_to_file(tensors, Some(metadata), place).map_err(|error| match error {
            SafeTensorError::IoError(error) => error,
            other => io::Error::other(other),
        })
    };
    Ok(bss_data::fill_atomically(path, fill)?)
}

/// The head of a file of so many bytes, which says where its tensors are: one behind the other, up to the file's end.
fn metadata(file: &mut File, length: u64) -> std::result::Result<Metadata, String> {
    const SIZE: u64 = size_of::<u64>() as u64;
    let mut size = [0; SIZE as usize];
    file.read_exact(&mut size).map_err(|error| error.to_string())?;
    let size = u64::from_le_bytes(size);
    if size > length.saturating_sub(SIZE) {
        return Err("its head is cut short".to_owned());
    }
    let mut head = vec![0; size as usize];
    file.read_exact(&mut head).map_err(|error| error.to_string())?;
    let metadata: Metadata = serde_json::from_slice(&head).map_err(|error| error.to_string())?;
    let (expected, found) = (metadata.data_len() as u64, length - SIZE - size);
    if expected != found {
        return Err(format!("it has {found} bytes of tensors, its head speaks of {expected}"));
    }
    Ok(metadata)
}

/// An [`Error::Corrupt`] for the given file.
pub(crate) fn corrupt(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Corrupt { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let tensors = [("a.x", vec![1.0, 2.0]), ("a.y", vec![-0.0]), ("b", vec![3.0])];
        let tensor = |values: Vec<f64>| Tensor::new(values, &Device::Cpu).unwrap();
        let tensors = tensors.into_iter().map(|(name, values)| (name.to_owned(), tensor(values))).collect();
        Checkpoint { tensors, description: json!({"model": "test", "config": "x = 1\n"}) }
    }

    #[test]
    fn saved_and_loaded_is_the_same_and_equal_contents_give_equal_bytes() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.safetensors"), folder.path().join("two.safetensors"));
        checkpoint().save(&one)?;
        checkpoint().save(&two)?;
        assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        let mut loaded = Checkpoint::load(&one)?;
        assert_eq!(loaded.description["model"], "test");
        let inside = loaded.take("a");
        assert_eq!(inside.keys().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(inside["x"].to_vec1::<f64>()?, [1.0, 2.0]);
        assert_eq!(loaded.tensors.keys().collect::<Vec<_>>(), ["b"]);
        Ok(())
    }

    #[test]
    fn a_file_cut_short_anywhere_or_damaged_is_an_error() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        checkpoint().save(&path)?;
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = Checkpoint::load(&path).unwrap_err().to_string();
            assert!(error.contains("model.safetensors") && error.contains("--force"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn another_format_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let metadata = HashMap::from([(KEY.to_owned(), json!({"format": 99}).to_string())]);
        let x = Tensor::new(&[1f32], &Device::Cpu).unwrap();
        std::fs::write(&path, safetensors::serialize([("x", &x)], Some(metadata)).unwrap()).unwrap();
        let error = Checkpoint::load(&path).unwrap_err().to_string();
        assert!(error.contains("format 99") && error.contains(&format!("reads format {FORMAT}")), "{error}");
    }
}
