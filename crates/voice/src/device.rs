//! The devices.

use candle_core::Device;

use crate::Error;

/// The CUDA device with this number.
///
/// # Errors
///
/// [`Error::Device`] that says what is missing: this build, the driver, a library or the device.
pub fn cuda_device(ordinal: usize) -> Result<Device, Error> {
    mynah_ops::cuda_device(ordinal).map_err(|error| Error::Device { why: first_line(&error) })
}

/// The message without the backtrace that candle puts behind it.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::cuda_device;

    #[test]
    fn a_device_that_is_not_there_is_named_in_one_line() {
        let message = cuda_device(1000).unwrap_err().to_string();
        assert!(message.starts_with("cuda:1000: ") && message.lines().count() == 1, "{message}");
    }
}
