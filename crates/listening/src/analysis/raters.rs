//! The raters themselves: their bias, their noise and their agreement.

use std::collections::{BTreeMap, BTreeSet};

use mynah_stats::Interval;
use mynah_stats::bias::{RaterProfile, bias_model};
use mynah_stats::clustered::difference;
use mynah_stats::krippendorff::{self, Scale};
use mynah_stats::reliability::leave_one_out;

use crate::analysis::scores::{Against, BySystem, Indices, NO_RATINGS, Scores, clustered_mean, explain};
use crate::analysis::study::Study;
use crate::analysis::verdict::{Defined, NullPairs, RaterSummary};
use crate::design::protocol::Analysis;
use crate::rating::Rating;
use crate::trial::{First, Kind};

/// The shares of ratings with the system second that count as balanced, where some orders are unknown.
const BALANCED: std::ops::RangeInclusive<f64> = 0.4..=0.6;

/// Weight of the average inconsistency, in ratings, in the estimate of each rater's: without it, a rater who is fitted
/// exactly, as may happen in a small test, leaves the model without a solution.
const PRIOR_RATINGS: f64 = 2.0;

/// Summarizes the comparisons of the reference with itself.
pub(crate) fn null_pairs(study: &Study, ratings: &[&Rating], indices: &Indices<'_>) -> Defined<NullPairs> {
    let pairs = match study.reference() {
        Some(reference) => BySystem::of(ratings).scores(Kind::NullPair, reference, indices),
        None => return Defined::Undefined { reason: "there is no reference".to_owned() },
    };
    let n = pairs.values.len();
    let Defined::Ok { value: mean } = pairs.mean() else {
        let planned = study.protocol.as_ref().is_some_and(|protocol| protocol.null_pairs > 0);
        let reason = if planned { "none of the planned ones was judged" } else { "none were planned" };
        return Defined::Undefined { reason: reason.to_owned() };
    };
    let squares: f64 = pairs.values.iter().map(|score| (score - mean).powi(2)).sum();
    let standard_deviation = if n < 2 {
        Defined::Undefined { reason: "there is only one".to_owned() }
    } else {
        Defined::Ok { value: (squares / (n as f64 - 1.0)).sqrt() }
    };
    let interval = clustered_mean(&pairs)
        .and_then(|(mean, _)| mean.interval(1.0 - study.analysis.alpha).map_err(|error| error.to_string()));
    Defined::Ok {
        value: NullPairs {
            n_ratings: n,
            n_raters: pairs.raters.iter().collect::<BTreeSet<_>>().len(),
            mean,
            interval: interval.into(),
            standard_deviation,
        },
    }
}

/// Computes Krippendorff's alpha over all systems and sentences, without null pairs.
pub(crate) fn agreement(study: &Study, ratings: &[&Rating], indices: &Indices<'_>) -> Defined<f64> {
    let (values, _, clips) = by_clip(study, ratings, indices);
    krippendorff::alpha(&values, &clips, Scale::Ordinal).map_err(explain).into()
}

/// Compares each rater with the others, over all systems and sentences, without null pairs.
pub(crate) fn summaries(study: &Study, ratings: &[&Rating], indices: &Indices<'_>) -> Vec<RaterSummary> {
    let (values, raters, clips) = by_clip(study, ratings, indices);
    let profiles = bias_model(&values, &raters, &clips, PRIOR_RATINGS).map_err(explain).map(|model| {
        model.raters.into_iter().map(|profile| (profile.rater, profile)).collect::<BTreeMap<_, _>>()
    });
    let correlations = leave_one_out(&values, &raters, &clips).map_err(explain);
    let minutes = minutes_by_rater(ratings);
    let n_all = values.len() as f64;
    let mut counts = BTreeMap::<usize, usize>::new();
    for &rater in &raters {
        *counts.entry(rater).or_default() += 1;
    }
    let summary = |(rater, n_ratings): (usize, usize)| {
        let of_profile = |value: fn(&RaterProfile) -> f64| {
            profiles.as_ref().map(|profiles| value(&profiles[&rater])).into()
        };
        RaterSummary {
            rater: study.raters[rater].clone(),
            n_ratings,
            share: n_ratings as f64 / n_all,
            minutes: match minutes.get(study.raters[rater].as_str()) {
                Some(Some(minutes)) => Defined::Ok { value: *minutes },
                _ => Defined::Undefined { reason: "unknown".to_owned() },
            },
            bias: of_profile(|profile| profile.bias),
            inconsistency: of_profile(|profile| profile.inconsistency),
            agreement: match &correlations {
                Ok(correlations) => correlations[&rater].clone().map_err(explain).into(),
                Err(reason) => Defined::Undefined { reason: reason.clone() },
            },
        }
    };
    let mut summaries: Vec<RaterSummary> = counts.into_iter().map(summary).collect();
    summaries.sort_by(|one, other| one.rater.cmp(&other.rater));
    summaries
}

/// Sums the time of the answers of each rater, in minutes; `None` if it is unknown for any answer.
fn minutes_by_rater<'a>(ratings: &[&'a Rating]) -> BTreeMap<&'a str, Option<f64>> {
    const MILLISECONDS: f64 = 60_000.0;
    let mut minutes = BTreeMap::new();
    for rating in Rating::first_of_pages(ratings.iter().copied()) {
        let spent = rating.milliseconds.map(|milliseconds| milliseconds as f64 / MILLISECONDS);
        let sum = minutes.entry(rating.rater.as_str()).or_insert(Some(0.0));
        *sum = sum.zip(spent).map(|(sum, spent)| sum + spent);
    }
    minutes
}

/// Collects the scores of all systems, each with its rater and its clip, a sentence of a system.
fn by_clip(study: &Study, ratings: &[&Rating], indices: &Indices<'_>) -> (Vec<f64>, Vec<usize>, Vec<usize>) {
    let (mut values, mut raters, mut clips) = (Vec::new(), Vec::new(), Vec::new());
    let by_system = BySystem::of(ratings);
    for (position, (name, _)) in study.judged().enumerate() {
        let scores = by_system.scores(Kind::Rating, name, indices);
        values.extend(scores.values);
        raters.extend(scores.raters);
        clips.extend(scores.items.into_iter().map(|item| position * study.items.len() + item));
    }
    (values, raters, clips)
}

/// Estimates by how much higher a system is scored when heard second.
pub(crate) fn order_effect(scores: &Scores, against: Against<'_>, analysis: &Analysis) -> Defined<Interval> {
    if !matches!(against, Against::Number(_)) {
        return Defined::Undefined { reason: "single clips have no order".to_owned() };
    }
    let n = scores.values.len();
    let known: Vec<usize> = (0..n).filter(|&index| scores.first[index].is_some()).collect();
    let heard_second: Vec<bool> =
        known.iter().map(|&index| scores.first[index] == Some(First::Reference)).collect();
    let n_second = heard_second.iter().filter(|second| **second).count();
    let undefined = |reason: String| Defined::Undefined { reason };
    if n == 0 {
        return undefined(NO_RATINGS.to_owned());
    }
    if known.is_empty() {
        return undefined("which clip was heard first is unknown".to_owned());
    }
    // Whoever wrote down only some orders may have done so for a reason that has to do with the scores.
    if known.len() < n && !BALANCED.contains(&(n_second as f64 / known.len() as f64)) {
        return undefined(format!(
            "which clip was heard first is unknown for {} of {n} ratings, and the others are not balanced: the system was \
             second in {n_second} of {}",
            n - known.len(),
            known.len()
        ));
    }
    if n_second == 0 || n_second == known.len() {
        return undefined("the clips were heard in one order only".to_owned());
    }
    let values: Vec<f64> = known.iter().map(|&index| scores.values[index]).collect();
    let of = |clusters: &[usize]| -> Vec<usize> { known.iter().map(|&index| clusters[index]).collect() };
    difference(&values, &heard_second, &of(&scores.raters), &of(&scores.items))
        // Nothing is concluded from it, so the plain standard errors suffice if one sentence was heard in one order only.
        .and_then(|effect| effect.jackknifed().unwrap_or(effect).interval(1.0 - analysis.alpha))
        .map_err(explain)
        .into()
}
