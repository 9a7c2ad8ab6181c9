//! Tables of other tools.

use crate::error::Error;

/// A table of another tool, every cell as text. Rows may have more or fewer cells than the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignTable {
    /// The file, as messages name it.
    pub file: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// A row of a table, with its number from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) number: u64,
    pub(crate) cells: &'a [String],
}

impl<'a> Row<'a> {
    /// Returns the text of a cell without blanks around it; empty if there is no such cell.
    pub(crate) fn text(self, position: usize) -> &'a str {
        self.cells.get(position).map_or("", |cell| cell.trim())
    }

    /// Returns the text of a cell; empty without the column.
    pub(crate) fn text_of(self, position: Option<usize>) -> &'a str {
        position.map_or("", |position| self.text(position))
    }
}

impl ForeignTable {
    /// Returns the names of the columns in small letters, without blanks around them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|name| name.trim().to_lowercase()).collect()
    }

    /// Iterates over the rows, except for headers that were written again when the table was appended to.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let rows = (1..).zip(&self.rows).filter(|(_, cells)| !self.is_header(cells));
        rows.map(|(number, cells)| Row { number, cells })
    }

    /// Returns the number of headers among the rows.
    pub(crate) fn n_headers(&self) -> usize {
        self.rows.iter().filter(|cells| self.is_header(cells)).count()
    }

    fn is_header(&self, cells: &[String]) -> bool {
        let bare = |text: &String| text.trim().to_owned();
        cells.iter().map(bare).eq(self.columns.iter().map(bare))
    }

    /// Returns an error that names the row.
    pub(crate) fn fault(&self, row: Row<'_>, what: String, remedy: &'static str) -> Error {
        Error::Rating { file: self.file.clone(), row: row.number, what, remedy: Some(remedy) }
    }
}

/// Names the rows of a finding: the first ones, and the number of the others.
pub(crate) fn named_rows(numbers: &[u64]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = numbers.iter().take(SHOWN).map(u64::to_string).collect();
    match numbers.len() {
        1 => format!("row {}", shown[0]),
        n if n > SHOWN => format!("rows {} and {} more", shown.join(", "), n - SHOWN),
        _ => format!("rows {}", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_among_the_rows_are_no_data() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        let table = ForeignTable {
            file: "t.csv".to_owned(),
            columns: row(&["a ", "B"]),
            rows: vec![row(&["1", " 2 "]), row(&["a", "B"]), row(&["a"])],
        };
        assert_eq!(table.names(), ["a", "b"]);
        assert_eq!(table.n_headers(), 1);
        let rows: Vec<Row<'_>> = table.rows().collect();
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((rows[0].text(1), rows[1].text(1), rows[1].text_of(None)), ("2", "", ""));
    }

    #[test]
    fn many_rows_are_counted() {
        assert_eq!(named_rows(&[3]), "row 3");
        assert_eq!(named_rows(&[3, 4]), "rows 3, 4");
        assert_eq!(named_rows(&[1, 2, 3, 4, 5, 6, 7]), "rows 1, 2, 3, 4, 5 and 2 more");
    }
}
