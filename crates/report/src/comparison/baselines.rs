//! Published numbers, printed next to one's own and never merged with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::page::Block;
use crate::table::{Cell, Table};

/// Numbers published by others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baselines {
    /// Title of the publication.
    pub title: String,
    /// Authors and source.
    pub source: String,
    /// Notes that apply to all tables, such as the measurement procedure.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Tables in the order of the publication.
    #[serde(rename = "table")]
    pub tables: Vec<BaselineTable>,
}

/// A published table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineTable {
    /// File name stem: lowercase letters, digits and hyphens, starting with `published-`.
    pub name: String,
    /// Kind of measurement.
    pub kind: BaselineKind,
    /// Description of the contents.
    pub caption: String,
    /// Number of utterances in the test, if known.
    #[serde(default)]
    pub utterances: Option<u64>,
    /// Number of raters of each utterance, if known.
    #[serde(default)]
    pub judges_per_utterance: Option<u64>,
    /// Caveats.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Columns from left to right.
    pub columns: Vec<BaselineColumn>,
    /// Rows from top to bottom.
    #[serde(rename = "row")]
    pub rows: Vec<BaselineRow>,
}

/// Kind of measurement in a published table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BaselineKind {
    /// Ratings by listeners, which depend on what else is in the test.
    Listening,
    /// Time, which depends on the machine.
    Speed,
}

/// A column of a published table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineColumn {
    /// Key in rows and files: lowercase, words joined by underscores.
    pub key: String,
    /// Title on pages, with the unit if there is one.
    pub title: String,
    /// Decimals as printed; `None` for p-values, which have as many digits as they need.
    #[serde(default)]
    pub decimals: Option<usize>,
}

/// A row of a published table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineRow {
    /// Name of the system.
    pub system: String,
    /// Details that the name does not give.
    #[serde(default)]
    pub note: Option<String>,
    /// Values by column key; values that were not published are left out.
    pub values: BTreeMap<String, BaselineValue>,
}

/// A published number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineValue {
    /// Value as printed.
    pub value: f64,
    /// Number printed after ±, if any.
    #[serde(default)]
    pub half_width: Option<f64>,
}

impl Baselines {
    /// Checks the contents of a baseline file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::BadBaseline`] for names that are malformed or not unique, a table without rows, a value in a
    /// column that the table does not have, a value that is not finite, and a half width that is not positive.
    pub fn check(&self) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        for table in &self.tables {
            let bad = |why: String| Error::BadBaseline { table: table.name.clone(), why };
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !table.name.starts_with("published-") || !table.name.chars().all(is_plain) {
                return Err(bad(
                    "its name is not `published-` and lower-case letters, digits or hyphens".into()
                ));
            }
            if !names.insert(&table.name) {
                return Err(bad("another table has the same name".into()));
            }
            if table.rows.is_empty() {
                return Err(bad("it has no rows".into()));
            }
            let mut keys = BTreeSet::new();
            if let Some(twice) = table.columns.iter().find(|column| !keys.insert(column.key.as_str())) {
                return Err(bad(format!("two columns have the key `{}`", twice.key)));
            }
            for row in &table.rows {
                for (key, value) in &row.values {
                    let here = format!("`{key}` of `{}`", row.system);
                    if !keys.contains(key.as_str()) {
                        return Err(bad(format!("{here} belongs to no column")));
                    }
                    if !value.value.is_finite() {
                        return Err(bad(format!("{here} is not a finite number")));
                    }
                    if value.half_width.is_some_and(|half| !(half.is_finite() && half > 0.0)) {
                        return Err(bad(format!("the half width of {here} is not a positive number")));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns the section of published numbers.
pub(crate) fn blocks(baselines: &Baselines) -> Vec<Block> {
    let has = |kind| baselines.tables.iter().any(|table| table.kind == kind);
    let mut lead = format!(
        "{} ({}). These numbers are in no figure, no test and no ranking of this report.",
        baselines.title, baselines.source
    );
    if has(BaselineKind::Listening) {
        lead += " Listening scores of different tests must not be compared: listeners spread whatever a test holds over \
                 the whole scale, so that the same voice gets more beside worse ones and less beside better ones (Cooper \
                 and Yamagishi 2023).";
    }
    if has(BaselineKind::Speed) {
        lead += " Times depend on the machine.";
    }
    let mut blocks = vec![Block::Text(lead)];
    if !baselines.notes.is_empty() {
        blocks.push(Block::List(baselines.notes.clone()));
    }
    blocks.extend(baselines.tables.iter().map(|table| Block::Table(printed(table))));
    blocks
}

fn printed(published: &BaselineTable) -> Table {
    let mut caption = format!("Published: {}", published.caption);
    match (published.utterances, published.judges_per_utterance) {
        (Some(utterances), Some(judges)) => {
            caption += &[" ", &utterances.to_string(), " utterances, ", &judges.to_string(), " raters each."]
                .concat();
        }
        (Some(utterances), None) => caption += &[" ", &utterances.to_string(), " utterances."].concat(),
        (None, Some(judges)) => caption += &[" ", &judges.to_string(), " raters of each utterance."].concat(),
        (None, None) => {}
    }
    for note in &published.notes {
        caption += " ";
        caption += note;
    }
    let has_notes = published.rows.iter().any(|row| row.note.is_some());
    let mut columns = vec![("system", "System")];
    columns.extend(published.columns.iter().map(|column| (column.key.as_str(), column.title.as_str())));
    if has_notes {
        columns.push(("note", "Note"));
    }
    let mut table = Table::new(&published.name, caption, &columns);
    for row in &published.rows {
        let mut cells = vec![Cell::text(&row.system)];
        cells.extend(published.columns.iter().map(|column| cell(column, row.values.get(&column.key))));
        if has_notes {
            cells.push(Cell::text(row.note.as_deref().unwrap_or_default()));
        }
        table.rows.push(cells);
    }
    table
}

fn cell(column: &BaselineColumn, value: Option<&BaselineValue>) -> Cell {
    match (value, column.decimals) {
        (None, _) => Cell::Missing("not given".into()),
        (Some(&BaselineValue { value, half_width: Some(half_width) }), decimals) => {
            Cell::PlusMinus { value, half_width, decimals: decimals.unwrap_or(2) }
        }
        (Some(&BaselineValue { value, .. }), Some(decimals)) => Cell::Number { value, decimals },
        (Some(&BaselineValue { value, .. }), None) => Cell::Printed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baselines() -> Baselines {
        let value = |value, half_width| BaselineValue { value, half_width };
        Baselines {
            title: "A paper".into(),
            source: "its authors".into(),
            notes: Vec::new(),
            tables: vec![BaselineTable {
                name: "published-1".into(),
                kind: BaselineKind::Listening,
                caption: "A test.".into(),
                utterances: Some(50),
                judges_per_utterance: None,
                notes: vec!["A note.".into()],
                columns: vec![
                    BaselineColumn { key: "mos".into(), title: "MOS".into(), decimals: Some(2) },
                    BaselineColumn { key: "p".into(), title: "p".into(), decimals: None },
                ],
                rows: vec![
                    BaselineRow {
                        system: "a".into(),
                        note: None,
                        values: [("mos".to_owned(), value(4.5, Some(0.125)))].into(),
                    },
                    BaselineRow {
                        system: "b".into(),
                        note: None,
                        values: [
                            ("mos".to_owned(), value(4.0, None)),
                            ("p".to_owned(), value(5.1e-20, None)),
                        ]
                        .into(),
                    },
                ],
            }],
        }
    }

    #[test]
    fn prints_published_numbers_unchanged_and_files_with_every_digit() {
        let table = printed(&baselines().tables[0]);
        assert_eq!(table.caption, "Published: A test. 50 utterances. A note.");
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        assert_eq!(rows, [["a", "4.50 ± 0.12", "– (not given)"], ["b", "4.00", "5.1e−20"]]);
        assert_eq!(
            table.to_csv().unwrap(),
            "system,mos,mos_low,mos_high,p,p_reason\na,4.5,4.375,4.625,,not given\nb,4,,,0.000000000000000000051,\n"
        );
    }

    #[test]
    fn names_each_mistake_in_a_file() {
        baselines().check().unwrap();
        let refused = |change: &dyn Fn(&mut BaselineTable)| {
            let mut baselines = baselines();
            change(&mut baselines.tables[0]);
            baselines.check().unwrap_err().to_string()
        };
        let set = |value: BaselineValue| {
            refused(&move |table| {
                table.rows[0].values.insert("mos".into(), value);
            })
        };
        assert!(refused(&|table| table.name = "../x".into()).contains("`../x`: its name"));
        assert!(refused(&|table| table.rows.clear()).contains("no rows"));
        assert!(
            refused(&|table| table.columns[1].key = "mos".into()).contains("two columns have the key `mos`")
        );
        assert!(
            refused(&|table| table.columns[0].key = "cmos".into())
                .contains("`mos` of `a` belongs to no column")
        );
        assert!(set(BaselineValue { value: f64::NAN, half_width: None }).contains("not a finite number"));
        assert!(set(BaselineValue { value: 1.0, half_width: Some(0.0) }).contains("not a positive number"));
        let mut twice = baselines();
        twice.tables.push(twice.tables[0].clone());
        assert!(twice.check().unwrap_err().to_string().contains("the same name"));
    }
}
