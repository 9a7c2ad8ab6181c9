//! Reading ratings, with their plan or without one, and judging them.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use anyhow::Context as _;
use mynah_listening::{First, FoundRating, FoundStudy, Origin, Plan, Rating, Verdict, judge, judge_found};
use mynah_table::{TextTable, read_table, read_text_table};

/// What ratings without a plan are made of: the names of their columns, unless others are mapped to them.
const NEEDED: [&str; 4] = ["rater", "item", "system", "score"];
/// What they may have beside.
const OPTIONAL: [&str; 2] = ["first", "origin"];

/// The verdict on the ratings of a plan.
pub(crate) fn verdict(plan: &Path, ratings: &Path) -> anyhow::Result<Verdict> {
    let plan = Plan::read(plan).with_context(|| format!("failed to read plan `{}`", plan.display()))?;
    let rows: Vec<Rating> =
        read_table(ratings).with_context(|| format!("failed to read ratings `{}`", ratings.display()))?;
    judge(&plan, &rows).with_context(|| format!("failed to judge `{}`", ratings.display()))
}

/// Which column of a table of others is what: `rater=WorkerId,item=clip`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnMap(BTreeMap<String, String>);

impl FromStr for ColumnMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = BTreeMap::new();
        for part in text.split(',') {
            let (name, column) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not of the form NAME=COLUMN, such as rater=WorkerId"))?;
            let (name, column) = (name.trim(), column.trim());
            if !NEEDED.contains(&name) && !OPTIONAL.contains(&name) {
                return Err(format!("`{name}` is none of {}, {}", NEEDED.join(", "), OPTIONAL.join(", ")));
            }
            if map.insert(name.to_owned(), column.to_owned()).is_some() {
                return Err(format!("`{name}` is mapped twice"));
            }
        }
        Ok(Self(map))
    }
}

/// The verdict on ratings that came without a plan.
pub(crate) fn found_verdict(path: &Path, map: &ColumnMap, study: &FoundStudy) -> anyhow::Result<Verdict> {
    let table =
        read_text_table(path).with_context(|| format!("failed to read ratings `{}`", path.display()))?;
    let rows = found_ratings(path, &table, map)
        .with_context(|| format!("failed to read ratings `{}`", path.display()))?;
    judge_found(study, &rows).with_context(|| format!("failed to judge `{}`", path.display()))
}

fn found_ratings(path: &Path, table: &TextTable, map: &ColumnMap) -> anyhow::Result<Vec<FoundRating>> {
    let column_of = |name: &str| map.0.get(name).map_or(name, String::as_str).to_owned();
    let find = |name: &str| table.columns.iter().position(|column| *column == column_of(name));
    for name in map.0.keys().map(String::as_str).chain(NEEDED) {
        anyhow::ensure!(
            find(name).is_some(),
            "there is no column `{}` for the {name}; there are {}: name the right one with --map {name}=COLUMN",
            column_of(name),
            table.columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
        );
    }
    let file = path.display().to_string();
    let rows = table.rows.iter().enumerate().map(|(index, row)| {
        let text = |name: &str| find(name).and_then(|position| row[position].clone()).unwrap_or_default();
        let read = || -> anyhow::Result<FoundRating> {
            Ok(FoundRating {
                rater: text("rater"),
                item: text("item"),
                system: text("system"),
                score: score(&text("score"))?,
                first: first(&text("first"))?,
                origin: origin(&text("origin"))?,
                source_file: file.clone(),
                source_row: index as u64 + 1,
            })
        };
        read().with_context(|| format!("row {}", index + 1))
    });
    rows.collect()
}

/// A number, with a point or a comma before its decimals.
fn score(text: &str) -> anyhow::Result<f64> {
    text.trim().replace(',', ".").parse().ok().with_context(|| format!("score `{text}` is not a number"))
}

/// What was heard first: as in our own tables, or as P.808 has it (`rp`: reference, processed).
fn first(text: &str) -> anyhow::Result<Option<First>> {
    match text {
        "" => Ok(None),
        "reference" | "rp" => Ok(Some(First::Reference)),
        "system" | "pr" => Ok(Some(First::System)),
        _ => {
            anyhow::bail!("`{text}` does not say what was heard first: `reference` or `system`, `rp` or `pr`")
        }
    }
}

fn origin(text: &str) -> anyhow::Result<Origin> {
    match text {
        "" | "human" => Ok(Origin::Human),
        "simulated" => Ok(Origin::Simulated),
        _ => anyhow::bail!("origin `{text}` is neither `human` nor `simulated`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_mapped_by_name() {
        let map: ColumnMap = "rater=WorkerId, score = vote".parse().unwrap();
        assert_eq!(map.0["score"], "vote");
        for wrong in ["", "rater", "who=x", "rater=a,rater=b"] {
            assert!(wrong.parse::<ColumnMap>().is_err(), "{wrong}");
        }
    }
}
