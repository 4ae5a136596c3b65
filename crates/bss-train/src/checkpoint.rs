//! Checkpoints: named tensors and a JSON description in one safetensors file.
//!
//! The description is one string under the key `bss` of the file's metadata, so that equal contents give equal bytes.
//! Files are written to a temporary name and renamed: a killed run leaves the last good one.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::safetensors::Load;
use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
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
        let mut description = self.description.clone();
        description["format"] = json!(FORMAT);
        let metadata = HashMap::from([(KEY.to_owned(), description.to_string())]);
        let tensors = self.tensors.iter().map(|(name, tensor)| Ok((name.as_str(), tensor.to_device(&Device::Cpu)?)));
        let tensors = tensors.collect::<candle_core::Result<Vec<_>>>()?;
        let bytes = safetensors::serialize(tensors, Some(metadata)).map_err(|error| corrupt(path, &error))?;
        Ok(bss_data::write_bytes_atomically(path, &bytes)?)
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If the file is missing, cut short, of another format or not a checkpoint at all.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| corrupt(path, &error))?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| corrupt(path, &error))?;
        let description = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let description = description.ok_or_else(|| corrupt(path, &"it does not say what it holds"))?;
        let description: Value = serde_json::from_str(description).map_err(|error| corrupt(path, &error))?;
        if description["format"] != json!(FORMAT) {
            let found = description["format"].to_string();
            return Err(Error::Version { path: path.to_owned(), expected: FORMAT, found });
        }
        let tensors = file.iter().map(|(name, view)| Ok((name.to_owned(), view.load(&Device::Cpu)?)));
        let tensors = tensors.collect::<Result<_>>()?;
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
