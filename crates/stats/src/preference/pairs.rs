//! Tests of every two systems, with one family-wise error rate.

use std::collections::BTreeMap;

use super::fit::bradley_terry_within;
use super::pooled::pool;
use super::unanimity::{Unanimity, unanimity};
use super::{BradleyTerry, Comparison};
use crate::check;
use crate::clustered::{Clustered, Influence};
use crate::error::Error;
use crate::simultaneous::{Adjusted, adjust};

/// The share of judgments with a system first beyond which its order counts as unbalanced.
const UNBALANCED: f64 = 0.65;

/// Treatment of the order of the clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEffect {
    /// Estimated, and accounted for in every difference.
    Estimated,
    /// Without a finite estimate, and left out: every system was heard first and second about equally often.
    Unbounded,
    /// Part of the differences: some systems always came first.
    Confounded,
}

/// Differences of every two systems.
#[derive(Debug, Clone, PartialEq)]
pub struct PairTests {
    /// Fitted strengths; the error is the reason why there are none.
    pub model: Result<BradleyTerry, Error>,
    /// Treatment of the order.
    pub order: OrderEffect,
    /// Every two systems, by ascending indices.
    pub pairs: Vec<PairTest>,
}

/// Difference of two systems.
#[derive(Debug, Clone, PartialEq)]
pub struct PairTest {
    /// Index of the system.
    pub system: usize,
    /// Index of the other system, whose strength is subtracted.
    pub other: usize,
    /// Evidence; the error is the reason why there is none.
    pub evidence: Result<Evidence, Error>,
}

/// Evidence of a preference for one of two systems.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// A difference in strength.
    Difference {
        /// Difference with its leave-one-out error.
        difference: Clustered,
        /// Simultaneous interval and corrected p-value.
        adjusted: Adjusted,
    },
    /// Unanimous judgments; the difference in strength is unbounded.
    Unanimous {
        /// Counts and the probability before the correction.
        unanimity: Unanimity,
        /// Probability corrected for all pairs.
        adjusted_p_value: f64,
    },
}

impl PairTest {
    /// Returns the system that is preferred at a family-wise level, if either is.
    #[must_use]
    pub fn preferred(&self, alpha: f64) -> Option<usize> {
        match self.evidence.as_ref().ok()? {
            Evidence::Difference { difference, adjusted } if !adjusted.interval.contains(0.0) => {
                Some(if difference.estimate > 0.0 { self.system } else { self.other })
            }
            Evidence::Unanimous { unanimity, adjusted_p_value } if *adjusted_p_value < alpha => {
                Some(unanimity.preferred)
            }
            _ => None,
        }
    }
}

/// Fits strengths with ties and the order effect, and tests every two systems at a family-wise level.
///
/// ```text
/// within a group of systems    difference in strength, jackknifed (BradleyTerry::difference, Clustered::jackknifed)
/// between groups               unanimous judgments of the pair itself (unanimity)
/// several pairs                errors not below those that all pairs of the group imply
/// family                       alpha n/N for the n differences together, by their joint distribution (adjust);
///                              alpha/N for each unanimous pair;   N pairs with any evidence
/// ```
///
/// If the order effect has no finite estimate, it is left out, which makes the difference an average over both orders;
/// every system must have been first in 35 to 65 % of its judgments. If the order cannot be told from the strengths
/// because the same systems always came first, it is left out as well, and is part of the differences.
///
/// In simulated studies of equal systems by raters who quit, open crowds and few raters, with and without ties and a
/// strong order effect, any of the pairs of 2, 5 or 12 systems is told apart in at most 5 % of studies
/// (`examples/calibration`).
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::OutOfRange`] for a system compared with itself or an alpha not in (0, 0.5). Anything that
/// concerns single pairs is in [`PairTest::evidence`].
pub fn test_pairs(comparisons: &[Comparison], alpha: f64) -> Result<PairTests, Error> {
    check::alpha(alpha)?;
    let (model, order) = fitted(comparisons)?;
    let systems: Vec<usize> = {
        let mut all: Vec<usize> = comparisons.iter().flat_map(|one| [one.first, one.second]).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let groups = super::groups(comparisons);
    let group_of: BTreeMap<usize, usize> =
        groups.iter().enumerate().flat_map(|(k, group)| group.iter().map(move |&name| (name, k))).collect();
    let names: Vec<(usize, usize)> = (0..systems.len())
        .flat_map(|low| (low + 1..systems.len()).map(move |high| (low, high)))
        .map(|(low, high)| (systems[low], systems[high]))
        .collect();
    let mut differences: Vec<Found> = names
        .iter()
        .map(|&(system, other)| {
            if group_of[&system] != group_of[&other] {
                return Found::Unanimous(unanimity(comparisons, system, other));
            }
            let model = model.as_ref().map_err(Clone::clone);
            let difference = model.and_then(|model| model.difference_with_influence(system, other));
            Found::Difference(difference.and_then(|(plain, influence)| Ok((plain.jackknifed()?, influence))))
        })
        .collect();
    for (k, group) in groups.iter().enumerate() {
        let mut own: Vec<&mut Clustered> = names
            .iter()
            .zip(&mut differences)
            .filter(|((system, _), _)| group_of[system] == k)
            .filter_map(|(_, found)| match found {
                Found::Difference(Ok((difference, _))) => Some(difference),
                _ => None,
            })
            .collect();
        pool(&mut own, group.len());
    }
    let family: Vec<(&Clustered, &Influence)> = differences
        .iter()
        .filter_map(|found| match found {
            Found::Difference(Ok((difference, influence))) => Some((difference, influence)),
            _ => None,
        })
        .collect();
    let n_unanimous = differences.iter().filter(|found| matches!(found, Found::Unanimous(Ok(_)))).count();
    let n = (family.len() + n_unanimous).max(1) as f64;
    let share = family.len() as f64 / n;
    let adjusted = if family.is_empty() { Vec::new() } else { adjust(&family, alpha * share)? };
    let mut adjusted = adjusted.into_iter();
    let evidence = |found: Found, adjusted: &mut dyn Iterator<Item = Adjusted>| match found {
        Found::Difference(difference) => {
            let (difference, _) = difference?;
            let own = adjusted.next().ok_or(Error::Empty)?;
            let adjusted_p_value = (own.adjusted_p_value / share).min(1.0);
            Ok(Evidence::Difference { difference, adjusted: Adjusted { adjusted_p_value, ..own } })
        }
        Found::Unanimous(unanimity) => {
            let unanimity = unanimity?;
            Ok(Evidence::Unanimous { unanimity, adjusted_p_value: (n * unanimity.p_value).min(1.0) })
        }
    };
    let pairs = names.into_iter().zip(differences);
    let pairs = pairs
        .map(|((system, other), found)| PairTest { system, other, evidence: evidence(found, &mut adjusted) })
        .collect();
    Ok(PairTests { model, order, pairs })
}

/// Evidence before the correction.
enum Found {
    Difference(Result<(Clustered, Influence), Error>),
    Unanimous(Result<Unanimity, Error>),
}

/// Fits the model with the order effect if that has a finite estimate.
fn fitted(comparisons: &[Comparison]) -> Result<(Result<BradleyTerry, Error>, OrderEffect), Error> {
    let without = || bradley_terry_within(comparisons, false);
    Ok(match bradley_terry_within(comparisons, true) {
        Ok(model) => (Ok(model), OrderEffect::Estimated),
        Err(error @ (Error::Empty | Error::OutOfRange { .. })) => return Err(error),
        Err(Error::Collinear) => (without(), OrderEffect::Confounded),
        Err(error) if is_balanced(comparisons) => (without().map_err(|_| error), OrderEffect::Unbounded),
        Err(error) => (Err(error), OrderEffect::Unbounded),
    })
}

/// Returns true if every system was heard first about as often as second.
fn is_balanced(comparisons: &[Comparison]) -> bool {
    let mut counts: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for comparison in comparisons {
        counts.entry(comparison.first).or_default()[0] += 1.0;
        counts.entry(comparison.second).or_default()[1] += 1.0;
    }
    counts
        .values()
        .all(|[first, second]| (1.0 - UNBALANCED..=UNBALANCED).contains(&(first / (first + second))))
}
