//! Devices.

use candle_core::Device;

use crate::Error;

/// Opens the CUDA device with this number.
///
/// # Errors
///
/// Returns [`Error::Device`] with what is missing: CUDA in this build, the driver, a library or the device.
pub fn cuda_device(ordinal: usize) -> Result<Device, Error> {
    mynah_ops::cuda_device(ordinal).map_err(|error| Error::Device { why: first_line(&error) })
}

/// Returns the message without the backtrace that candle appends.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::cuda_device;

    #[test]
    fn names_a_missing_device_in_one_line() {
        let message = cuda_device(1000).unwrap_err().to_string();
        assert!(message.starts_with("cuda:1000: ") && message.lines().count() == 1, "{message}");
    }
}
