//! The option `--device`.

use std::str::FromStr;

use anyhow::{Context as _, Result};
use mynah_voice::cuda_device;

/// The device that computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// The processor.
    Cpu,
    /// The GPU with this number.
    Cuda(usize),
}

impl Device {
    /// The option's help.
    pub(crate) const HELP: &str = "Device that computes: `cpu`, `cuda` (the first GPU) or `cuda:N`; docs/gpu.md describes builds with CUDA";

    /// Opens the device.
    pub(crate) fn open(self) -> Result<mynah_voice::Device> {
        match self {
            Self::Cpu => Ok(mynah_voice::Device::Cpu),
            Self::Cuda(ordinal) => cuda_device(ordinal).context("failed to open the device"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "cuda" => Ok(Self::Cuda(0)),
            Some(("cuda", number)) => {
                number.parse().map(Self::Cuda).map_err(|_| format!("`{number}` is not a number"))
            }
            _ => Err("expected `cpu`, `cuda` or `cuda:N`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Device;

    #[test]
    fn devices_have_the_names_of_pytorch() {
        assert_eq!("cpu".parse(), Ok(Device::Cpu));
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        assert_eq!("cuda:3".parse(), Ok(Device::Cuda(3)));
        for wrong in ["gpu", "cuda:", "cuda:x", "cpu:1", ""] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
    }
}
