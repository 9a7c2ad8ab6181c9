//! The order of the systems under test, by all pairs of them.

use mynah_stats::clustered::{Clustered, Influence};
use mynah_stats::{Adjusted, Interval, adjust};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::analysis::sample::Sample;
use crate::analysis::scores::{Scores, clustered_difference};
use crate::analysis::study::Study;
use crate::analysis::verdict::Defined;
use crate::system::Role;

/// The largest number of systems that are ranked. Of more, hundreds of pairs leave no rank certain.
const MOST_SYSTEMS: usize = 30;

/// The systems under test, ordered by what listeners preferred.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The probability that any range of ranks misses the true rank.
    pub alpha: f64,
    /// The systems, the highest mean first.
    pub systems: Vec<Ranked>,
    /// The difference of every two systems, in the order of `systems`.
    pub pairs: Vec<Pair>,
}

/// A system with its possible ranks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The system.
    pub system: String,
    /// Its mean score.
    pub mean: f64,
    /// One more than the number of systems that were found better.
    pub best_rank: usize,
    /// The number of systems less those that were found worse.
    pub worst_rank: usize,
}

/// The difference between two systems under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The system with the higher mean.
    pub system: String,
    /// The other system, whose mean is subtracted.
    pub minus: String,
    /// The difference; all intervals of the ranking together contain the truth with probability 1 - alpha.
    pub difference: Defined<Interval>,
    /// The p-value of "no difference", corrected for all pairs.
    pub adjusted_p_value: Defined<f64>,
}

/// A pair of systems, by position, with the estimate of its difference.
type Compared = ((usize, usize), Result<(Clustered, Influence), String>);

/// Ranks the systems under test by the differences of every two.
///
/// ```text
/// difference of two systems    means, errors jackknifed over the raters and sentences that both share
/// one is better                p corrected for all pairs, by their joint distribution, is below alpha
/// ranks of a system            1 + those found better … systems - those found worse
/// ```
///
/// All ranges contain the true ranks together with probability 1 - alpha, as no pair is then in the wrong order.
pub(crate) fn ranking(study: &Study, sample: &Sample<'_>) -> Defined<Ranking> {
    let undefined = |reason: String| Defined::Undefined { reason };
    let candidates: Vec<&str> =
        study.judged().filter(|(_, role)| *role == Role::Candidate).map(|(name, _)| name).collect();
    if study.rules().tells_apart() {
        return undefined("being told from the reference makes a system neither better nor worse".to_owned());
    }
    if candidates.len() < 2 {
        return undefined("there is one system under test".to_owned());
    }
    if candidates.len() > MOST_SYSTEMS {
        return undefined(format!("there are more than {MOST_SYSTEMS} systems under test"));
    }
    let mut systems: Vec<(&str, f64, Scores)> = Vec::new();
    for name in candidates {
        let scores = sample.of_system(name, Role::Candidate).system;
        match scores.mean() {
            Defined::Ok { value } => systems.push((name, value, scores)),
            Defined::Undefined { reason } => return undefined(format!("{reason} of `{name}`")),
        }
    }
    // Of equal means, the first of the study comes first.
    systems.sort_by(|one, other| other.1.total_cmp(&one.1));
    let places: Vec<(usize, usize)> =
        (0..systems.len()).flat_map(|high| (high + 1..systems.len()).map(move |low| (high, low))).collect();
    let compared: Vec<Compared> = places
        .par_iter()
        .map(|&(high, low)| {
            let difference = clustered_difference(&systems[high].2, &systems[low].2);
            // Two systems are one pair.
            let limited = difference.map(|(clustered, influence)| {
                let clustered = if places.len() > 1 { clustered.in_a_family() } else { clustered };
                (clustered, influence)
            });
            ((high, low), limited)
        })
        .collect();
    let pairs = corrected(&compared, study.analysis.alpha);
    let found = places.iter().zip(&pairs).filter(|(_, (difference, _))| {
        // The first of each pair has the higher mean.
        difference.value().is_some_and(|interval| !interval.contains(0.0))
    });
    let ranks = possible_ranks(systems.len(), found.map(|(&pair, _)| pair));
    let ranked = systems.iter().zip(ranks).map(|((name, mean, _), (best_rank, worst_rank))| Ranked {
        system: (*name).to_owned(),
        mean: *mean,
        best_rank,
        worst_rank,
    });
    let named = places.iter().zip(pairs).map(|(&(high, low), (difference, adjusted_p_value))| Pair {
        system: systems[high].0.to_owned(),
        minus: systems[low].0.to_owned(),
        difference,
        adjusted_p_value,
    });
    Defined::Ok {
        value: Ranking { alpha: study.analysis.alpha, systems: ranked.collect(), pairs: named.collect() },
    }
}

/// Returns the range of ranks of each of n systems: 1 + those found better to n less those found worse.
///
/// Each finding is the better system with the worse one, by position.
pub(crate) fn possible_ranks(
    n: usize,
    found: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<(usize, usize)> {
    let mut ranks = vec![(1, n); n];
    for (better, worse) in found {
        ranks[worse].0 += 1;
        ranks[better].1 -= 1;
    }
    ranks
}

/// Returns the interval and the corrected p-value of each pair.
fn corrected(compared: &[Compared], alpha: f64) -> Vec<(Defined<Interval>, Defined<f64>)> {
    let family: Vec<(&Clustered, &Influence)> = compared
        .iter()
        .filter_map(|(_, estimate)| {
            estimate.as_ref().ok().map(|(difference, influence)| (difference, influence))
        })
        .collect();
    // Without any estimate, nothing reads the result.
    let mut adjusted = adjust(&family, alpha).unwrap_or_default().into_iter();
    compared
        .iter()
        .map(|(_, estimate)| match (estimate, estimate.as_ref().ok().and_then(|_| adjusted.next())) {
            (_, Some(Adjusted { interval, adjusted_p_value })) => {
                (Defined::Ok { value: interval }, Defined::Ok { value: adjusted_p_value })
            }
            (estimate, None) => {
                let reason = || match estimate {
                    Ok(_) => "the pairs have no joint level".to_owned(),
                    Err(reason) => reason.clone(),
                };
                (Defined::Undefined { reason: reason() }, Defined::Undefined { reason: reason() })
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use mynah_stats::power::Components;

    use super::*;
    use crate::analysis::scores::Indices;
    use crate::design::plan::Plan;
    use crate::design::protocol::Protocol;
    use crate::paradigms::Paradigm;
    use crate::rehearsal::simulate::{Simulation, simulate};
    use crate::system::System;

    fn ranked(differences: &[f64], seed: u64) -> Ranking {
        let system = |name: String, role| System { directory: name.clone(), name, role };
        let mut systems = vec![system("recordings".into(), Role::Reference)];
        systems.extend((0..differences.len()).map(|k| system(format!("s{k}"), Role::Candidate)));
        let sizes = Protocol::standard(Paradigm::Cmos);
        let protocol = Protocol { raters: 12, ratings_per_item: 12, items: None, ..sizes };
        let items = (0..20).map(|number| format!("item-{number}")).collect();
        let plan = Plan::new(protocol, systems, items, "study", 1).expect("a plan");
        let study = Study::of(&plan);
        let simulation = Simulation {
            true_differences: (0..).map(|k| format!("s{k}")).zip(differences.iter().copied()).collect(),
            components: Components { item_sd: 0.2, rater_sd: 0.2, residual_sd: 0.8 },
            seed,
            ..Simulation::default()
        };
        let ratings = simulate(&plan, &simulation).expect("a simulation");
        let indices = Indices::of(&study);
        match ranking(&study, &Sample::of(&study, &ratings, &[], &indices)) {
            Defined::Ok { value } => value,
            Defined::Undefined { reason } => panic!("{reason}"),
        }
    }

    #[test]
    fn clear_orders_are_found_and_equals_are_not_told_apart() {
        let found = ranked(&[-1.5, 0.0, 0.0, -0.75], 1);
        let named = |name: &str| found.systems.iter().find(|ranked| ranked.system == name).expect("ranked");
        let ranks = |name: &str| (named(name).best_rank, named(name).worst_rank);
        assert_eq!((ranks("s0"), ranks("s3")), ((4, 4), (3, 3)));
        assert_eq!((ranks("s1"), ranks("s2")), ((1, 2), (1, 2)));
        assert_eq!(found.pairs.len(), 6);
        for pair in &found.pairs {
            let (interval, p) =
                (pair.difference.value().expect("one"), pair.adjusted_p_value.value().expect("one"));
            assert!(interval.estimate >= 0.0 && (interval.low > 0.0) == (*p < 0.05), "{pair:?}");
        }
        assert!(found.systems.is_sorted_by(|one, other| one.mean >= other.mean));
    }

    #[test]
    fn equal_systems_are_put_in_order_in_few_studies() {
        // Of 60 studies of six equal systems, at most 5 % find any pair different: more than eight happen once in 600.
        let n_wrong = (0..60)
            .filter(|&seed| {
                ranked(&[0.0; 6], seed).systems.iter().any(|ranked| ranked.worst_rank - ranked.best_rank < 5)
            })
            .count();
        assert!(n_wrong <= 8, "{n_wrong}");
    }
}
