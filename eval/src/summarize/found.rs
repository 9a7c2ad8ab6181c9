//! Reading and analyzing ratings without a plan, from the table of any tool.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_listening::{Error, First, FoundRating, FoundStudy, Origin, Role, Verdict, judge_found};
use mynah_table::{TextTable, read_text_columns};

use super::item_names::{ItemNames, warning};

/// Required columns of ratings without a plan; others can be mapped to these names.
const NEEDED: [&str; 4] = ["rater", "item", "system", "score"];
/// Optional columns of ratings without a plan.
const OPTIONAL: [&str; 2] = ["first", "origin"];

/// The description of ratings without a plan.
#[derive(Debug, Clone)]
pub(crate) struct FoundSettings {
    pub(crate) study: FoundStudy,
    pub(crate) map: ColumnMap,
    /// The separator of CSV, if it need not be detected.
    pub(crate) separator: Option<char>,
    pub(crate) item_names: ItemNames,
}

/// Mapping of columns from another tool's table, as in `rater=WorkerId,item=clip`.
///
/// An optional value with an empty column, as in `first=`, is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnMap(BTreeMap<String, String>);

impl ColumnMap {
    /// Returns the column of a value; `None` if the map says that there is none.
    fn column<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        Some(self.0.get(name).map_or(name, String::as_str)).filter(|column| !column.is_empty())
    }
}

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
            if column.is_empty() && !OPTIONAL.contains(&name) {
                return Err(format!("`{name}` needs a column"));
            }
            if map.insert(name.to_owned(), column.to_owned()).is_some() {
                return Err(format!("`{name}` is mapped twice"));
            }
        }
        Ok(Self(map))
    }
}

/// Computes the verdict on ratings without a plan.
pub(crate) fn found_verdict(path: &Path, settings: &FoundSettings) -> anyhow::Result<Verdict> {
    let failed = || format!("failed to read ratings `{}`", path.display());
    let columns: Vec<&str> =
        NEEDED.into_iter().chain(OPTIONAL).filter_map(|name| settings.map.column(name)).collect();
    let table =
        read_text_columns(path, settings.separator, &columns).map_err(advised).with_context(failed)?;
    let mut rows = found_ratings(path, &table, settings).with_context(failed)?;
    let study = &settings.study;
    let is_judged = study.paradigm.rules().is_judged(Role::Reference);
    let unjudged = study.reference.as_deref().map(str::trim).filter(|_| !is_judged);
    if let Some(warning) = warning(&rows, settings.item_names, unjudged) {
        say(&warning);
    }
    for row in &mut rows {
        row.item = settings.item_names.sentence(row.item.trim(), row.system.trim());
    }
    judge_found(study, &rows).map_err(|error| explained(error, path, &table))
}

/// Adds the argument that may resolve an error of the table.
fn advised(error: mynah_table::Error) -> anyhow::Error {
    match error {
        mynah_table::Error::Row { .. } => {
            let remedy = "correct the row, or name the separator of the table with --separator";
            Advised::new(error.to_string(), remedy).into()
        }
        _ => error.into(),
    }
}

/// Adds the arguments that resolve an error of the analysis, and the line of the file.
fn explained(error: Error, path: &Path, table: &TextTable) -> anyhow::Error {
    let failed = format!("failed to analyze `{}`", path.display());
    match error {
        Error::ScoreSign { .. } => {
            let remedy =
                "state what they are: --score-is second-minus-first, or --score-is system-minus-reference";
            anyhow::Error::new(Advised::new(error.to_string(), remedy)).context(failed)
        }
        Error::Rating { row, .. } => match table.line(row as usize - 1) {
            Some(line) => anyhow::Error::new(error).context(format!("{failed}, line {line}")),
            None => anyhow::Error::new(error).context(failed),
        },
        _ => anyhow::Error::new(error).context(failed),
    }
}

/// Converts the rows of a table.
fn found_ratings(
    path: &Path,
    table: &TextTable,
    settings: &FoundSettings,
) -> anyhow::Result<Vec<FoundRating>> {
    let map = &settings.map;
    let find = |name: &str| {
        let wanted = map.column(name)?;
        table.columns.iter().position(|column| column == wanted)
    };
    for name in map.0.keys().map(String::as_str).chain(NEEDED) {
        let Some(wanted) = map.column(name).filter(|_| find(name).is_none()) else { continue };
        let columns: Vec<String> = table.columns.iter().map(|column| format!("`{column}`")).collect();
        let mut remedy = format!("name the right column with --map {name}=COLUMN");
        if table.columns.len() == 1 {
            remedy.push_str(", or the separator of the table with --separator");
        }
        let message = format!("column `{wanted}` for the {name} is missing, found {}", columns.join(", "));
        return Err(Advised::new(message, remedy).into());
    }
    let file = path.display().to_string();
    let reference = settings.study.reference.as_deref().unwrap_or_default();
    let positions = NEEDED.into_iter().chain(OPTIONAL).map(|name| (name, find(name)));
    let positions: BTreeMap<&str, Option<usize>> = positions.collect();
    let rows = table.rows.iter().enumerate().map(|(index, row)| {
        let text =
            |name: &str| positions[name].and_then(|position| row[position].as_deref()).unwrap_or_default();
        let read = || -> anyhow::Result<FoundRating> {
            Ok(FoundRating {
                rater: text("rater").to_owned(),
                item: text("item").to_owned(),
                system: text("system").to_owned(),
                score: score(text("score"))?,
                first: first(text("first"), reference, text("system"))?,
                origin: origin(text("origin"))?,
                source_file: file.clone(),
                source_row: index as u64 + 1,
            })
        };
        read().with_context(|| match table.line(index) {
            Some(line) => format!("row {}, line {line}", index + 1),
            None => format!("row {}", index + 1),
        })
    });
    rows.collect()
}

/// Parses a number with a decimal point or comma.
fn score(text: &str) -> anyhow::Result<f64> {
    let remedy = "remove rows without a vote, or name the column of the votes with --map score=COLUMN";
    let score = text.trim().replacen(',', ".", 1).parse();
    score.map_err(|_| Advised::new(format!("score `{text}` is not a number"), remedy).into())
}

/// Parses the clip heard first: as in Mynah's own tables, as in P.808 (`rp`: reference, processed), or by its system.
fn first(text: &str, reference: &str, system: &str) -> anyhow::Result<Option<First>> {
    let bare = text.trim();
    match bare.to_lowercase().as_str() {
        "" | "na" | "nan" => Ok(None),
        "reference" | "rp" => Ok(Some(First::Reference)),
        "system" | "pr" => Ok(Some(First::System)),
        _ if bare == reference.trim() => Ok(Some(First::Reference)),
        _ if bare == system.trim() => Ok(Some(First::System)),
        _ => Err(Advised::new(
            format!(
                "first `{text}` is not one of `reference`, `system`, `rp` and `pr`, nor the name of either system"
            ),
            "correct it, or leave the column out with --map first=",
        )
        .into()),
    }
}

/// Parses the origin of a rating, human by default.
fn origin(text: &str) -> anyhow::Result<Origin> {
    match text.trim() {
        "" | "human" => Ok(Origin::Human),
        "simulated" => Ok(Origin::Simulated),
        _ => Err(Advised::new(
            format!("origin `{text}` is neither `human` nor `simulated`"),
            "correct it, or leave the column out with --map origin=",
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_columns_by_name() {
        let map: ColumnMap = "rater=WorkerId, score = vote".parse().unwrap();
        assert_eq!(map.0["score"], "vote");
        let without: ColumnMap = "first=".parse().unwrap();
        assert_eq!((without.column("first"), without.column("origin")), (None, Some("origin")));
        for wrong in ["", "rater", "who=x", "rater=a,rater=b", "rater="] {
            assert!(wrong.parse::<ColumnMap>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_the_clip_heard_first_by_word_or_name() {
        let check = |text: &str, expected: Option<First>| {
            assert_eq!(first(text, "recordings", "vits").unwrap(), expected, "{text}");
        };
        for text in ["reference", " Reference ", "rp", "recordings"] {
            check(text, Some(First::Reference));
        }
        for text in ["system", "PR", "vits "] {
            check(text, Some(First::System));
        }
        for text in ["", " ", "NA"] {
            check(text, None);
        }
        assert!(first("left", "recordings", "vits").is_err());
    }
}
