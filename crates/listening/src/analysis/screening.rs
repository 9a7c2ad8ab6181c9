//! Screening: excludes ratings by declared rules and accounts for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::study::Study;
use crate::paradigms::Contrast;
use crate::rating::Rating;
use crate::screening_rule::ScreeningRule;
use crate::system::Role;
use crate::trial::Kind;

/// The fewest answers of a rater before giving the same one throughout counts as a habit.
const FEWEST_FOR_A_HABIT: usize = 10;
/// The largest score of a null pair that counts as right, as in ITU-T P.808 for trapping questions of a comparison.
const NULL_PAIR_TOLERANCE: f64 = 1.0;

/// The ratings of one rater that a rule excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The rater.
    pub rater: String,
    /// The first rule that applies.
    pub rule: ScreeningRule,
    /// The number of ratings excluded, including null pairs and anchors.
    pub n_ratings: usize,
    /// The reason, in numbers.
    pub why: String,
}

/// Applies rules, and returns the ratings that pass and an account of the others.
pub(crate) fn screen<'a>(
    study: &Study,
    ratings: &'a [Rating],
    rules: &[ScreeningRule],
) -> (Vec<&'a Rating>, Vec<Exclusion>) {
    let mut kept: Vec<&Rating> = ratings.iter().collect();
    let mut exclusions = Vec::new();
    for rule in ScreeningRule::ALL.into_iter().filter(|rule| rules.contains(rule)) {
        let mut by_rater: BTreeMap<&str, Vec<&Rating>> = BTreeMap::new();
        for rating in &kept {
            by_rater.entry(&rating.rater).or_default().push(rating);
        }
        if rule == ScreeningRule::Unplayed {
            for (rater, ratings) in by_rater {
                let n_ratings = ratings.iter().filter(|rating| is_unplayed(rating)).count();
                if n_ratings > 0 {
                    let why =
                        format!("answered {n_ratings} of {} before all clips were played", ratings.len());
                    exclusions.push(Exclusion { rater: rater.to_owned(), rule, n_ratings, why });
                }
            }
            kept.retain(|rating| !is_unplayed(rating));
            continue;
        }
        let found: BTreeMap<&str, Exclusion> = by_rater
            .into_iter()
            .filter_map(|(rater, ratings)| {
                let why = fault(study, rule, &ratings)?;
                let n_ratings = ratings.len();
                Some((rater, Exclusion { rater: rater.to_owned(), rule, n_ratings, why }))
            })
            .collect();
        kept.retain(|rating| !found.contains_key(rating.rater.as_str()));
        exclusions.extend(found.into_values());
    }
    (kept, exclusions)
}

fn is_unplayed(rating: &Rating) -> bool {
    let has_second = rating.paradigm.rules().has_order();
    rating.plays_first == Some(0) || (has_second && rating.plays_second == Some(0))
}

/// Returns the objection of a rule to a rater with these ratings, if there is one.
fn fault(study: &Study, rule: ScreeningRule, ratings: &[&Rating]) -> Option<String> {
    match rule {
        ScreeningRule::Unplayed => None,
        ScreeningRule::NullPairs => {
            let pairs: Vec<&&Rating> =
                ratings.iter().filter(|rating| rating.kind == Kind::NullPair).collect();
            let wrong = pairs.iter().filter(|pair| pair.score.abs() > NULL_PAIR_TOLERANCE).count();
            (2 * wrong > pairs.len()).then(|| {
                format!("judged {wrong} of {} null pairs to differ by more than one point", pairs.len())
            })
        }
        ScreeningRule::SameAnswer => {
            let first = ratings.first()?.score_raw;
            #[expect(clippy::float_cmp, reason = "scores are points of the scale: whole numbers")]
            let same = ratings.iter().all(|rating| rating.score_raw == first);
            let harmless = study.rules().neutral_answer() == Some(first);
            (same && !harmless && ratings.len() >= FEWEST_FOR_A_HABIT)
                .then(|| format!("answered {first} to all {} trials", ratings.len()))
        }
        ScreeningRule::Anchor => {
            let anchor = mean_of(ratings, |system| study.anchors().any(|anchor| anchor == system))?;
            match study.rules().contrast(Role::Anchor, study.reference().is_some()) {
                Contrast::Zero => {
                    (anchor >= 0.0).then(|| format!("judged the anchors {anchor:.2} on average, not below 0"))
                }
                Contrast::Reference => {
                    let level = mean_of(ratings, |system| study.reference() == Some(system))?;
                    (anchor >= level).then(|| {
                        format!("judged the anchors {anchor:.2} on average and the reference {level:.2}")
                    })
                }
                Contrast::Nothing(_) => None,
            }
        }
    }
}

/// Returns the mean score of some systems; `None` without ratings of them.
fn mean_of(ratings: &[&Rating], is_one: impl Fn(&str) -> bool) -> Option<f64> {
    let scores: Vec<f64> = ratings
        .iter()
        .filter(|rating| rating.kind == Kind::Rating && is_one(&rating.system))
        .map(|rating| rating.score)
        .collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// Returns the rules that screen the ratings of a system with this role.
pub(crate) fn rules_for(rules: &[ScreeningRule], role: Role) -> Vec<ScreeningRule> {
    rules.iter().copied().filter(|rule| role != Role::Anchor || *rule != ScreeningRule::Anchor).collect()
}
