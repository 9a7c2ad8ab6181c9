//! The values of one run: a number, or the reason why there is none, for each utterance and column.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

/// A value, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A finite number.
    Number(f64),
    /// A failure, with its reason.
    Failed(String),
}

/// The values of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sheet {
    /// Name of the run.
    pub(crate) run: String,
    /// Cells by utterance and column.
    pub(crate) rows: BTreeMap<String, BTreeMap<String, Cell>>,
}

impl Sheet {
    /// Creates a run without utterances.
    pub(crate) fn new(run: impl Into<String>) -> Self {
        Self { run: run.into(), rows: BTreeMap::new() }
    }

    /// Returns the names of all columns.
    pub(crate) fn columns(&self) -> BTreeSet<&str> {
        self.rows.values().flat_map(|row| row.keys().map(String::as_str)).collect()
    }

    /// Adds an utterance, even if it has no values; false if it was there already.
    pub(crate) fn add_item(&mut self, item: &str) -> bool {
        self.rows.insert(item.to_owned(), BTreeMap::new()).is_none()
    }

    /// Adds a cell; false if the utterance has one in the column already.
    pub(crate) fn put(&mut self, item: &str, column: &str, cell: Cell) -> bool {
        self.rows.entry(item.to_owned()).or_default().insert(column.to_owned(), cell).is_none()
    }

    /// Returns the sum of columns; the first failure, if one of them has failed or is absent.
    pub(crate) fn sum(&self, item: &str, columns: &[&str]) -> Option<Cell> {
        let row = self.rows.get(item)?;
        let mut sum = 0.0;
        for column in columns {
            match row.get(*column) {
                Some(Cell::Number(value)) => sum += value,
                Some(failed @ Cell::Failed(_)) => return Some(failed.clone()),
                None => return Some(Cell::Failed(format!("there is no `{column}`"))),
            }
        }
        Some(Cell::Number(sum))
    }
}

/// Reads a number as other programs write it, with a decimal point or comma, or in percent; a failure otherwise.
pub(crate) fn cell(text: &str) -> Cell {
    let bare = text.trim();
    let (digits, unit) = match bare.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), 0.01),
        None => (bare, 1.0),
    };
    let parsed = digits.parse::<f64>().or_else(|error| match digits.to_lowercase().as_str() {
        "true" | "yes" => Ok(1.0),
        "false" | "no" => Ok(0.0),
        _ if digits.matches(',').count() == 1 => digits.replacen(',', ".", 1).parse(),
        _ => Err(error),
    });
    match parsed {
        Ok(value) if value.is_finite() => Cell::Number(value * unit),
        Ok(_) => Cell::Failed(format!("the value is {bare}")),
        Err(_) if is_missing(bare) => Cell::Failed("there is no value".to_owned()),
        Err(_) => Cell::Failed(format!("`{bare}` is not a number")),
    }
}

/// Returns true for the words that stand for a missing value.
pub(crate) fn is_missing(text: &str) -> bool {
    ["", "na", "<na>", "n/a", "none", "null", "nan", "-"].contains(&text.trim().to_lowercase().as_str())
}

/// Returns the name of an utterance from a path or a name, as `mynah-score` compares them: without directories and
/// extension, in Unicode normalization form C.
pub(crate) fn item_name(text: &str) -> String {
    const EXTENSIONS: [&str; 6] = [".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"];
    let name = text.trim().rsplit(['/', '\\']).next().unwrap_or_default();
    let lower = name.to_lowercase();
    let extension = EXTENSIONS.iter().find(|extension| lower.ends_with(*extension));
    let end = name.len() - extension.map_or(0, |extension| extension.len());
    name.get(..end).unwrap_or(name).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_of_other_programs() {
        for (text, expected) in
            [("1.5", 1.5), (" 2,5 ", 2.5), ("12.5%", 0.125), ("1e-3", 0.001), ("True", 1.0), ("-3", -3.0)]
        {
            assert_eq!(cell(text), Cell::Number(expected), "{text}");
        }
        for (text, reason) in [
            ("", "there is no value"),
            ("NaN", "the value is NaN"),
            ("Infinity", "the value is Infinity"),
            ("None", "there is no value"),
            ("good", "`good` is not a number"),
        ] {
            assert_eq!(cell(text), Cell::Failed(reason.to_owned()), "{text}");
        }
    }

    #[test]
    fn names_utterances_without_directories_and_extensions() {
        for (text, expected) in [
            ("out/wavs/LJ001-0001.wav", "LJ001-0001"),
            ("C:\\out\\a.b.FLAC", "a.b"),
            ("utt1", "utt1"),
            ("3.14", "3.14"),
            ("cafe\u{301}.wav", "caf\u{e9}"),
            (".wav", ""),
        ] {
            assert_eq!(item_name(text), expected, "{text}");
        }
    }

    #[test]
    fn sums_columns_or_gives_the_reason() {
        let mut sheet = Sheet::new("one");
        assert!(sheet.put("a", "x", Cell::Number(1.0)) && sheet.put("a", "y", Cell::Number(2.0)));
        assert!(!sheet.put("a", "y", Cell::Number(2.0)));
        assert_eq!(sheet.sum("a", &["x", "y"]), Some(Cell::Number(3.0)));
        assert_eq!(sheet.sum("a", &["x", "z"]), Some(Cell::Failed("there is no `z`".to_owned())));
        assert_eq!(sheet.sum("b", &["x"]), None);
        assert_eq!(sheet.columns().into_iter().collect::<Vec<_>>(), ["x", "y"]);
    }
}
