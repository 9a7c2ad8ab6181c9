//! The ratings of a system in the form that the statistics take.

use std::collections::{BTreeMap, BTreeSet};

use mynah_stats::clustered::{Clustered, Influence, difference_with_influence, two_way_with_influence};

use crate::analysis::study::Study;
use crate::analysis::verdict::Defined;
use crate::paradigms::Contrast;
use crate::rating::Rating;
use crate::trial::{First, Kind};

pub(crate) const NO_RATINGS: &str = "there are no ratings";

/// The numbers of raters and items in the statistics.
pub(crate) struct Indices<'a> {
    raters: BTreeMap<&'a str, usize>,
    items: BTreeMap<&'a str, usize>,
}

impl<'a> Indices<'a> {
    /// Numbers the raters and items of a study.
    pub(crate) fn of(study: &'a Study) -> Self {
        let number = |names: &'a [String]| {
            names.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect()
        };
        Self { raters: number(&study.raters), items: number(&study.items) }
    }
}

/// Ratings by system and kind, so that hundreds of systems need not search all of them for their own.
pub(crate) struct BySystem<'a>(BTreeMap<(&'a str, Kind), Vec<&'a Rating>>);

impl<'a> BySystem<'a> {
    /// Sorts ratings into systems and kinds.
    pub(crate) fn of(ratings: &[&'a Rating]) -> Self {
        let mut all: BTreeMap<(&str, Kind), Vec<&Rating>> = BTreeMap::new();
        for rating in ratings {
            all.entry((&rating.system, rating.kind)).or_default().push(rating);
        }
        Self(all)
    }

    /// Returns the scores of one kind and system.
    pub(crate) fn scores(&self, kind: Kind, system: &str, indices: &Indices<'_>) -> Scores {
        Scores::of(self.0.get(&(system, kind)).map_or(&[], Vec::as_slice), indices)
    }
}

/// The scores of one system, in the order of the ratings.
pub(crate) struct Scores {
    pub(crate) values: Vec<f64>,
    pub(crate) raters: Vec<usize>,
    pub(crate) items: Vec<usize>,
    /// The clip that was heard first, where that is known; never for single clips.
    pub(crate) first: Vec<Option<First>>,
}

impl Scores {
    fn of(ratings: &[&Rating], indices: &Indices<'_>) -> Self {
        let mut scores = Self { values: vec![], raters: vec![], items: vec![], first: vec![] };
        for rating in ratings {
            scores.values.push(rating.score);
            scores.raters.push(indices.raters[rating.rater.as_str()]);
            scores.items.push(indices.items[rating.item.as_str()]);
            scores.first.push(rating.first);
        }
        scores
    }

    /// Returns the mean score.
    pub(crate) fn mean(&self) -> Defined<f64> {
        if self.values.is_empty() {
            return Defined::Undefined { reason: NO_RATINGS.to_owned() };
        }
        Defined::Ok { value: self.values.iter().sum::<f64>() / self.values.len() as f64 }
    }

    /// Iterates over the positions of the scores that differ from the most common one.
    fn departures(&self) -> impl Iterator<Item = usize> {
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        // Scores are whole numbers, or halves of them.
        let key = |value: f64| (value * 2.0).round() as i64;
        for &value in &self.values {
            *counts.entry(key(value)).or_default() += 1;
        }
        let commonest = counts.into_iter().max_by_key(|&(_, count)| count).map(|(value, _)| value);
        (0..self.values.len()).filter(move |&index| Some(key(self.values[index])) != commonest)
    }

    /// Returns the distance between adjacent answers: half a point if any score lies between two points.
    pub(crate) fn step(&self) -> f64 {
        if self.values.iter().any(|value| value.fract() != 0.0) { 0.5 } else { 1.0 }
    }

    /// Returns the mean score of each item with scores. Sums are multiples of a half, so equal means are equal floats.
    pub(crate) fn means_by_item(&self) -> BTreeMap<usize, f64> {
        let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (value, &item) in self.values.iter().zip(&self.items) {
            let (sum, count) = sums.entry(item).or_default();
            *sum += value;
            *count += 1.0;
        }
        sums.into_iter().map(|(item, (sum, count))| (item, sum / count)).collect()
    }

    /// Returns the mean scores of the items with scores, in order of the items.
    pub(crate) fn item_means(&self) -> Vec<f64> {
        self.means_by_item().into_values().collect()
    }

    /// Returns the number of scores of each item with scores.
    pub(crate) fn ratings_per_item(&self) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for &item in &self.items {
            *counts.entry(item).or_insert(0) += 1;
        }
        counts
    }
}

/// The scores that a system's scores are compared with: a [`Contrast`] with its data.
#[derive(Clone, Copy)]
pub(crate) enum Against<'a> {
    /// A number: 0 where scores are differences already.
    Number(f64),
    /// The reference's scores.
    Reference(&'a Scores),
    /// Nothing, with the reason.
    Nothing(&'static str),
}

impl<'a> Against<'a> {
    /// Looks up the scores that a contrast asks for.
    pub(crate) fn of(contrast: Contrast, reference: Option<&'a Scores>) -> Self {
        match (contrast, reference) {
            (Contrast::Number(number), _) => Self::Number(number),
            (Contrast::Reference, Some(reference)) => Self::Reference(reference),
            (Contrast::Reference, None) => Self::Nothing("there is no reference"),
            (Contrast::Nothing(reason), _) => Self::Nothing(reason),
        }
    }
}

impl Scores {
    /// Returns the values less a number.
    pub(crate) fn less(&self, number: f64) -> Vec<f64> {
        self.values.iter().map(|value| value - number).collect()
    }

    /// Concatenates the scores of this system and another: values, marks of this system, raters, items.
    pub(crate) fn stacked_on(&self, other: &Self) -> (Vec<f64>, Vec<bool>, Vec<usize>, Vec<usize>) {
        let both = |one: &[usize], other: &[usize]| [one, other].concat();
        let values = [&self.values[..], &other.values].concat();
        let is_first = (0..values.len()).map(|index| index < self.values.len()).collect();
        (values, is_first, both(&self.raters, &other.raters), both(&self.items, &other.items))
    }
}

/// An estimate with the influence of each rater and each sentence.
pub(crate) type Estimate = (Clustered, Influence);

/// Estimates the mean, with standard errors jackknifed over raters and sentences.
pub(crate) fn clustered_mean(scores: &Scores) -> Result<Estimate, String> {
    let estimate = two_way_with_influence(&scores.values, &scores.raters, &scores.items).map_err(explain)?;
    hardened(estimate, &[scores])
}

/// Estimates the difference from the reference's mean, with standard errors jackknifed over raters and sentences.
pub(crate) fn clustered_difference(scores: &Scores, reference: &Scores) -> Result<Estimate, String> {
    if scores.values.is_empty() || reference.values.is_empty() {
        return Err(NO_RATINGS.to_owned());
    }
    let (values, in_group_1, raters, items) = scores.stacked_on(reference);
    let estimate = difference_with_influence(&values, &in_group_1, &raters, &items).map_err(explain)?;
    hardened(estimate, &[scores, reference])
}

/// Counts the raters and the sentences with scores that depart from the most common one of their group.
pub(crate) fn departing(groups: &[&Scores]) -> (usize, usize) {
    let mut departing: (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
    for scores in groups {
        for index in scores.departures() {
            departing.0.insert(scores.raters[index]);
            departing.1.insert(scores.items[index]);
        }
    }
    (departing.0.len(), departing.1.len())
}

/// Replaces the standard errors by those that a verdict rests on; the error is the reason why nothing can be concluded.
fn hardened((estimate, influence): Estimate, groups: &[&Scores]) -> Result<Estimate, String> {
    // The variation between raters and sentences shows in those that depart from the rest; one alone shows nothing.
    let (n_raters, n_items) = departing(groups);
    for (what, n) in [("rater", n_raters), ("sentence", n_items)] {
        if n < 2 {
            return Err(format!(
                "nearly all scores are the same, and those that are not belong to a single {what}"
            ));
        }
    }
    let step = groups.iter().map(|scores| scores.step()).fold(0.5, f64::max);
    let estimate = estimate.jackknifed().and_then(|estimate| estimate.on_steps(step)).map_err(explain)?;
    Ok((estimate, influence))
}

/// Renders an error of the statistics in the words of a listening test.
pub(crate) fn explain(error: mynah_stats::Error) -> String {
    match error {
        mynah_stats::Error::Empty => NO_RATINGS.to_owned(),
        mynah_stats::Error::AllEqual { n, value } => format!("all {n} scores are {value}"),
        mynah_stats::Error::AllZero { n } => format!("all {n} scores are 0"),
        mynah_stats::Error::TooUnequal { what, effective } => {
            let what = if what == "items" { "sentences" } else { what };
            mynah_stats::Error::TooUnequal { what, effective }.to_string()
        }
        other => other.to_string(),
    }
}
