//! The power of tests of several sizes.

use mynah_stats::power::{Components, Power, Size, power};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The power for which margins and differences are computed.
const POWER: f64 = 0.8;
/// The sizes shown next to the plan's own: items, ratings per item, raters.
const LADDER: [(u32, u32, u32); 6] =
    [(50, 20, 20), (50, 20, 60), (50, 20, 100), (100, 20, 100), (100, 20, 200), (200, 20, 200)];

/// The power of a test of some size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerRow {
    /// Marks the plan's own size.
    pub planned: bool,
    /// The size of one comparison.
    pub size: Size,
    /// The differences and margins that it can show with a power of 80 %, at the plan's alpha.
    pub power: Power,
}

/// Computes the power of a test of its own size and of common sizes that are larger.
pub(crate) fn power_rows(own: Size, alpha: f64, components: &Components) -> Result<Vec<PowerRow>, Error> {
    let larger = LADDER
        .map(|(items, ratings_per_item, raters)| Size { items, ratings_per_item, raters })
        .into_iter()
        .filter(|size| {
            *size != own
                && size.items >= own.items
                && size.ratings_per_item >= own.ratings_per_item
                && size.raters >= own.raters
        });
    std::iter::once(own)
        .chain(larger)
        .map(|size| {
            let power = power(components, &size, alpha, POWER)
                .map_err(|source| Error::Statistics { what: "the power of the test", source })?;
            Ok(PowerRow { planned: size == own, size, power })
        })
        .collect()
}
