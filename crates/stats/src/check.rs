//! Checks of arguments that several functions share.

use crate::error::Error;

/// The largest size of a value: its fourth power, which variances of variances need, is still a number.
const LARGEST: f64 = 1e60;

/// Refuses sequences that are empty, hold NaN or infinity, or a value that no scale has.
pub(crate) fn values(values: &[f64]) -> Result<(), Error> {
    if values.is_empty() {
        return Err(Error::Empty);
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { index }),
        None => match values.iter().find(|value| value.abs() > LARGEST) {
            Some(&value) => {
                Err(Error::OutOfRange { name: "values", value, allowed: "what is at most 1e60 in size" })
            }
            None => Ok(()),
        },
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

/// Refuses NaN and all that is no probability.
pub(crate) fn probabilities(p_values: &[f64]) -> Result<(), Error> {
    values(p_values)?;
    match p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        Some(&value) => Err(Error::OutOfRange { name: "p_values", value, allowed: "0 to 1" }),
        None => Ok(()),
    }
}

/// Refuses two sequences of different lengths.
pub(crate) fn same_length(
    left_name: &'static str,
    left: usize,
    right_name: &'static str,
    right: usize,
) -> Result<(), Error> {
    if left == right { Ok(()) } else { Err(Error::LengthMismatch { left_name, left, right_name, right }) }
}

/// Refuses all but error rates below one half.
pub(crate) fn alpha(value: f64) -> Result<(), Error> {
    if value > 0.0 && value < 0.5 {
        Ok(())
    } else {
        Err(Error::OutOfRange { name: "alpha", value, allowed: "more than 0 and less than 0.5" })
    }
}

/// The one value that all are, if they are.
#[expect(clippy::float_cmp, reason = "values that differ at all have a spread")]
pub(crate) fn constant(mut values: impl Iterator<Item = f64>) -> Option<f64> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Refuses values that are all the same.
pub(crate) fn vary(values: &[f64]) -> Result<(), Error> {
    match constant(values.iter().copied()) {
        Some(value) => Err(Error::AllEqual { n: values.len(), value }),
        None => Ok(()),
    }
}
