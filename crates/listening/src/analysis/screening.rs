//! Screening: excludes ratings by declared rules and accounts for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::analysis::study::Study;
use crate::design::controls::{ControlCounts, RightAnswers};
use crate::paradigms::Contrast;
use crate::rating::Rating;
use crate::screening_rule::ScreeningRule;
use crate::system::Role;
use crate::trial::{First, Kind, Slot};

/// The fewest answers of a rater before giving the same one throughout counts as a habit.
const FEWEST_FOR_A_HABIT: usize = 10;
/// The fewest other raters who can show that two conditions differ: of ten who guess, all agree in one study of 500.
const FEWEST_OTHERS: usize = 10;
/// The share of the other raters who must tell two conditions apart. An honest rater then fails to in about one of twenty
/// cases, and gives the same answer to everything else as well in far fewer.
const TELL_APART: f64 = 0.95;
/// The score below which the hidden reference counts as not recognized, and above which an anchor counts as not heard, and the
/// share of a rater's sentences that may be so (BS.1534-3, section 4.1.2).
const EXCELLENT: f64 = 90.0;
const MAY_FAIL: f64 = 0.15;
/// The largest score of a null pair that counts as right, as in ITU-T P.808 for trapping questions of a comparison.
const NULL_PAIR_TOLERANCE: f64 = 1.0;

/// The ratings of one rater that a rule excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The rater.
    pub rater: String,
    /// The first rule that applies.
    pub rule: ScreeningRule,
    /// The number of ratings excluded, including null pairs and anchors; gold trials and traps are none.
    pub n_ratings: usize,
    /// The reason, in numbers.
    pub why: String,
}

/// Tells whether a single answer has a fault.
type Fault = fn(&Rating) -> bool;

/// Applies rules, and returns the ratings that pass and an account of the others.
///
/// Answers to gold trials and traps are no ratings: they are looked at by the rules on them, and go no further.
pub(crate) fn screen<'a>(
    study: &Study,
    ratings: &'a [Rating],
    rules: &[ScreeningRule],
) -> (Vec<&'a Rating>, Vec<Exclusion>) {
    let (controls, mut kept): (Vec<&Rating>, Vec<&Rating>) =
        ratings.iter().partition(|rating| rating.kind.is_control());
    let counts = study.control_counts(controls);
    let mut exclusions = Vec::new();
    for rule in ScreeningRule::ALL.into_iter().filter(|rule| rules.contains(rule)) {
        let mut by_rater: BTreeMap<&str, Vec<&Rating>> = BTreeMap::new();
        for rating in &kept {
            by_rater.entry(&rating.rater).or_default().push(rating);
        }
        let of_answers: Option<(Fault, &str)> = match rule {
            ScreeningRule::Unplayed => Some((is_unplayed, "before all clips were played")),
            ScreeningRule::Unheard => Some((is_unheard, "without hearing the clips to their ends")),
            _ => None,
        };
        if let Some((is_faulty, words)) = of_answers {
            for (rater, ratings) in by_rater {
                let n_ratings = ratings.iter().filter(|rating| is_faulty(rating)).count();
                if n_ratings > 0 {
                    let why = format!("answered {n_ratings} of {} {words}", ratings.len());
                    exclusions.push(Exclusion { rater: rater.to_owned(), rule, n_ratings, why });
                }
            }
            kept.retain(|rating| !is_faulty(rating));
            continue;
        }
        let found: BTreeMap<&str, Exclusion> = by_rater
            .iter()
            .filter_map(|(&rater, ratings)| {
                let why = match rule {
                    ScreeningRule::Traps | ScreeningRule::Gold => {
                        failed_controls(study, rule, counts.iter().find(|one| one.rater == rater)?)?
                    }
                    ScreeningRule::SameAnswer => same_answer(study, rater, &by_rater)?,
                    _ => fault(study, rule, ratings)?,
                };
                let n_ratings = ratings.len();
                Some((rater, Exclusion { rater: rater.to_owned(), rule, n_ratings, why }))
            })
            .collect();
        kept.retain(|rating| !found.contains_key(rating.rater.as_str()));
        exclusions.extend(found.into_values());
    }
    (kept, exclusions)
}

/// Returns a note on the ratings that declared rules exclude; `None` without rules. `noun` is "ratings" or "votes".
pub(crate) fn screening_note(rules: &[ScreeningRule], excluded: &[Exclusion], noun: &str) -> Option<String> {
    let names: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
    let n: usize = excluded.iter().map(|excluded| excluded.n_ratings).sum();
    let raters: BTreeSet<&str> = excluded.iter().map(|excluded| excluded.rater.as_str()).collect();
    let raters = if raters.len() == 1 { "one rater".to_owned() } else { format!("{} raters", raters.len()) };
    (!rules.is_empty()).then(|| {
        format!("Screened by the declared rules ({}): {n} {noun} of {raters} are left out.", names.join(", "))
    })
}

/// Returns a note on the answers to gold trials and traps; `None` without any.
pub(crate) fn controls_note(counts: &[ControlCounts]) -> Option<String> {
    let told = |of: fn(&ControlCounts) -> RightAnswers, noun: &str| {
        let answers: Vec<(&str, RightAnswers)> = counts
            .iter()
            .map(|one| (one.rater.as_str(), of(one)))
            .filter(|(_, answers)| answers.n > 0)
            .collect();
        let failed = answers
            .iter()
            .filter_map(|(rater, answers)| Some(format!("{rater} {}", answers.fault(noun)?)))
            .collect::<Vec<_>>();
        (!answers.is_empty()).then(|| match &failed[..] {
            [] if answers.len() == 1 => format!("The one rater with {noun} passed them."),
            [] => format!("All {} raters with {noun} passed them.", answers.len()),
            _ => format!("Of {} raters with {noun}, {}.", answers.len(), failed.join(", ")),
        })
    };
    let notes = [told(|one| one.traps, "traps"), told(|one| one.gold, "gold trials")];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// Returns the objection of a rule on controls to a rater with these answers.
fn failed_controls(study: &Study, rule: ScreeningRule, counts: &ControlCounts) -> Option<String> {
    match rule {
        ScreeningRule::Traps => {
            let settings = study.protocol.as_ref().map(|protocol| protocol.controls).unwrap_or_default();
            let allowed = settings.failed_traps_allowed as usize;
            counts.traps.fault("traps").filter(|_| counts.traps.n_failed > allowed)
        }
        _ => counts.gold.fault("gold trials").filter(|_| 2 * counts.gold.n_failed > counts.gold.n),
    }
}

fn is_unplayed(rating: &Rating) -> bool {
    let rules = rating.paradigm.rules();
    let has_open_reference = rules.rates_side_by_side();
    let n_clips = rules.clip_order().clips().len() + usize::from(has_open_reference);
    let plays = [rating.plays_first, rating.plays_second, rating.plays_x];
    plays[..n_clips.min(plays.len())].contains(&Some(0))
}

/// Returns `true` if the times that the page measured show that the clips were not heard.
fn is_unheard(rating: &Rating) -> bool {
    rating.is_hurried() || rating.misses_sound() || rating.has_stalls()
}

/// Returns the objection of a rule to a rater with these ratings, if there is one.
fn fault(study: &Study, rule: ScreeningRule, ratings: &[&Rating]) -> Option<String> {
    match rule {
        // These depend on single ratings, or on more than the ratings of a rater, or on no ratings.
        ScreeningRule::Traps
        | ScreeningRule::Gold
        | ScreeningRule::Unplayed
        | ScreeningRule::Unheard
        | ScreeningRule::SameAnswer => None,
        ScreeningRule::NullPairs => {
            let pairs: Vec<&&Rating> =
                ratings.iter().filter(|rating| rating.kind == Kind::NullPair).collect();
            let wrong = pairs.iter().filter(|pair| pair.score.abs() > NULL_PAIR_TOLERANCE).count();
            (2 * wrong > pairs.len()).then(|| {
                format!("judged {wrong} of {} null pairs to differ by more than one point", pairs.len())
            })
        }
        ScreeningRule::Anchor => {
            let anchor = mean_of(ratings, |system| study.anchors().any(|anchor| anchor == system))?;
            match study.rules().contrast(Role::Anchor, study.reference().is_some()) {
                // Whoever hears that anchors are worse also tells them from the reference.
                Contrast::Number(number) if study.rules().tells_apart() => (anchor <= number).then(|| {
                    format!(
                        "was right about the anchors in {:.0} % of trials, as by guessing",
                        100.0 * anchor
                    )
                }),
                Contrast::Number(number) => (anchor >= number)
                    .then(|| format!("judged the anchors {anchor:.2} on average, not below {number}")),
                Contrast::Reference => {
                    let level = mean_of(ratings, |system| study.reference() == Some(system))?;
                    (anchor >= level).then(|| {
                        format!("judged the anchors {anchor:.2} on average and the reference {level:.2}")
                    })
                }
                Contrast::Nothing(_) => None,
            }
        }
        ScreeningRule::HiddenReference => {
            let reference = study.reference()?;
            let (n, of) = count_of(ratings, reference, |score| score < EXCELLENT);
            (n as f64 > MAY_FAIL * of as f64)
                .then(|| format!("rated the hidden reference below {EXCELLENT} in {n} of {of} sentences"))
        }
        ScreeningRule::MidAnchor => study.anchors().find_map(|anchor| {
            let (n, of) = count_of(ratings, anchor, |score| score > EXCELLENT);
            (n as f64 > MAY_FAIL * of as f64)
                .then(|| format!("rated the anchor `{anchor}` above {EXCELLENT} in {n} of {of} sentences"))
        }),
    }
}

/// Counts the scores of a system of which something holds, and all of them.
fn count_of(ratings: &[&Rating], system: &str, holds: impl Fn(f64) -> bool) -> (usize, usize) {
    let own = || ratings.iter().filter(|rating| rating.kind == Kind::Rating && rating.system == system);
    (own().filter(|rating| holds(rating.score)).count(), own().count())
}

/// Condition of a trial: the system and, in a comparison, the clip heard first, that of which X is a copy, and the kind of pair.
type Condition<'a> = (&'a str, Option<First>, Option<Slot>, Kind);

/// Returns the answers of a rater to each condition, in the order of the trials.
fn answers<'a>(ratings: &[&'a Rating]) -> BTreeMap<Condition<'a>, Vec<f64>> {
    let mut answers: BTreeMap<Condition<'a>, Vec<f64>> = BTreeMap::new();
    for rating in ratings {
        answers
            .entry((&rating.system, rating.first, rating.x, rating.kind))
            .or_default()
            .push(rating.score_raw);
    }
    answers
}

/// Returns the objection to a rater who always gives the same answer, if other raters show that it cannot be right.
///
/// A voice at the ceiling of the scale deserves the same answer every time, so the habit alone is none. It is one if the
/// rater's trials contain two conditions that nearly all others tell apart. Others are taken by as many trials as the rater
/// has, since more of them would tell apart more.
fn same_answer(study: &Study, rater: &str, by_rater: &BTreeMap<&str, Vec<&Rating>>) -> Option<String> {
    let ratings = &by_rater[rater];
    let answer = ratings.first()?.score_raw;
    #[expect(clippy::float_cmp, reason = "scores are points of the scale: whole numbers or halves")]
    let is_constant = ratings.iter().all(|rating| rating.score_raw == answer);
    if !is_constant
        || study.rules().neutral_answer() == Some(answer)
        || ratings.len() < FEWEST_FOR_A_HABIT
        || by_rater.len() <= FEWEST_OTHERS
    {
        return None;
    }
    let own = answers(ratings);
    let others: Vec<BTreeMap<Condition<'_>, Vec<f64>>> =
        by_rater.iter().filter(|(other, _)| **other != rater).map(|(_, ratings)| answers(ratings)).collect();
    let conditions: Vec<(&Condition<'_>, usize)> =
        own.iter().map(|(condition, answers)| (condition, answers.len())).collect();
    conditions.iter().enumerate().find_map(|(place, &(one, n_one))| {
        conditions[..place].iter().find_map(|&(two, n_two)| {
            let (mut n_both, mut higher, mut lower) = (0, 0, 0);
            for other in &others {
                let (Some(ones), Some(twos)) = (other.get(one), other.get(two)) else { continue };
                let difference = mean_of_first(ones, n_one) - mean_of_first(twos, n_two);
                n_both += 1;
                higher += usize::from(difference > 0.0);
                lower += usize::from(difference < 0.0);
            }
            let agree = higher.max(lower);
            let is_apart = n_both >= FEWEST_OTHERS && agree as f64 >= TELL_APART * n_both as f64;
            is_apart.then(|| {
                format!(
                    "answered {answer} to all {} trials, although {agree} of {n_both} others tell {} from {}",
                    ratings.len(),
                    described(one),
                    described(two)
                )
            })
        })
    })
}

/// Returns the mean of the first few answers.
fn mean_of_first(answers: &[f64], n: usize) -> f64 {
    let first = &answers[..n.min(answers.len())];
    first.iter().sum::<f64>() / first.len() as f64
}

fn described((system, first, x, kind): &Condition<'_>) -> String {
    let order = match (kind, first) {
        (Kind::NullPair, _) => format!("`{system}` after itself"),
        (_, Some(First::Reference)) => format!("`{system}` heard second"),
        (_, Some(First::System)) => format!("`{system}` heard first"),
        (_, None) => format!("`{system}`"),
    };
    match x {
        None => order,
        Some(Slot::System) => format!("{order} and as X"),
        Some(_) => format!("{order} and not as X"),
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
    let looks_at_anchors =
        |rule: &ScreeningRule| matches!(rule, ScreeningRule::Anchor | ScreeningRule::MidAnchor);
    rules.iter().copied().filter(|rule| role != Role::Anchor || !looks_at_anchors(rule)).collect()
}

#[cfg(test)]
mod tests {
    use mynah_stats::power::Components;

    use super::*;
    use crate::design::plan::Plan;
    use crate::design::protocol::Protocol;
    use crate::paradigms::Paradigm;
    use crate::rehearsal::simulate::{Simulation, simulate};
    use crate::system::System;

    const STUDIES: u64 = 100;

    /// Shares of raters, in percent, over simulated studies of 24 raters: of honest ones who give the same answer
    /// throughout, of honest ones excluded, and of those excluded who always answer as `careless` says.
    fn rates(paradigm: Paradigm, level: f64, anchor: f64, careless: f64) -> [f64; 3] {
        let system = |name: &str, role| System { name: name.into(), role, directory: name.into() };
        let systems = vec![
            system("recordings", Role::Reference),
            system("voice", Role::Candidate),
            system("noisy", Role::Anchor),
        ];
        let protocol =
            Protocol { raters: 24, ratings_per_item: 24, items: None, ..Protocol::standard(paradigm) };
        let items = (0..12).map(|number| format!("s{number}")).collect();
        let plan = Plan::new(protocol, systems, items, "study", 1).expect("a plan");
        let study = Study::of(&plan);
        let mut counts = [0; 3];
        for seed in 0..STUDIES {
            let simulation = Simulation {
                true_differences: [("noisy".to_owned(), anchor)].into(),
                components: Components { item_sd: 0.2, rater_sd: 0.5, residual_sd: 0.7 },
                mos_level: level,
                seed,
                ..Simulation::default()
            };
            let mut ratings = simulate(&plan, &simulation).expect("a simulation");
            let excluded = |ratings: &[Rating]| screen(&study, ratings, &[ScreeningRule::SameAnswer]).1;
            let constant = plan.sessions.iter().filter(|session| {
                let mut own = ratings.iter().filter(|rating| rating.rater == session.rater);
                let first = own.next().map(|rating| rating.score_raw);
                own.all(|rating| Some(rating.score_raw) == first)
            });
            counts[0] += constant.count();
            counts[1] += excluded(&ratings).len();
            let rater = &plan.sessions[0].rater;
            for rating in ratings.iter_mut().filter(|rating| rating.rater == *rater) {
                rating.score_raw = careless;
                rating.score = study.rules().score(careless, rating.first, rating.x);
            }
            counts[2] += excluded(&ratings).iter().filter(|one| one.rater == *rater).count();
        }
        let n = STUDIES as f64;
        [counts[0] as f64 / n / 24.0, counts[1] as f64 / n / 24.0, counts[2] as f64 / n]
            .map(|share| 100.0 * share)
    }

    #[test]
    fn honest_raters_at_the_ceiling_are_kept_and_careless_ones_are_not() {
        // Two systems that nearly everybody finds excellent, and an anchor that is nearly as good: many honest raters give
        // the same answer throughout, and nobody can be told from them.
        let [constant, honest, careless] = rates(Paradigm::Mos, 6.0, -0.5, 5.0);
        assert!(constant > 10.0, "{constant}");
        assert!(honest == 0.0, "{honest}");
        assert!(careless < 1.0, "{careless}");
        // An anchor that most hear.
        let [constant, honest, careless] = rates(Paradigm::Mos, 5.5, -2.0, 5.0);
        assert!(honest < 0.1, "{honest} of {constant}");
        assert!(careless > 80.0, "{careless}");
        // Whoever leans on one key of a comparison claims to hear the second clip better each time.
        let [constant, honest, careless] = rates(Paradigm::Cmos, 0.0, -2.0, 1.0);
        assert!(honest == 0.0, "{honest} of {constant}");
        assert!(careless > 80.0, "{careless}");
    }
}
