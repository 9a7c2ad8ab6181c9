//! Reading and analyzing the ratings of a planned test.

use std::path::Path;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_listening::{Form, Plan, PreferenceVerdict, Rating, Verdict, judge, judge_votes};
use mynah_table::read_table;

use crate::foreign_table::TableFile;

/// The verdict on a planned test.
pub(crate) enum Planned {
    Scores(Box<Verdict>),
    Votes(Box<PreferenceVerdict>),
}

/// Computes the verdict on the ratings of a planned test.
pub(crate) fn verdict(plan: &Path, ratings: &Path) -> anyhow::Result<Planned> {
    refuse_tools(plan, ratings)?;
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

/// Refuses tables of other tools, which are no ratings of a plan yet.
fn refuse_tools(plan: &Path, ratings: &Path) -> anyhow::Result<()> {
    // What cannot be read here is reported by the reader of ratings.
    let form = TableFile::read(ratings, None).ok().flatten().and_then(|file| Form::of(&file.table).ok()?);
    let Some(form) = form else { return Ok(()) };
    let (file, message) = (ratings.display(), format!("`{}` is {}", ratings.display(), form.words()));
    let remedy = if form.is_webmushra() {
        format!("collect it first: mynah-listen collect {} {file} --out ratings.csv", plan.display())
    } else {
        "the toolkit deals out clips by itself, whatever the plan: judge its answers with --key instead of --plan".to_owned()
    };
    Err(Advised::new(message, remedy).into())
}
