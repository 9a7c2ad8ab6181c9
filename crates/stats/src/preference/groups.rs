//! Groups of systems whose strengths can be compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Preference};
use crate::error::Error;

/// Directed graph of preferences: whom each system was preferred to.
pub(super) struct Graph {
    pub(super) names: Vec<usize>,
    beats: Vec<BTreeSet<usize>>,
    beaten: Vec<BTreeSet<usize>>,
}

impl Graph {
    /// Builds the graph; a tie counts as a preference for both.
    pub(super) fn of(comparisons: &[Comparison]) -> Self {
        let names: Vec<usize> = comparisons
            .iter()
            .flat_map(|comparison| [comparison.first, comparison.second])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let places: BTreeMap<usize, usize> = names.iter().enumerate().map(|(k, &name)| (name, k)).collect();
        let none = || vec![BTreeSet::new(); names.len()];
        let (mut beats, mut beaten) = (none(), none());
        for comparison in comparisons {
            let (first, second) = (places[&comparison.first], places[&comparison.second]);
            if comparison.preference != Preference::Second {
                beats[first].insert(second);
                beaten[second].insert(first);
            }
            if comparison.preference != Preference::First {
                beats[second].insert(first);
                beaten[first].insert(second);
            }
        }
        Self { names, beats, beaten }
    }

    fn named(&self, places: impl Iterator<Item = usize>) -> Vec<usize> {
        places.map(|place| self.names[place]).collect()
    }

    /// Rejects groups of systems between which all preferences point the same way, or that were never compared.
    pub(super) fn check_connected(&self) -> Result<(), Error> {
        let n = self.names.len();
        let both: Vec<BTreeSet<usize>> = self.beats.iter().zip(&self.beaten).map(|(a, b)| a | b).collect();
        // Systems reached by winning may never win back: then the rest are above them.
        for (links, compared, rest_is_above) in
            [(&both, false, false), (&self.beats, true, true), (&self.beaten, true, false)]
        {
            let reached = reached_from(links, 0);
            if reached.len() < n {
                let inside = self.named((0..n).filter(|place| reached.contains(place)));
                let outside = self.named((0..n).filter(|place| !reached.contains(place)));
                let (above, below) = if rest_is_above { (outside, inside) } else { (inside, outside) };
                return Err(Error::Disconnected { above, below, compared });
            }
        }
        Ok(())
    }

    /// Returns the groups in which every system was preferred to every other along a chain, from above to below.
    fn groups(&self) -> Vec<Vec<usize>> {
        let below: Vec<BTreeSet<usize>> =
            (0..self.names.len()).map(|place| reached_from(&self.beats, place)).collect();
        let mut left: BTreeSet<usize> = (0..self.names.len()).collect();
        let mut groups = Vec::new();
        while !left.is_empty() {
            // A system that no other reaches without being reached back is on top; cycles of groups do not exist.
            let is_top = |place: usize| {
                left.iter().all(|&other| !below[other].contains(&place) || below[place].contains(&other))
            };
            let Some(top) = left.iter().copied().find(|&place| is_top(place)) else { break };
            let group: Vec<usize> = left
                .iter()
                .copied()
                .filter(|&other| below[other].contains(&top) && below[top].contains(&other))
                .collect();
            for place in &group {
                left.remove(place);
            }
            groups.push(self.named(group.into_iter()));
        }
        groups
    }
}

/// Splits systems into groups within which strengths are finite, from above to below.
///
/// Two systems are in a group if each was preferred to the other, directly or along a chain of systems; a tie counts as a
/// preference for both. Between groups, all preferences point the same way, or there are none: then the likelihood
/// grows without bound as their strengths move apart. Groups that were never compared are in the order of their first
/// system.
///
/// # Examples
///
/// ```
/// use mynah_stats::preference::{Comparison, Preference, groups};
///
/// let compare = |first, second, preference| Comparison { first, second, preference, rater: 0, item: 0 };
/// // 3 always wins; 1 and 2 win once each.
/// let judgments = [
///     compare(1, 3, Preference::Second),
///     compare(2, 1, Preference::First),
///     compare(2, 1, Preference::Second),
/// ];
/// assert_eq!(groups(&judgments), [vec![3], vec![1, 2]]);
/// ```
///
/// # References
///
/// L. R. Ford (1957), "Solution of a ranking problem from binary comparisons", American Mathematical Monthly 64, 28-33.
#[must_use]
pub fn groups(comparisons: &[Comparison]) -> Vec<Vec<usize>> {
    Graph::of(comparisons).groups()
}

fn reached_from(links: &[BTreeSet<usize>], start: usize) -> BTreeSet<usize> {
    let (mut reached, mut open) = (BTreeSet::from([start]), vec![start]);
    while let Some(place) = open.pop() {
        for &next in &links[place] {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}
