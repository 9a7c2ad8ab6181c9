//! Reading and analyzing the ratings of a planned test.

use std::path::Path;

use anyhow::Context as _;
use mynah_listening::{Plan, PreferenceVerdict, Rating, Verdict, judge, judge_votes};
use mynah_table::read_table;

/// The verdict on a planned test.
pub(crate) enum Planned {
    Scores(Box<Verdict>),
    Votes(Box<PreferenceVerdict>),
}

/// Computes the verdict on the ratings of a planned test.
pub(crate) fn verdict(plan: &Path, ratings: &Path) -> anyhow::Result<Planned> {
    let plan = Plan::read(plan).with_context(|| format!("failed to read plan `{}`", plan.display()))?;
    let rows: Vec<Rating> =
        read_table(ratings).with_context(|| format!("failed to read ratings `{}`", ratings.display()))?;
    let verdict = if plan.protocol.paradigm.rules().compares_all_pairs() {
        judge_votes(&plan, &rows).map(|verdict| Planned::Votes(Box::new(verdict)))
    } else {
        judge(&plan, &rows).map(|verdict| Planned::Scores(Box::new(verdict)))
    };
    verdict.with_context(|| format!("failed to analyze `{}`", ratings.display()))
}
