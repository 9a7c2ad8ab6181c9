//! Rules by which ratings are left out: named, declared before the test, and accounted for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::study::Study;
use crate::design::plan::Role;
use crate::rating::{Kind, Paradigm, Rating};

/// Answers that a rater must have given before all the same ones count as a habit.
const FEWEST_FOR_A_HABIT: usize = 10;
/// A null pair judged farther from 0 than this is judged wrongly, as in ITU-T P.808 for trapping questions of a
/// comparison.
const NULL_PAIR_TOLERANCE: f64 = 1.0;

/// A rule by which ratings are left out.
///
/// None of them looks at what a rater thinks of the systems under test. In particular nobody is left out for answering
/// "about the same" to everything: of a voice at human level that is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreeningRule {
    /// An answer before every clip of it was played at least once; plays that were not recorded pass.
    Unplayed,
    /// Raters who judged more than half of their null pairs to differ by more than one point (CMOS).
    NullPairs,
    /// Raters of at least ten trials who gave one and the same answer every time: in a comparison, as clicked, other than
    /// "about the same".
    SameAnswer,
    /// Raters who, on average, do not hear that the anchors are worse than the reference. The anchors themselves are judged
    /// without this rule: otherwise they would always be found worse.
    Anchor,
}

impl ScreeningRule {
    /// All rules, in the order in which they are applied.
    pub const ALL: [Self; 4] = [Self::Unplayed, Self::NullPairs, Self::SameAnswer, Self::Anchor];

    /// The rules that a test of this kind can have.
    #[must_use]
    pub fn of(paradigm: Paradigm) -> Vec<Self> {
        let fits = |rule: &Self| paradigm == Paradigm::Cmos || *rule != Self::NullPairs;
        Self::ALL.into_iter().filter(fits).collect()
    }

    /// The name that files use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unplayed => "unplayed",
            Self::NullPairs => "null-pairs",
            Self::SameAnswer => "same-answer",
            Self::Anchor => "anchor",
        }
    }
}

/// What a rule has left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The rater.
    pub rater: String,
    /// The rule; a rater's ratings are left out by the first that applies.
    pub rule: ScreeningRule,
    /// How many of the rater's ratings, null pairs and anchors counted.
    pub n_ratings: usize,
    /// Why, in numbers.
    pub why: String,
}

/// The ratings that pass some rules, and an account of the others.
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
    rating.plays_first == Some(0) || (rating.paradigm == Paradigm::Cmos && rating.plays_second == Some(0))
}

/// What a rule has against a rater who gave these ratings, if anything.
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
            let harmless = study.paradigm == Paradigm::Cmos && first == 0.0;
            (same && !harmless && ratings.len() >= FEWEST_FOR_A_HABIT)
                .then(|| format!("answered {first} to all {} trials", ratings.len()))
        }
        ScreeningRule::Anchor => {
            let anchor = mean_of(ratings, |system| study.anchors().any(|anchor| anchor == system))?;
            let level = match study.paradigm {
                Paradigm::Cmos => 0.0,
                Paradigm::Mos => mean_of(ratings, |system| study.reference() == Some(system))?,
            };
            (anchor >= level).then(|| match study.paradigm {
                Paradigm::Cmos => format!("judged the anchors {anchor:.2} on average, not below 0"),
                Paradigm::Mos => {
                    format!("judged the anchors {anchor:.2} on average and the reference {level:.2}")
                }
            })
        }
    }
}

/// The mean score of some systems; `None` where there is none.
fn mean_of(ratings: &[&Rating], is_one: impl Fn(&str) -> bool) -> Option<f64> {
    let scores: Vec<f64> = ratings
        .iter()
        .filter(|rating| rating.kind == Kind::Rating && is_one(&rating.system))
        .map(|rating| rating.score)
        .collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// The rules by which the ratings of a system are screened.
pub(crate) fn rules_for(rules: &[ScreeningRule], role: Role) -> Vec<ScreeningRule> {
    rules.iter().copied().filter(|rule| role != Role::Anchor || *rule != ScreeningRule::Anchor).collect()
}
