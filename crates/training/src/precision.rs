//! Precision of training.

use candle_core::Device;
use mynah_ops::Precision;

use crate::Error;

/// Rejects a precision that the device does not support.
pub(crate) fn check_precision(precision: Precision, device: &Device) -> Result<(), Error> {
    if precision == Precision::F32 || device.is_cuda() {
        return Ok(());
    }
    Err(Error::Config {
        key: "train.precision",
        why: format!("{precision:?} is for GPUs, and the CPU supports only F32"),
    })
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use mynah_ops::Precision;

    use super::check_precision;

    #[test]
    fn the_cpu_rejects_other_precisions() {
        let refused = check_precision(Precision::Tf32, &Device::Cpu).unwrap_err().to_string();
        assert!(refused.contains("train.precision") && refused.contains("for GPUs"), "{refused}");
        check_precision(Precision::F32, &Device::Cpu).unwrap();
    }
}
