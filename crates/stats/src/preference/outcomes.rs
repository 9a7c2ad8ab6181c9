//! Outcomes of one ordered pair: probabilities, scores and information, and the places of the parameters.

use std::collections::BTreeMap;

use super::Preference;

/// Coefficients of the utility of each outcome on the strengths of the first and the second system, the order effect and
/// the tendency to ties.
const UTILITIES: [[f64; 4]; 3] = [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.5, 0.5, 0.0, 1.0]];

/// Places of the parameters in their vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Place of each system's strength; None for the last one of each group, which is 0 in the fit.
    strengths: BTreeMap<usize, Option<usize>>,
    /// Places of the strengths of each group.
    pub(super) by_group: Vec<Vec<usize>>,
    pub(super) order: Option<usize>,
    pub(super) ties: Option<usize>,
    pub(super) n_parameters: usize,
}

impl Layout {
    /// Lays out the strengths group by group, then the order effect and the tendency to ties.
    pub(super) fn of(groups: &[Vec<usize>], with_order: bool, with_ties: bool) -> Self {
        let (mut strengths, mut by_group, mut n) = (BTreeMap::new(), Vec::new(), 0);
        for group in groups {
            let Some((last, others)) = group.split_last() else { continue };
            strengths.insert(*last, None);
            by_group.push((n..n + others.len()).collect());
            for system in others {
                strengths.insert(*system, Some(n));
                n += 1;
            }
        }
        let mut next = |wanted: bool| {
            n += usize::from(wanted);
            wanted.then(|| n - 1)
        };
        let (order, ties) = (next(with_order), next(with_ties));
        Self { strengths, by_group, order, ties, n_parameters: n }
    }

    /// Returns the place of a system's strength; None if it is fixed.
    pub(super) fn strength(&self, system: usize) -> Option<usize> {
        self.strengths.get(&system).copied().flatten()
    }

    /// Returns the places of the four parameters of an ordered pair.
    pub(super) fn places(&self, first: usize, second: usize) -> [Option<usize>; 4] {
        [self.strength(first), self.strength(second), self.order, self.ties]
    }

    /// Applies the covariance of independent unit effects on every strength, the order effect and the tendency to ties.
    ///
    /// Strengths are relative to the last of their group, whose effect they share.
    pub(super) fn apply_unit_effects(&self, vector: &[f64]) -> Vec<f64> {
        let mut result = vector.to_vec();
        for group in &self.by_group {
            let sum: f64 = group.iter().map(|&place| vector[place]).sum();
            for &place in group {
                result[place] += sum;
            }
        }
        result
    }
}

/// Probabilities, scores and information of the outcomes of an ordered pair.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcomes {
    places: [Option<usize>; 4],
    pub(super) log_shares: [f64; 3],
    scores: [[f64; 4]; 3],
    information: [[f64; 4]; 4],
}

impl Outcomes {
    /// Computes them at some parameters.
    pub(super) fn at(parameters: &[f64], places: [Option<usize>; 4]) -> Self {
        let own = places.map(|place| place.map_or(0.0, |place| parameters[place]));
        let with_ties = places[3].is_some();
        let n = if with_ties { 3 } else { 2 };
        let utilities = utilities(own);
        let largest = utilities[..n].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = utilities[..n].iter().map(|utility| (utility - largest).exp()).sum();
        let shares = shares(own, with_ties);
        let log_shares = utilities.map(|utility| utility - largest - total.ln());
        let mut mean = [0.0; 4];
        for (row, share) in UTILITIES.iter().zip(shares) {
            mean.iter_mut().zip(row).for_each(|(sum, entry)| *sum += share * entry);
        }
        let scores = UTILITIES.map(|row| [0, 1, 2, 3].map(|k| row[k] - mean[k]));
        let mut information = [[0.0; 4]; 4];
        for (score, share) in scores.iter().zip(shares) {
            for (row, left) in information.iter_mut().zip(score) {
                row.iter_mut().zip(score).for_each(|(entry, right)| *entry += share * left * right);
            }
        }
        Self { places, log_shares, scores, information }
    }

    /// Adds the score of an outcome to a vector.
    pub(super) fn add_score(&self, outcome: usize, weight: f64, gradient: &mut [f64]) {
        for (place, score) in self.places.iter().zip(self.scores[outcome]) {
            if let Some(place) = place {
                gradient[*place] += weight * score;
            }
        }
    }

    /// Adds the information of a judgment to a row-major matrix.
    pub(super) fn add_information(&self, weight: f64, matrix: &mut [f64], size: usize) {
        for (row, entries) in self.places.iter().zip(&self.information) {
            for (column, entry) in self.places.iter().zip(entries) {
                if let (Some(row), Some(column)) = (row, column) {
                    matrix[row * size + column] += weight * entry;
                }
            }
        }
    }

    /// Returns the product of the score of an outcome with a vector.
    pub(super) fn score_times(&self, outcome: usize, vector: &[f64]) -> f64 {
        let entries = self.places.iter().zip(self.scores[outcome]);
        entries.filter_map(|(place, score)| place.map(|place| score * vector[place])).sum()
    }
}

/// Returns the index of an outcome.
pub(super) fn index_of(preference: Preference) -> usize {
    match preference {
        Preference::First => 0,
        Preference::Second => 1,
        Preference::Tie => 2,
    }
}

fn utilities(own: [f64; 4]) -> [f64; 3] {
    UTILITIES.map(|row| row.iter().zip(own).map(|(coefficient, value)| coefficient * value).sum())
}

/// Computes the probabilities of the outcomes from the two strengths, the order effect and the tendency to ties.
pub(super) fn shares(own: [f64; 4], with_ties: bool) -> [f64; 3] {
    let utilities = utilities(own);
    let n = if with_ties { 3 } else { 2 };
    let largest = utilities[..n].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut shares = utilities.map(|utility| (utility - largest).exp());
    if !with_ties {
        shares[2] = 0.0;
    }
    let total: f64 = shares.iter().sum();
    shares.map(|share| share / total)
}
