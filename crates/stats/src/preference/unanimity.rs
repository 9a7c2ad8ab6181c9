//! A system that was preferred to another in every judgment.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Comparison;
use crate::error::Error;

/// Judgments of a pair that all prefer the same system.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Unanimity {
    /// System that was always preferred.
    pub preferred: usize,
    /// Number of judgments.
    pub n: usize,
    /// Number of raters.
    pub n_raters: usize,
    /// Number of items.
    pub n_items: usize,
    /// Number of raters, or of items if they are fewer, with the preferred system first or second, whichever is smaller.
    pub n_witnesses: usize,
    /// Two-sided probability of unanimity if neither is preferred.
    pub p_value: f64,
}

/// Tests whether the unanimous preference for one of two systems could be chance.
///
/// ```text
/// p = min(1, 2 · 2^-m),   m = min over the two orders of min(raters, items) with a judgment in that order
/// ```
///
/// The strength of a system that was always preferred has no upper bound, and no error. But if neither system is better,
/// the judgments of one rater all prefer the same one with a probability of at most ½ in the order that does not favor it,
/// since effects of raters are symmetric; raters are independent, given the items, and likewise items, given the raters.
/// The smaller number counts, as in a test by raters and by items of which both must reject; the order, which may
/// favor either position by any amount, then cannot produce the result. Many judgments by the same few people, or
/// of the same few items, prove no more than these few.
///
/// # Errors
///
/// [`Error::Empty`] if the two were never compared; [`Error::Undefined`] for a tie, or preferences for both.
///
/// # Examples
///
/// ```
/// use mynah_stats::preference::{Comparison, Preference, unanimity};
///
/// // Seven raters hear seven sentences in both orders, and always prefer system 1.
/// let both = [(1, 0, Preference::First), (0, 1, Preference::Second)];
/// let judgments: Vec<Comparison> = (0..7)
///     .flat_map(|k| both.map(|(first, second, preference)| Comparison { first, second, preference, rater: k, item: k }))
///     .collect();
/// let found = unanimity(&judgments, 0, 1)?;
/// assert_eq!((found.preferred, found.n, found.n_witnesses), (1, 14, 7));
/// assert!((found.p_value - 2.0 / 128.0).abs() < 1e-15);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// W. J. Dixon and A. M. Mood (1946), "The statistical sign test", JASA 41, 557-566.
pub fn unanimity(comparisons: &[Comparison], system: usize, other: usize) -> Result<Unanimity, Error> {
    let own: Vec<&Comparison> =
        comparisons.iter().filter(|comparison| comparison.is_of(system, other)).collect();
    let Some(first) = own.first() else { return Err(Error::Empty) };
    let preferred = first
        .preferred()
        .filter(|&preferred| own.iter().all(|comparison| comparison.preferred() == Some(preferred)));
    let Some(preferred) = preferred else {
        return Err(Error::Undefined {
            what: "unanimity",
            why: "not every judgment prefers the same system",
        });
    };
    let distinct = |of: fn(&Comparison) -> usize, keep: &dyn Fn(&Comparison) -> bool| {
        own.iter()
            .filter(|comparison| keep(comparison))
            .map(|comparison| of(comparison))
            .collect::<BTreeSet<_>>()
            .len()
    };
    let rater: fn(&Comparison) -> usize = |comparison| comparison.rater;
    let item: fn(&Comparison) -> usize = |comparison| comparison.item;
    let in_order = |is_first: bool| {
        let keep = |comparison: &Comparison| (comparison.first == preferred) == is_first;
        distinct(rater, &keep).min(distinct(item, &keep))
    };
    let n_witnesses = in_order(true).min(in_order(false));
    let exponent = i32::try_from(n_witnesses).unwrap_or(i32::MAX);
    Ok(Unanimity {
        preferred,
        n: own.len(),
        n_raters: distinct(rater, &|_| true),
        n_items: distinct(item, &|_| true),
        n_witnesses,
        p_value: (2.0 * 0.5_f64.powi(exponent)).min(1.0),
    })
}
