//! The sentences of a preference test.

use std::collections::BTreeSet;

use mynah_stats::Interval;
use mynah_stats::preference::OrderEffect;

use super::{PreferencePair, PreferenceStudy, PreferenceSystem, PreferenceVerdict, Vote};
use crate::analysis::verdict::Defined;
use crate::analysis::words::{percent, probability};
use crate::rating::Origin;

/// The share of their number below which the effective number of raters or sentences is reported.
const UNEQUAL: f64 = 0.6;

/// Puts the finding about a system into words: against the reference, or without one its votes.
pub(super) fn of_system(verdict: &PreferenceVerdict, system: &PreferenceSystem) -> String {
    let name = &system.system;
    let words = match &verdict.reference {
        Some(reference) if reference == name => {
            format!("`{name}` is what the others are compared with. {}", votes(system))
        }
        Some(reference) => match verdict.pair(name, reference) {
            Some(pair) => of_pair(verdict, &pair.seen_from(name)),
            None => votes(system),
        },
        None => votes(system),
    };
    marked(verdict, words)
}

/// Puts the finding about all systems into words.
pub(super) fn of_all(verdict: &PreferenceVerdict) -> String {
    let first: Vec<String> = verdict
        .systems
        .iter()
        .filter(|system| system.best_rank == 1)
        .map(|system| format!("`{}`", system.system))
        .collect();
    let words = match (&verdict.pairs[..], &first[..]) {
        ([pair], _) => of_pair(verdict, pair),
        (_, []) => "No system can be the first.".to_owned(),
        (_, [one]) => format!("Listeners prefer {one} to every other system."),
        (_, several) if several.len() == verdict.systems.len() => {
            "The test cannot tell which system listeners prefer: each may be the first.".to_owned()
        }
        (_, several) => {
            format!("The first is one of {}; which of them, the test cannot tell.", several.join(", "))
        }
    };
    marked(verdict, words)
}

/// Marks words about simulated votes.
fn marked(verdict: &PreferenceVerdict, words: String) -> String {
    match verdict.origin {
        Origin::Simulated => format!("Simulated ratings, not a finding: {words}"),
        Origin::Human => words,
    }
}

/// Counts the votes of a system.
fn votes(system: &PreferenceSystem) -> String {
    let tied = match system.n_tied {
        0 => String::new(),
        n => format!(", {n} for neither"),
    };
    let unbounded = match &system.strength {
        Defined::Undefined { reason } if reason.contains("bound") => format!(": {reason}"),
        _ => String::new(),
    };
    format!(
        "`{}` has {} of {} votes on its pairs{tied}{unbounded}.",
        system.system, system.n_preferred, system.n_votes
    )
}

/// Puts the finding about a pair into words.
fn of_pair(verdict: &PreferenceVerdict, pair: &PreferencePair) -> String {
    let (name, other) = (&pair.system, &pair.minus);
    let counts = format!("{} to {} votes{}", pair.n_preferred, pair.n_not_preferred, tied(pair.n_tied));
    let (Defined::Ok { value: share }, Defined::Ok { value: p_value }) =
        (&pair.share, &pair.adjusted_p_value)
    else {
        return without_difference(verdict, pair, &counts);
    };
    let p = probability(*p_value);
    match pair.preferred.as_ref() {
        Some(preferred) if preferred == name => format!(
            "Listeners prefer `{name}` to `{other}`: it wins {} of comparisons that are decided ({counts}; p = {p}).",
            with_interval(share)
        ),
        Some(_) => format!(
            "Listeners prefer `{other}` to `{name}`, which wins {} of comparisons that are decided ({counts}; p = {p}).",
            with_interval(share)
        ),
        None => format!(
            "The test cannot tell whether listeners prefer `{name}` or `{other}`: `{name}` wins {} of comparisons that are \
             decided ({counts}; p = {p}). That does not show that they are as good.",
            with_interval(share)
        ),
    }
}

/// Words for a pair without an interval: unanimous, or without evidence.
fn without_difference(verdict: &PreferenceVerdict, pair: &PreferencePair, counts: &str) -> String {
    let (name, other) = (&pair.system, &pair.minus);
    let p_value = match (&pair.adjusted_p_value, pair.unanimous) {
        (Defined::Ok { value }, true) => *value,
        (Defined::Undefined { reason }, _) => {
            return format!("Nothing can be said about `{name}` against `{other}` ({counts}): {reason}.");
        }
        (Defined::Ok { .. }, false) => {
            return format!("Nothing can be said about `{name}` against `{other}` ({counts}).");
        }
    };
    let (winner, loser) = if pair.n_preferred > 0 { (name, other) } else { (other, name) };
    let all = format!(
        "`{winner}` was preferred to `{loser}` in every judgment, {} by {} of {}; the strength has no upper bound",
        counted(pair.n_votes, "vote", "votes"),
        counted(pair.n_raters, "person", "people"),
        counted(pair.n_items, "sentence", "sentences"),
    );
    if pair.preferred.is_some() {
        return format!(
            "Listeners prefer `{winner}` to `{loser}`: {all} (sign test, p = {}).",
            probability(p_value)
        );
    }
    let several = if verdict.pairs.len() > 1 { " after correction for all pairs" } else { "" };
    format!(
        "{all}. Too few people or sentences judged them in both orders to exclude chance (sign test, p = {}{several}).",
        probability(p_value)
    )
}

/// Says that nothing was declared before the test.
pub(super) fn without_plan(study: &PreferenceStudy) -> String {
    format!(
        "These votes came without a plan. The level {} was chosen when they were judged; nothing shows that it was declared \
         before anybody listened.",
        study.alpha
    )
}

/// Collects the notes that belong next to the results of the whole test.
pub(super) fn notes(
    votes: &[Vote],
    order: OrderEffect,
    groups: &[Vec<String>],
    study: &PreferenceStudy,
) -> Vec<String> {
    let mut notes = Vec::new();
    let n_simulated = votes.iter().filter(|vote| vote.origin == Origin::Simulated).count();
    if n_simulated > 0 {
        notes.push(format!("{n_simulated} of {} votes are simulated: nobody gave them.", votes.len()));
    }
    match order {
        OrderEffect::Estimated => {}
        OrderEffect::Unbounded => notes.push(
            "The effect of the order has no finite estimate. Where there are differences in strength, they are averages \
             over both orders."
                .to_owned(),
        ),
        OrderEffect::Confounded => notes.push(
            "The same systems always came first. A preference for the first or the second clip cannot be told from a \
             preference for a system, and is part of every difference."
                .to_owned(),
        ),
    }
    if groups.len() > 1 {
        let listed: Vec<String> = groups
            .iter()
            .map(|group| group.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and "))
            .collect();
        notes.push(format!(
            "Between these groups of systems, all votes point the same way, or there are none: {}. Strengths are compared \
             within groups only; other pairs rest on a sign test.",
            listed.join("; ")
        ));
    }
    for (what, n, effective, that, did) in [
        weights(votes, "people", |vote| &vote.rater, ("who", "judged as much")),
        weights(votes, "sentences", |vote| &vote.item, ("that", "were judged as often")),
    ] {
        if effective < UNEQUAL * n as f64 {
            notes.push(format!("The {n} {what} weigh as {effective:.1} {that} all {did}."));
        }
    }
    let n_systems = groups.iter().map(Vec::len).sum::<usize>();
    if n_systems > 2 {
        notes.push(format!(
            "All {} pairs of {n_systems} systems are compared. Intervals, p-values and ranks are simultaneous: in {} % of \
             studies every preference found is true.",
            n_systems * (n_systems - 1) / 2,
            percent(1.0 - study.alpha)
        ));
    }
    notes
}

/// A kind of contributors with their number, their effective number and words for them.
type Weights = (&'static str, usize, f64, &'static str, &'static str);

fn weights(
    votes: &[Vote],
    what: &'static str,
    name: fn(&Vote) -> &String,
    (that, did): (&'static str, &'static str),
) -> Weights {
    let names: Vec<&str> = votes.iter().map(|vote| name(vote).as_str()).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    (what, distinct.len(), super::judge::effective(names.into_iter()), that, did)
}

fn with_interval(share: &Interval) -> String {
    let whole = |share: f64| format!("{:.0}", share * 100.0);
    format!(
        "{} % ({} % interval {} to {})",
        whole(share.estimate),
        percent(share.level),
        whole(share.low),
        whole(share.high)
    )
}

fn tied(n: usize) -> String {
    if n == 0 { String::new() } else { format!(", {n} for neither") }
}

fn counted(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}
