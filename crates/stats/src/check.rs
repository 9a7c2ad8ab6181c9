//! Checks of arguments that several functions share.

use crate::error::Error;

/// Refuses NaN and infinity in a parameter.
pub(crate) fn finite(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "a finite number" })
    }
}

/// Refuses all but positive finite numbers.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "a positive number" })
    }
}
