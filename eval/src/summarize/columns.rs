//! Columns of tables from other tools, under their own names.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use mynah_cli::Advised;
use mynah_listening::Origin;
use mynah_table::{TextTable, read_text_columns};

use super::{found, votes};

/// Mapping of columns from another tool's table, as in `rater=WorkerId,item=clip`.
///
/// An optional value with an empty column, as in `first=`, is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnMap(BTreeMap<String, String>);

impl ColumnMap {
    /// Returns the column of a value; `None` if the map says that there is none.
    pub(crate) fn column<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        Some(self.0.get(name).map_or(name, String::as_str)).filter(|column| !column.is_empty())
    }

    /// Returns the column of the rater, if the map names nothing else.
    pub(crate) fn rater_alone(&self) -> Option<&str> {
        if self.0.len() == 1 { self.0.get("rater").map(String::as_str) } else { None }
    }

    /// Returns `true` if nothing is mapped.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rejects names that a kind of test does not have, and required names without a column.
    pub(crate) fn check(&self, paradigm: &str, needed: &[&str], optional: &[&str]) -> anyhow::Result<()> {
        for (name, column) in &self.0 {
            let is_needed = needed.contains(&name.as_str());
            if !is_needed && !optional.contains(&name.as_str()) {
                let listed = [needed, optional].concat().join(", ");
                let message = format!("--map names `{name}`, which --paradigm {paradigm} does not have");
                return Err(Advised::new(message, format!("map some of {listed}")).into());
            }
            if is_needed && column.is_empty() {
                let message =
                    format!("--map names no column for `{name}`, which --paradigm {paradigm} needs");
                return Err(Advised::new(message, format!("name it: --map {name}=COLUMN")).into());
            }
        }
        Ok(())
    }
}

impl FromStr for ColumnMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut known: Vec<&str> = [&found::NEEDED[..], &found::OPTIONAL].concat();
        known.extend(votes::NEEDED.iter().filter(|name| !known.contains(name)).copied().collect::<Vec<_>>());
        let mut map = BTreeMap::new();
        for part in text.split(',') {
            let (name, column) = part.split_once('=').ok_or_else(|| {
                format!("`{part}` does not have the form NAME=COLUMN, as in rater=WorkerId")
            })?;
            let (name, column) = (name.trim(), column.trim());
            if !known.contains(&name) {
                return Err(format!("`{name}` is not one of {}", known.join(", ")));
            }
            if map.insert(name.to_owned(), column.to_owned()).is_some() {
                return Err(format!("`{name}` is mapped twice"));
            }
        }
        Ok(Self(map))
    }
}

/// Reads the mapped columns of a table.
pub(crate) fn read(
    path: &Path,
    separator: Option<char>,
    map: &ColumnMap,
    names: &[&str],
) -> anyhow::Result<TextTable> {
    let columns: Vec<&str> = names.iter().filter_map(|name| map.column(name)).collect();
    read_text_columns(path, separator, &columns).map_err(|error| match error {
        mynah_table::Error::Row { .. } => {
            let remedy = "correct the row, or name the separator of the table with --separator";
            Advised::new(error.to_string(), remedy).into()
        }
        _ => error.into(),
    })
}

/// Positions of the mapped columns in a table.
pub(crate) struct Columns(BTreeMap<String, usize>);

impl Columns {
    /// Finds the columns; those that are needed or mapped must be there.
    pub(crate) fn of(
        table: &TextTable,
        map: &ColumnMap,
        needed: &[&str],
        optional: &[&str],
    ) -> anyhow::Result<Self> {
        let find = |name: &str| {
            let wanted = map.column(name)?;
            table.columns.iter().position(|column| column == wanted)
        };
        for name in map.0.keys().map(String::as_str).chain(needed.iter().copied()) {
            let Some(wanted) = map.column(name).filter(|_| find(name).is_none()) else { continue };
            let columns: Vec<String> = table.columns.iter().map(|column| format!("`{column}`")).collect();
            let mut remedy = format!("name the right column with --map {name}=COLUMN");
            if table.columns.len() == 1 {
                remedy.push_str(", or the separator of the table with --separator");
            }
            let message =
                format!("column `{wanted}` for the {name} is missing, found {}", columns.join(", "));
            return Err(Advised::new(message, remedy).into());
        }
        let names = needed.iter().chain(optional);
        Ok(Self(names.filter_map(|name| Some(((*name).to_owned(), find(name)?))).collect()))
    }

    /// Returns the text of a row in a column; empty without the column or a value.
    pub(crate) fn text<'a>(&self, row: &'a [Option<String>], name: &str) -> &'a str {
        self.0.get(name).and_then(|&position| row[position].as_deref()).unwrap_or_default()
    }
}

/// Describes the place of a row, as in "row 3, line 4".
pub(crate) fn place(table: &TextTable, index: usize) -> String {
    match table.line(index) {
        Some(line) => format!("row {}, line {line}", index + 1),
        None => format!("row {}", index + 1),
    }
}

/// Parses the origin of a rating, human by default.
pub(crate) fn origin(text: &str) -> anyhow::Result<Origin> {
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
        for wrong in ["", "rater", "who=x", "rater=a,rater=b"] {
            assert!(wrong.parse::<ColumnMap>().is_err(), "{wrong}");
        }
        let check = |text: &str, paradigm: &str| {
            let map: ColumnMap = text.parse().unwrap();
            let (needed, optional): (&[&str], &[&str]) = match paradigm {
                "ab" => (&votes::NEEDED, &votes::OPTIONAL),
                _ => (&found::NEEDED, &found::OPTIONAL),
            };
            map.check(paradigm, needed, optional).is_ok()
        };
        assert!(check("first=,score=vote", "cmos") && check("second=b,choice=vote", "ab"));
        assert!(!check("rater=", "cmos") && !check("first=", "ab"));
        assert!(!check("choice=vote", "mos") && !check("score=vote", "ab"));
    }
}
