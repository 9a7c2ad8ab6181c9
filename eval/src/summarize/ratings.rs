//! Reading and analyzing ratings, with or without a plan.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_listening::{First, FoundRating, FoundStudy, Origin, Plan, Rating, Verdict, judge, judge_found};
use mynah_table::{TextTable, read_table, read_text_table};

/// Required columns of ratings without a plan; others can be mapped to these names.
const NEEDED: [&str; 4] = ["rater", "item", "system", "score"];
/// Optional columns of ratings without a plan.
const OPTIONAL: [&str; 2] = ["first", "origin"];

/// Computes the verdict on the ratings of a planned test.
pub(crate) fn verdict(plan: &Path, ratings: &Path) -> anyhow::Result<Verdict> {
    let plan = Plan::read(plan).with_context(|| format!("failed to read plan `{}`", plan.display()))?;
    let rows: Vec<Rating> =
        read_table(ratings).with_context(|| format!("failed to read ratings `{}`", ratings.display()))?;
    judge(&plan, &rows).with_context(|| format!("failed to analyze `{}`", ratings.display()))
}

/// Mapping of columns from another tool's table, as in `rater=WorkerId,item=clip`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnMap(BTreeMap<String, String>);

impl FromStr for ColumnMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = BTreeMap::new();
        for part in text.split(',') {
            let (name, column) = part.split_once('=').ok_or_else(|| {
                format!("`{part}` does not have the form NAME=COLUMN, as in rater=WorkerId")
            })?;
            let (name, column) = (name.trim(), column.trim());
            if !NEEDED.contains(&name) && !OPTIONAL.contains(&name) {
                return Err(format!("`{name}` is not one of {}, {}", NEEDED.join(", "), OPTIONAL.join(", ")));
            }
            if map.insert(name.to_owned(), column.to_owned()).is_some() {
                return Err(format!("`{name}` is mapped twice"));
            }
        }
        Ok(Self(map))
    }
}

/// Computes the verdict on ratings without a plan.
pub(crate) fn found_verdict(path: &Path, map: &ColumnMap, study: &FoundStudy) -> anyhow::Result<Verdict> {
    let table =
        read_text_table(path).with_context(|| format!("failed to read ratings `{}`", path.display()))?;
    let rows = found_ratings(path, &table, map)
        .with_context(|| format!("failed to read ratings `{}`", path.display()))?;
    judge_found(study, &rows).with_context(|| format!("failed to analyze `{}`", path.display()))
}

/// Converts the rows of a table.
fn found_ratings(path: &Path, table: &TextTable, map: &ColumnMap) -> anyhow::Result<Vec<FoundRating>> {
    let column_of = |name: &str| map.0.get(name).map_or(name, String::as_str).to_owned();
    let find = |name: &str| table.columns.iter().position(|column| *column == column_of(name));
    for name in map.0.keys().map(String::as_str).chain(NEEDED) {
        if find(name).is_none() {
            let columns: Vec<String> = table.columns.iter().map(|column| format!("`{column}`")).collect();
            return Err(Advised::new(
                format!(
                    "column `{}` for the {name} is missing, found {}",
                    column_of(name),
                    columns.join(", ")
                ),
                format!("name the right column with --map {name}=COLUMN"),
            )
            .into());
        }
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

/// Parses a number with a decimal point or comma.
fn score(text: &str) -> anyhow::Result<f64> {
    text.trim().replace(',', ".").parse().ok().with_context(|| format!("score `{text}` is not a number"))
}

/// Parses the clip heard first, as in Mynah's own tables or as in P.808 (`rp`: reference, processed).
fn first(text: &str) -> anyhow::Result<Option<First>> {
    match text {
        "" => Ok(None),
        "reference" | "rp" => Ok(Some(First::Reference)),
        "system" | "pr" => Ok(Some(First::System)),
        _ => anyhow::bail!("first `{text}` is not one of `reference`, `system`, `rp` and `pr`"),
    }
}

/// Parses the origin of a rating, human by default.
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
    fn maps_columns_by_name() {
        let map: ColumnMap = "rater=WorkerId, score = vote".parse().unwrap();
        assert_eq!(map.0["score"], "vote");
        for wrong in ["", "rater", "who=x", "rater=a,rater=b"] {
            assert!(wrong.parse::<ColumnMap>().is_err(), "{wrong}");
        }
    }
}
