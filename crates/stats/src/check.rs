//! Argument checks shared by several functions.

use crate::error::Error;

/// Largest magnitude of a value. Its fourth power, needed for variances of variances, is still finite.
const LARGEST: f64 = 1e60;

/// Rejects sequences that are empty, hold NaN or infinity, or hold a value beyond any scale.
pub(crate) fn values(values: &[f64]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::Empty);
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { index }),
        None => match values.iter().find(|value| value.abs() > LARGEST) {
            Some(&value) => {
                Err(Error::OutOfRange { name: "values", value, allowed: "at most 1e60 in absolute value" })
            }
            None => Ok(()),
        },
    }
}

/// Rejects NaN and infinity in a parameter.
pub(crate) fn finite(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "a finite number" })
    }
}

/// Rejects anything but positive finite numbers.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "a positive number" })
    }
}

/// Rejects negative numbers, NaN and infinity.
pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "a nonnegative number" })
    }
}

/// Rejects anything but probabilities strictly between 0 and 1.
pub(crate) fn probability(name: &'static str, value: f64) -> Result<(), Error> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name, value, allowed: "a number strictly between 0 and 1" })
    }
}

/// Rejects NaN and anything outside [0, 1].
pub(crate) fn probabilities(p_values: &[f64]) -> Result<(), Error> {
    values(p_values)?;
    match p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        Some(&value) => Err(Error::OutOfRange { name: "p_values", value, allowed: "a number from 0 to 1" }),
        None => Ok(()),
    }
}

/// Rejects two sequences of different lengths.
pub(crate) fn same_length(
    left_name: &'static str,
    left: usize,
    right_name: &'static str,
    right: usize,
) -> Result<(), Error> {
    if left == right { Ok(()) } else { Err(Error::LengthMismatch { left_name, left, right_name, right }) }
}

/// Rejects anything but error rates strictly between 0 and one half.
pub(crate) fn alpha(value: f64) -> Result<(), Error> {
    if value > 0.0 && value < 0.5 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name: "alpha", value, allowed: "a number strictly between 0 and 0.5" })
    }
}

/// Returns the common value if all values are equal.
#[expect(clippy::float_cmp, reason = "values that differ at all have a spread")]
pub(crate) fn constant(mut values: impl Iterator<Item = f64>) -> Option<f64> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Rejects values that are all equal.
pub(crate) fn vary(values: &[f64]) -> Result<(), Error> {
    match constant(values.iter().copied()) {
        Some(value) => Err(Error::AllEqual { n: values.len(), value }),
        None => Ok(()),
    }
}
