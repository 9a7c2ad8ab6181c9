//! From votes to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use mynah_stats::clustered::Clustered;
use mynah_stats::preference::{
    Comparison, Evidence, OrderEffect, PairTest, PairTests, Preference, groups, test_pairs,
};
use mynah_stats::{Error as StatsError, Interval};

use super::check::{Tally, check, trimmed};
use super::{PreferencePair, PreferenceStudy, PreferenceSystem, PreferenceVerdict, Vote, words};
use crate::analysis::ranking::possible_ranks;
use crate::analysis::scores::explain;
use crate::analysis::verdict::{Conclusion, Defined};
use crate::error::Error;
use crate::rating::Origin;

/// The largest number of systems that are compared pair by pair.
const MOST_SYSTEMS: usize = 30;

/// Judges votes for one of two clips, which came without a plan.
///
/// ```text
/// strength        Bradley-Terry by maximum likelihood, with ties (Davidson 1970) and an order effect
/// a is preferred  the interval of the difference in strength lies above 0; errors jackknifed over raters and sentences
///                 or, where a was preferred in every judgment, a sign test by raters and sentences in either order
/// family          all pairs: in a share 1 - alpha of studies every preference found is true, and every range of ranks
/// ```
///
/// A vote counts once, whoever gave it; what a rater's votes have in common is in the error. A rater may judge a
/// pair of a sentence in both orders. Blanks around names are removed.
///
/// # Errors
///
/// [`Error::Protocol`] for an alpha that breaks the rule; [`Error::Found`] without votes, for a reference that nobody
/// judged, and for more than 30 systems; [`Error::Rating`], with file and row, for an empty name, a system compared with
/// itself, and a repeated judgment.
///
/// # Examples
///
/// ```
/// use mynah_listening::{Origin, PreferenceStudy, Vote, judge_preferences};
/// use mynah_stats::preference::Preference;
///
/// // Eight raters judge twelve sentences; the new voice wins two votes in three.
/// let votes: Vec<Vote> = (0..96)
///     .map(|k| Vote {
///         rater: format!("rater-{}", k % 8),
///         item: format!("sentence-{}", k / 8),
///         first: if k % 2 == 0 { "new" } else { "old" }.into(),
///         second: if k % 2 == 0 { "old" } else { "new" }.into(),
///         choice: if (k * 7 % 3 < 2) == (k % 2 == 0) { Preference::First } else { Preference::Second },
///         origin: Origin::Human,
///         source_file: "votes.csv".into(),
///         source_row: k + 1,
///     })
///     .collect();
/// let study = PreferenceStudy { name: "votes".into(), reference: Some("old".into()), alpha: 0.05, repeats: false };
/// let verdict = judge_preferences(&study, &votes)?;
/// assert!(verdict.systems[0].words.starts_with("Listeners prefer `new` to `old`"), "{}", verdict.systems[0].words);
/// # Ok::<(), mynah_listening::Error>(())
/// ```
///
/// # References
///
/// R. R. Davidson (1970), "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments",
/// JASA 65, 317-328. R. R. Davidson and R. J. Beaver (1977), "On extending the Bradley-Terry model to incorporate
/// within-pair order effects", Biometrics 33, 693-702.
pub fn judge_preferences(study: &PreferenceStudy, votes: &[Vote]) -> Result<PreferenceVerdict, Error> {
    let (votes, blanks) = trimmed(votes);
    let study = &PreferenceStudy {
        reference: study.reference.as_ref().map(|name| name.trim().to_owned()),
        ..study.clone()
    };
    let mut verdict = judge_checked(study, &votes)?;
    verdict.notes.splice(0..0, std::iter::once(words::without_plan(study)).chain(blanks));
    Ok(verdict)
}

/// Judges votes whose names have no blanks around them, and takes no notice of whether there was a plan.
///
/// # Errors
///
/// Those of [`judge_preferences`].
pub(super) fn judge_checked(study: &PreferenceStudy, votes: &[Vote]) -> Result<PreferenceVerdict, Error> {
    check(study, votes)?;
    let numbered = Numbered::of(votes);
    if numbered.systems.len() > MOST_SYSTEMS {
        return Err(Error::Found {
            what: format!("there are {} systems, and {MOST_SYSTEMS} can be compared", numbered.systems.len()),
            remedy: Some("judge a part of them"),
        });
    }
    let tests = test_pairs(&numbered.comparisons, study.alpha)
        .map_err(|source| Error::Statistics { what: "the preferences", source })?;
    let order = numbered.by_strength(&tests);
    let ranks = possible_ranks(order.len(), found(&tests, &order, study.alpha));
    let name = |system: usize| numbered.systems[system];
    let pairs: Vec<PreferencePair> = (0..order.len())
        .flat_map(|high| (high + 1..order.len()).map(move |low| (high, low)))
        .map(|(high, low)| pair(&numbered, votes, &tests, (order[high], order[low]), study.alpha))
        .collect();
    let systems = order.iter().zip(&ranks).map(|(&system, &(best_rank, worst_rank))| {
        let tally = Tally::of(votes, name(system), None);
        PreferenceSystem {
            system: name(system).to_owned(),
            n_votes: tally.total(),
            n_preferred: tally.preferred,
            n_tied: tally.tied,
            strength: numbered.strength(&tests, system),
            best_rank,
            worst_rank,
            conclusion: None,
            words: String::new(),
        }
    });
    let count = |choice: Preference| votes.iter().filter(|vote| vote.choice == choice).count();
    let order_effect =
        tests.model.as_ref().map_err(Clone::clone).and_then(|model| model.order_effect()?.jackknifed());
    let undefined = || order_reason(&tests);
    let level = 1.0 - study.alpha;
    let mut verdict = PreferenceVerdict {
        study: study.name.clone(),
        design: None,
        protocol: None,
        controls: Vec::new(),
        excluded: Vec::new(),
        origin: origin(votes),
        reference: study.reference.clone(),
        alpha: study.alpha,
        n_votes: votes.len(),
        n_first: count(Preference::First),
        n_second: count(Preference::Second),
        n_tied: count(Preference::Tie),
        n_raters: numbered.n_raters,
        n_items: numbered.n_items,
        effective_raters: effective(numbered.comparisons.iter().map(|one| one.rater)),
        effective_items: effective(numbered.comparisons.iter().map(|one| one.item)),
        order_effect: defined(&order_effect, undefined(), |one| one.interval(level)),
        order_p_value: defined(&order_effect, undefined(), |one| Ok(one.t_test().p_value)),
        tie_tendency: match &tests.model {
            Ok(model) => model.tie_tendency.ok_or("nobody chose neither").into(),
            Err(error) => Defined::Undefined { reason: explain(error.clone()) },
        },
        systems: systems.collect(),
        pairs,
        wins: order
            .iter()
            .map(|&row| {
                let wins = |&column: &usize| Tally::of(votes, name(row), Some(name(column))).preferred;
                order.iter().map(wins).collect()
            })
            .collect(),
        words: String::new(),
        notes: words::notes(votes, tests.order, &numbered.groups_by_name(), study),
    };
    conclude(&mut verdict);
    Ok(verdict)
}

/// Draws the conclusions against the reference, and puts everything into words.
fn conclude(verdict: &mut PreferenceVerdict) {
    let conclusions: Vec<Option<Conclusion>> = verdict
        .systems
        .iter()
        .map(|system| {
            let reference = verdict.reference.as_ref().filter(|reference| **reference != system.system)?;
            Some(match &verdict.pair(&system.system, reference)?.preferred {
                Some(preferred) if *preferred == system.system => Conclusion::Better,
                Some(_) => Conclusion::Worse,
                None => Conclusion::Inconclusive,
            })
        })
        .collect();
    for (system, conclusion) in verdict.systems.iter_mut().zip(conclusions) {
        system.conclusion = conclusion;
    }
    let all: Vec<String> = verdict.systems.iter().map(|system| words::of_system(verdict, system)).collect();
    for (system, words) in verdict.systems.iter_mut().zip(all) {
        system.words = words;
    }
    verdict.words = words::of_all(verdict);
}

/// Votes with numbers for names.
struct Numbered<'a> {
    systems: Vec<&'a str>,
    comparisons: Vec<Comparison>,
    n_raters: usize,
    n_items: usize,
}

impl<'a> Numbered<'a> {
    /// Numbers systems in order of appearance, raters and sentences by name.
    fn of(votes: &'a [Vote]) -> Self {
        let mut systems: Vec<&str> = Vec::new();
        for name in votes.iter().flat_map(|vote| [&vote.first, &vote.second]) {
            if !systems.contains(&name.as_str()) {
                systems.push(name);
            }
        }
        let places: BTreeMap<&str, usize> = systems.iter().enumerate().map(|(k, &name)| (name, k)).collect();
        let numbers = |name: fn(&Vote) -> &String| -> BTreeMap<&str, usize> {
            let distinct: BTreeSet<&str> = votes.iter().map(|vote| name(vote).as_str()).collect();
            distinct.into_iter().enumerate().map(|(k, name)| (name, k)).collect()
        };
        let (raters, items) = (numbers(|vote| &vote.rater), numbers(|vote| &vote.item));
        let comparisons = votes
            .iter()
            .map(|vote| Comparison {
                first: places[vote.first.as_str()],
                second: places[vote.second.as_str()],
                preference: vote.choice,
                rater: raters[vote.rater.as_str()],
                item: items[vote.item.as_str()],
            })
            .collect();
        Self { systems, comparisons, n_raters: raters.len(), n_items: items.len() }
    }

    /// Returns the systems from the strongest to the weakest; without strengths, by their shares of votes.
    fn by_strength(&self, tests: &PairTests) -> Vec<usize> {
        let share = |system: usize| {
            let own = self.comparisons.iter().filter(|one| one.first == system || one.second == system);
            let (points, n) = own.fold((0.0, 0.0), |(points, n), one| {
                let point = one.preferred().map_or(0.5, |preferred| f64::from(u8::from(preferred == system)));
                (points + point, n + 1.0)
            });
            points / n
        };
        let key = |system: usize| match &tests.model {
            Ok(model) => {
                let own = model.strengths.iter().find(|(name, _)| *name == system);
                own.map_or(0.0, |(_, strength)| *strength)
            }
            Err(_) => share(system),
        };
        let mut order = Vec::new();
        for mut group in groups(&self.comparisons) {
            group.sort_by(|one, other| key(*other).total_cmp(&key(*one)));
            order.extend(group);
        }
        order
    }

    /// Returns the names of the systems of each group.
    fn groups_by_name(&self) -> Vec<Vec<String>> {
        let names = |group: Vec<usize>| group.into_iter().map(|k| self.systems[k].to_owned()).collect();
        groups(&self.comparisons).into_iter().map(names).collect()
    }

    /// Returns the strength of a system relative to all others, if that is finite.
    fn strength(&self, tests: &PairTests, system: usize) -> Defined<f64> {
        let own = self.comparisons.iter().filter(|one| one.first == system || one.second == system);
        let (mut won, mut lost) = (true, true);
        for one in own {
            won &= one.preferred() == Some(system);
            lost &= one.preferred().is_some_and(|preferred| preferred != system);
        }
        let undefined = |reason: &str| Defined::Undefined { reason: reason.to_owned() };
        match &tests.model {
            _ if won => undefined("preferred in every judgment; the strength has no upper bound"),
            _ if lost => undefined("preferred in no judgment; the strength has no lower bound"),
            Ok(model) if model.groups.len() > 1 => {
                undefined("between some systems all preferences point the same way, or there are none")
            }
            Ok(model) => {
                let own = model.strengths.iter().find(|(name, _)| *name == system);
                own.map(|(_, strength)| *strength).ok_or("it has no votes").into()
            }
            Err(error) => undefined(&explain(error.clone())),
        }
    }
}

/// Returns the preferences found, as the places of the preferred and of the other system.
fn found(tests: &PairTests, order: &[usize], alpha: f64) -> Vec<(usize, usize)> {
    let place = |system: usize| order.iter().position(|&other| other == system).unwrap_or_default();
    tests
        .pairs
        .iter()
        .filter_map(|test| {
            let preferred = test.preferred(alpha)?;
            let other = if preferred == test.system { test.other } else { test.system };
            Some((place(preferred), place(other)))
        })
        .collect()
}

/// Reports one pair, the higher system first.
fn pair(
    numbered: &Numbered<'_>,
    votes: &[Vote],
    tests: &PairTests,
    (high, low): (usize, usize),
    alpha: f64,
) -> PreferencePair {
    let name = |system: usize| numbered.systems[system].to_owned();
    let tally = Tally::of(votes, numbered.systems[high], Some(numbered.systems[low]));
    let own: Vec<&Comparison> = numbered.comparisons.iter().filter(|one| one.is_of(high, low)).collect();
    let distinct =
        |of: fn(&Comparison) -> usize| own.iter().map(|one| of(one)).collect::<BTreeSet<_>>().len();
    let is_it = |test: &&PairTest| [(high, low), (low, high)].contains(&(test.system, test.other));
    let test = tests.pairs.iter().find(is_it);
    let evidence = test.map_or(Err(StatsError::Empty), |test| test.evidence.clone());
    let sign = if test.is_some_and(|test| test.system == high) { 1.0 } else { -1.0 };
    let unanimous = matches!(evidence, Ok(Evidence::Unanimous { .. }));
    let reason = match &evidence {
        Ok(_) => "preferred in every judgment; the difference in strength has no upper bound".to_owned(),
        Err(StatsError::Empty) => "the two were never compared".to_owned(),
        Err(error) => explain(error.clone()),
    };
    let estimate = match &evidence {
        Ok(Evidence::Difference { difference, adjusted }) => Ok((*difference, adjusted.interval)),
        _ => Err(StatsError::Empty),
    };
    let of = |value: fn(&Clustered) -> f64| defined(&estimate, reason.clone(), |(one, _)| Ok(value(one)));
    let turned = |interval: &Interval| Interval {
        estimate: sign * interval.estimate,
        low: if sign > 0.0 { interval.low } else { -interval.high },
        high: if sign > 0.0 { interval.high } else { -interval.low },
        level: interval.level,
    };
    let difference = defined(&estimate, reason.clone(), |(_, interval)| Ok(turned(interval)));
    let share = defined(&estimate, reason.clone(), |(_, interval)| {
        let Interval { estimate, low, high, level } = turned(interval);
        Ok(Interval { estimate: logistic(estimate), low: logistic(low), high: logistic(high), level })
    });
    PreferencePair {
        system: name(high),
        minus: name(low),
        n_votes: tally.total(),
        n_preferred: tally.preferred,
        n_tied: tally.tied,
        n_not_preferred: tally.not_preferred,
        n_raters: distinct(|one| one.rater),
        n_items: distinct(|one| one.item),
        unanimous,
        expected: expected(&own, tests, high, &reason),
        difference,
        share,
        standard_error: of(|one| one.standard_error),
        degrees_of_freedom: of(|one| one.degrees_of_freedom),
        effective_raters: of(|one| one.effective_raters),
        effective_items: of(|one| one.effective_items),
        adjusted_p_value: match evidence {
            Ok(Evidence::Difference { adjusted, .. }) => Defined::Ok { value: adjusted.adjusted_p_value },
            Ok(Evidence::Unanimous { adjusted_p_value, .. }) => Defined::Ok { value: adjusted_p_value },
            Err(_) => Defined::Undefined { reason },
        },
        preferred: test.and_then(|test| test.preferred(alpha)).map(name),
    }
}

/// Returns the share of votes for a system that the model expects among those for either, in the orders that were heard.
fn expected(own: &[&Comparison], tests: &PairTests, system: usize, reason: &str) -> Defined<f64> {
    let undefined = || Defined::Undefined { reason: reason.to_owned() };
    let Ok(model) = &tests.model else { return undefined() };
    let (mut for_it, mut for_either) = (0.0, 0.0);
    for one in own {
        if !model.groups.iter().any(|group| group.contains(&one.first) && group.contains(&one.second)) {
            return undefined();
        }
        let Ok([first, second, _]) = model.shares(one.first, one.second) else { return undefined() };
        for_it += if one.first == system { first } else { second };
        for_either += first + second;
    }
    if for_either > 0.0 {
        Defined::Ok { value: for_it / for_either }
    } else {
        Defined::Undefined { reason: "the two were never compared".to_owned() }
    }
}

/// Reads a value from an estimate, or gives the reason why there is none.
fn defined<T, V>(
    estimate: &Result<T, StatsError>,
    reason: String,
    of: impl Fn(&T) -> Result<V, StatsError>,
) -> Defined<V> {
    match estimate.as_ref().map(of) {
        Ok(Ok(value)) => Defined::Ok { value },
        Ok(Err(error)) => Defined::Undefined { reason: error.to_string() },
        Err(_) => Defined::Undefined { reason },
    }
}

/// Explains why the order effect has no estimate.
fn order_reason(tests: &PairTests) -> String {
    match (&tests.model, tests.order) {
        (_, OrderEffect::Confounded) => "the same systems always came first".to_owned(),
        (Err(error), _) => explain(error.clone()),
        (Ok(_), OrderEffect::Unbounded) => "it has no finite estimate".to_owned(),
        (Ok(_), OrderEffect::Estimated) => "raters or sentences are too few or too unequal".to_owned(),
    }
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Returns the number of clusters that would weigh as much if all were of the same size.
pub(super) fn effective<K: Ord>(clusters: impl Iterator<Item = K>) -> f64 {
    let mut counts: BTreeMap<K, f64> = BTreeMap::new();
    for cluster in clusters {
        *counts.entry(cluster).or_default() += 1.0;
    }
    let (sum, squares) = counts.values().fold((0.0, 0.0), |(sum, squares), n| (sum + n, squares + n * n));
    sum * sum / squares
}

fn origin(votes: &[Vote]) -> Origin {
    if votes.iter().any(|vote| vote.origin == Origin::Simulated) { Origin::Simulated } else { Origin::Human }
}
