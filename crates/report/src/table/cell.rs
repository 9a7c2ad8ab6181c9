//! Tables, columns and cells.

use crate::figure::number;

/// Number of names of a list shown on pages.
const SHOWN_NAMES: usize = 12;
/// p-values below this are printed as "less than".
const SMALLEST_P: f64 = 1e-4;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Key in CSV files: lowercase, words joined by underscores.
    pub key: String,
    /// Title on pages.
    pub title: String,
}

impl Column {
    /// Creates a column called `key` in files and `title` on pages.
    #[must_use]
    pub fn new(key: &str, title: &str) -> Column {
        Column { key: key.to_owned(), title: title.to_owned() }
    }
}

/// Content of a table cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Names, of which pages show the first dozen and files all.
    List(Vec<String>),
    /// A count.
    Count(u64),
    /// A finite number, shown with a fixed number of decimals.
    Number {
        /// Value.
        value: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// A finite estimate with the ends of its interval, shown with a fixed number of decimals.
    Interval {
        /// Estimate.
        estimate: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// The ends of an interval, shown with a fixed number of decimals.
    Range {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// A finite number as others printed it, with the number after ±; files have the ends of the interval.
    PlusMinus {
        /// Value.
        value: f64,
        /// Half width of the interval.
        half_width: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// A finite number, shown with the fewest digits that distinguish it from all others.
    Printed(f64),
    /// A probability, shown with four decimals, or as "< 0.0001".
    Probability(f64),
    /// A missing value with the reason.
    Missing(String),
}

impl Cell {
    /// Creates a text cell.
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// Formats the cell as on a page, with the reason in parentheses if there is no value.
    pub(crate) fn shown(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::List(names) if names.len() > SHOWN_NAMES + 1 => {
                let shown = names[..SHOWN_NAMES].join(", ");
                format!("{shown} and {} more", number((names.len() - SHOWN_NAMES) as f64, 0))
            }
            Cell::List(names) => names.join(", "),
            Cell::Count(count) => number(*count as f64, 0),
            Cell::Number { value, decimals } => number(*value, *decimals),
            Cell::Interval { estimate, low, high, decimals } => {
                let text = |value| number(value, *decimals);
                format!("{} [{}, {}]", text(*estimate), text(*low), text(*high))
            }
            Cell::Range { low, high, decimals } => {
                format!("{} to {}", number(*low, *decimals), number(*high, *decimals))
            }
            Cell::PlusMinus { value, half_width, decimals } => {
                format!("{} ± {}", number(*value, *decimals), number(*half_width, *decimals))
            }
            Cell::Printed(value) if *value != 0.0 && value.abs() < SMALLEST_P => {
                format!("{value:e}").replace('-', "−")
            }
            Cell::Printed(value) => value.to_string().replace('-', "−"),
            Cell::Probability(p) if *p < SMALLEST_P => format!("< {SMALLEST_P}"),
            Cell::Probability(p) => number(*p, 4),
            Cell::Missing(reason) => format!("– ({reason})"),
        }
    }

    /// Returns `true` if the cell is right-aligned.
    pub(crate) fn is_numeric(&self) -> bool {
        !matches!(self, Cell::Text(_) | Cell::List(_) | Cell::Missing(_))
    }
}

/// A table with a caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// File name without extension.
    pub name: String,
    /// Description and reading instructions, in one or two sentences.
    pub caption: String,
    /// Columns from left to right.
    pub columns: Vec<Column>,
    /// Rows from top to bottom; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Creates a table without rows.
    pub(crate) fn new(name: &str, caption: impl Into<String>, columns: &[(&str, &str)]) -> Table {
        Table {
            name: name.to_owned(),
            caption: caption.into(),
            columns: columns.iter().map(|(key, title)| Column::new(key, title)).collect(),
            rows: Vec::new(),
        }
    }

    /// Removes columns by their keys.
    pub(crate) fn without(mut self, keys: &[&str]) -> Table {
        let is_kept: Vec<bool> =
            self.columns.iter().map(|column| !keys.contains(&column.key.as_str())).collect();
        let mut kept = is_kept.iter();
        self.columns.retain(|_| kept.next() == Some(&true));
        for row in &mut self.rows {
            let mut kept = is_kept.iter();
            row.retain(|_| kept.next() == Some(&true));
        }
        self
    }

    /// Returns the path of the CSV file, relative to the report's directory.
    pub(crate) fn csv_path(&self) -> String {
        format!("tables/{}.csv", self.name)
    }

    /// Returns `true` if the cells of a column are right-aligned: it has numbers, and text only where numbers are
    /// missing.
    pub(crate) fn is_numeric(&self, column: usize) -> bool {
        let cells = || self.rows.iter().filter_map(|row| row.get(column));
        cells().any(Cell::is_numeric) && !cells().any(|cell| matches!(cell, Cell::Text(_) | Cell::List(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_columns_with_their_cells() {
        let mut table = Table::new("t", "", &[("a", "A"), ("b", "B"), ("c", "C")]);
        table.rows.push([1, 2, 3].map(Cell::Count).into());
        let rest = table.without(&["a", "c"]);
        assert_eq!((rest.columns, rest.rows), (vec![Column::new("b", "B")], vec![vec![Cell::Count(2)]]));
    }

    #[test]
    fn shows_cells_with_their_significant_digits() {
        let cases = [
            (Cell::Number { value: -0.004, decimals: 2 }, "0.00"),
            (
                Cell::Interval { estimate: -0.0131, low: -0.15, high: 0.1249, decimals: 2 },
                "−0.01 [−0.15, 0.12]",
            ),
            (Cell::Probability(0.690_2), "0.6902"),
            (Cell::Probability(5.1e-20), "< 0.0001"),
            (Cell::PlusMinus { value: -0.5, half_width: 0.1, decimals: 2 }, "−0.50 ± 0.10"),
            (Cell::Printed(0.0127), "0.0127"),
            (Cell::Printed(1.3e-6), "1.3e−6"),
            (Cell::Count(13_100), "13\u{202f}100"),
            (
                Cell::List((0..13).map(|n| n.to_string()).collect()),
                "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
            ),
            (
                Cell::List((0..20).map(|n| n.to_string()).collect()),
                "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more",
            ),
            (Cell::Missing("no voiced frames".into()), "– (no voiced frames)"),
        ];
        for (cell, expected) in cases {
            assert_eq!(cell.shown(), expected);
        }
    }
}
