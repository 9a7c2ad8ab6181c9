//! Reading a plan with its ratings, and judging them.

use std::path::Path;

use anyhow::Context as _;
use mynah_corpus::table::read_table;
use mynah_listening::{Plan, Rating, Verdict, judge};

/// The verdict on the ratings of a plan.
pub(crate) fn verdict(plan: &Path, ratings: &Path) -> anyhow::Result<Verdict> {
    let plan = Plan::read(plan).with_context(|| format!("failed to read plan `{}`", plan.display()))?;
    let rows: Vec<Rating> =
        read_table(ratings).with_context(|| format!("failed to read ratings `{}`", ratings.display()))?;
    judge(&plan, &rows).with_context(|| format!("failed to judge `{}`", ratings.display()))
}
