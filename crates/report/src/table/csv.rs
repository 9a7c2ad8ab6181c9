//! CSV: every digit, one column per number.

use super::cell::{Cell, Table};
use crate::error::Error;

impl Table {
    /// Renders the table as CSV with a header.
    ///
    /// An interval becomes three columns, `key`, `key_low` and `key_high`, the first empty for one without an estimate; a column with a missing value is followed by
    /// `key_reason`. Missing values are empty cells; the names of a list are separated by spaces.
    pub fn to_csv(&self) -> Result<String, Error> {
        let shapes: Vec<Shape> = (0..self.columns.len()).map(|index| Shape::of(self, index)).collect();
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let mut header = Vec::new();
        for (column, shape) in self.columns.iter().zip(&shapes) {
            header.push(column.key.clone());
            if shape.is_interval {
                header.extend(["low", "high"].map(|end| format!("{}_{end}", column.key)));
            }
            if shape.has_missing {
                header.push(format!("{}_reason", column.key));
            }
        }
        let failed = |source: csv::Error| Error::Csv { what: self.name.clone(), source };
        writer.write_record(&header).map_err(failed)?;
        for row in &self.rows {
            let mut record = Vec::new();
            for (cell, shape) in row.iter().zip(&shapes) {
                shape.write(cell, &mut record);
            }
            writer.write_record(&record).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Layout of one column of the table as columns of the file.
struct Shape {
    is_interval: bool,
    has_missing: bool,
}

impl Shape {
    fn of(table: &Table, column: usize) -> Shape {
        let cells = || table.rows.iter().filter_map(|row| row.get(column));
        Shape {
            is_interval: cells().any(|cell| {
                matches!(cell, Cell::Interval { .. } | Cell::Range { .. } | Cell::PlusMinus { .. })
            }),
            has_missing: cells().any(|cell| matches!(cell, Cell::Missing(_))),
        }
    }

    fn write(&self, cell: &Cell, record: &mut Vec<String>) {
        let (value, ends) = match cell {
            Cell::Text(text) => (text.clone(), None),
            Cell::List(names) => (names.join(" "), None),
            Cell::Count(count) => (count.to_string(), None),
            Cell::Number { value, .. } | Cell::Probability(value) | Cell::Printed(value) => {
                (value.to_string(), None)
            }
            Cell::Interval { estimate, low, high, .. } => (estimate.to_string(), Some((*low, *high))),
            Cell::Range { low, high, .. } => (String::new(), Some((*low, *high))),
            Cell::PlusMinus { value, half_width, .. } => {
                (value.to_string(), Some((value - half_width, value + half_width)))
            }
            Cell::Missing(_) => (String::new(), None),
        };
        record.push(value);
        if self.is_interval {
            record.extend(
                ends.map_or([String::new(), String::new()], |(low, high)| {
                    [low.to_string(), high.to_string()]
                }),
            );
        }
        if self.has_missing {
            record.push(if let Cell::Missing(reason) = cell { reason.clone() } else { String::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_intervals_and_reasons_their_own_columns() {
        let mut table = Table::new("t", "", &[("system", "System"), ("mean", "Mean")]);
        let interval = Cell::Interval { estimate: 1.25, low: 1.0, high: 1.5, decimals: 1 };
        table.rows.push(vec![Cell::text("a, \"b\""), interval]);
        table.rows.push(vec![Cell::text("c"), Cell::Missing("only one item".into())]);
        assert_eq!(
            table.to_csv().unwrap(),
            "system,mean,mean_low,mean_high,mean_reason\n\"a, \"\"b\"\"\",1.25,1,1.5,\nc,,,,only one item\n"
        );
    }

    #[test]
    fn keeps_every_digit_of_numbers() {
        let mut table = Table::new("t", "", &[("value", "Value")]);
        table.rows.push(vec![Cell::Number { value: 0.1 + 0.2, decimals: 1 }]);
        assert_eq!(table.to_csv().unwrap(), "value\n0.30000000000000004\n");
    }
}
