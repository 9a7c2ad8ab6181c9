//! What computes, and how exactly.

use candle_core::Device;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The CUDA device with this number.
///
/// # Errors
///
/// [`Error::Device`] that says what is missing: this build, the driver, a library or the device.
pub fn cuda_device(ordinal: usize) -> Result<Device, Error> {
    mynah_ops::cuda_device(ordinal).map_err(|error| Error::Device { why: first_line(&error) })
}

/// How products of f32 matrices and convolutions are computed on a GPU. Everything else is f32 in every case: tensors, sums,
/// norms, losses, soft-DTW, the spectrogram's magnitudes and the optimiser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// With all 24 bits of each factor; the only one on the CPU.
    #[default]
    F32,
    /// Factors rounded to 11 bits, by tensor cores.
    Tf32,
    /// Factors and results rounded to bfloat16, 8 bits.
    Bf16,
}

impl Precision {
    /// Holds it against the device.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the device is the CPU, which has no other than f32.
    pub fn check(self, device: &Device) -> Result<(), Error> {
        if self == Self::F32 || device.is_cuda() {
            return Ok(());
        }
        Err(Error::Config {
            key: "train.precision",
            why: format!("{self:?} is for GPUs; the CPU computes in F32"),
        })
    }

    /// Makes it that of the process.
    pub fn put_in_force(self) {
        mynah_ops::set_precision(match self {
            Self::F32 => mynah_ops::Precision::F32,
            Self::Tf32 => mynah_ops::Precision::Tf32,
            Self::Bf16 => mynah_ops::Precision::Bf16,
        });
    }
}

/// The message without the backtrace that candle puts behind it.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::{Precision, cuda_device};

    #[test]
    fn a_device_that_is_not_there_is_named_in_one_line() {
        let message = cuda_device(1000).unwrap_err().to_string();
        assert!(message.starts_with("cuda:1000: ") && message.lines().count() == 1, "{message}");
    }

    #[test]
    fn the_cpu_refuses_what_it_would_not_do() {
        let refused = Precision::Tf32.check(&Device::Cpu).unwrap_err().to_string();
        assert!(refused.contains("train.precision") && refused.contains("for GPUs"), "{refused}");
        Precision::F32.check(&Device::Cpu).unwrap();
    }
}
