//! The table itself.

use crate::figure::number;

/// Names of a list that pages show.
const SHOWN_NAMES: usize = 12;
/// p-values below this are given as "less than".
const SMALLEST_P: f64 = 1e-4;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in CSV files: lower case, words joined by underscores.
    pub key: String,
    /// Its name on pages.
    pub title: String,
}

impl Column {
    /// A column called `key` in files and `title` on pages.
    #[must_use]
    pub fn new(key: &str, title: &str) -> Column {
        Column { key: key.to_owned(), title: title.to_owned() }
    }
}

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Names, of which pages show the first dozen and files all.
    List(Vec<String>),
    /// A count.
    Count(u64),
    /// A finite number, shown with so many decimals.
    Number {
        /// The value.
        value: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// A finite estimate with the ends of its interval, shown with so many decimals.
    Interval {
        /// The estimate.
        estimate: f64,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// A finite number as others printed it, with what stands behind ±; in files the ends of the interval.
    PlusMinus {
        /// The value.
        value: f64,
        /// Half of the interval's width.
        half_width: f64,
        /// Decimals on pages.
        decimals: usize,
    },
    /// A finite number, shown with the fewest digits that tell it from all others.
    Printed(f64),
    /// A probability, shown with four decimals, or as "< 0.0001".
    Probability(f64),
    /// No value, and why.
    Missing(String),
}

impl Cell {
    /// Words.
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// The cell as it stands on a page; the reason in parentheses where there is no value.
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

    /// Whether it belongs to the right, under its unit.
    pub(crate) fn is_numeric(&self) -> bool {
        !matches!(self, Cell::Text(_) | Cell::List(_) | Cell::Missing(_))
    }
}

/// A table with a caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The name of its files, without extension.
    pub name: String,
    /// What it shows and how to read it, one or two sentences.
    pub caption: String,
    /// From left to right.
    pub columns: Vec<Column>,
    /// From top to bottom; each row has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(name: &str, caption: impl Into<String>, columns: &[(&str, &str)]) -> Table {
        Table {
            name: name.to_owned(),
            caption: caption.into(),
            columns: columns.iter().map(|(key, title)| Column::new(key, title)).collect(),
            rows: Vec::new(),
        }
    }

    /// Where its CSV lies, relative to the report's directory.
    pub(crate) fn csv_path(&self) -> String {
        format!("tables/{}.csv", self.name)
    }

    /// Whether the cells of a column belong to the right: it has numbers, and words only where numbers are missing.
    pub(crate) fn is_numeric(&self, column: usize) -> bool {
        let cells = || self.rows.iter().filter_map(|row| row.get(column));
        cells().any(Cell::is_numeric) && !cells().any(|cell| matches!(cell, Cell::Text(_) | Cell::List(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_shown_with_the_digits_that_mean_something() {
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
