//! Checks of arguments that several functions share.

use crate::error::Error;

/// Refuses sequences that are empty or hold NaN or infinity.
pub(crate) fn values(values: &[f64]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::Empty);
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { index }),
        None => Ok(()),
    }
}

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

/// Refuses negative numbers, NaN and infinity.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "0 or a positive number" })
    }
}

/// Refuses all but probabilities strictly between 0 and 1.
pub(crate) fn probability(name: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "more than 0 and less than 1" })
    }
}
