//! Where to compute: `cpu`, `cuda` or `cuda:1`.

use std::fmt;
use std::str::FromStr;

use anyhow::Result;
use candle_core::Device;

/// A device by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DeviceName {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU by its number.
    Cuda(usize),
}

impl DeviceName {
    /// The device itself.
    ///
    /// # Errors
    /// If this binary was built without CUDA, or the GPU cannot be reached.
    pub(crate) fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => {
                use anyhow::Context as _;
                let failed = || format!("device {self} cannot be used; see nvidia-smi, or leave out --device");
                Device::new_cuda(index).with_context(failed)
            }
            #[cfg(not(feature = "cuda"))]
            Self::Cuda(_) => anyhow::bail!(
                "device {self}: this bss was built without CUDA; leave out --device, or build with \
                 `cargo build --release --package bss-cli --features cuda`"
            ),
        }
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let index = match name {
            "cpu" => return Ok(Self::Cpu),
            "cuda" => Some(0),
            _ => name.strip_prefix("cuda:").and_then(|index| index.parse().ok()),
        };
        index.map(Self::Cuda).ok_or_else(|| "expected cpu, cuda or cuda:I, as in cuda:1".to_owned())
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        assert_eq!("cpu".parse(), Ok(DeviceName::Cpu));
        assert_eq!("cuda".parse(), Ok(DeviceName::Cuda(0)));
        assert_eq!("cuda:3".parse(), Ok(DeviceName::Cuda(3)));
        for name in ["gpu", "cuda:", "cuda:x", "CPU"] {
            assert!(name.parse::<DeviceName>().is_err(), "{name}");
        }
        assert_eq!(DeviceName::Cuda(3).to_string(), "cuda:3");
    }

    #[test]
    fn the_processor_is_always_there() {
        assert!(DeviceName::default().open().unwrap().is_cpu());
    }
}
