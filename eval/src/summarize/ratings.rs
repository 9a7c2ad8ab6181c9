//! Reading and analyzing the ratings of a planned test.

use std::path::Path;

use anyhow::Context as _;
use mynah_listening::{Plan, Rating, Verdict, judge};
use mynah_table::read_table;

/// Computes the verdict on the ratings of a planned test.
pub(crate) fn verdict(plan: &Path, ratings: &Path) -> anyhow::Result<Verdict> {
    let plan = Plan::read(plan).with_context(|| format!("failed to read plan `{}`", plan.display()))?;
    let rows: Vec<Rating> =
        read_table(ratings).with_context(|| format!("failed to read ratings `{}`", ratings.display()))?;
    judge(&plan, &rows).with_context(|| format!("failed to analyze `{}`", ratings.display()))
}
