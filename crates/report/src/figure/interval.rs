//! Check that intervals contain their estimates.

use crate::error::Error;

/// Rejects an interval that is not finite or does not contain its estimate.
pub(crate) fn check_interval(
    what: &str,
    index: usize,
    (estimate, low, high): (f64, f64, f64),
) -> Result<(), Error> {
    if ![estimate, low, high].iter().all(|value| value.is_finite()) {
        return Err(Error::NotFinite { what: what.to_owned(), index });
    }
    if low > estimate || estimate > high {
        return Err(Error::BadInterval { what: what.to_owned(), index, estimate, low, high });
    }
    Ok(())
}
