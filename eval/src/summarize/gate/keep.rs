//! `mynah-summarize gate keep`: the values that a gate needs, in one small table.

use std::collections::BTreeSet;
use std::process::ExitCode;

use mynah_cli::say;
use serde::{Deserialize, Serialize};

use super::args::KeepArgs;
use super::check::{check_columns, read};
use super::config::{self, Gate};
use super::sheet::{Cell, Sheet};
use crate::files::check_table;

/// A value of a kept baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// Number of the run, from 1.
    run: String,
    /// Name of the utterance.
    item: String,
    /// Name of the column; empty for an utterance without any.
    column: String,
    /// Value.
    value: Option<f64>,
    /// Reason why there is no value.
    reason: Option<String>,
}

/// Writes the table.
pub(crate) fn run(args: &KeepArgs) -> anyhow::Result<ExitCode> {
    check_table(&args.out)?;
    let gate = config::read(&args.gate)?;
    let sheets = read(&args.source.scores, &args.source.reading())?;
    check_columns(&gate, &sheets, &[])?;
    let rows = rows(&gate, &sheets);
    // A baseline is replaced as a whole, on purpose.
    let key = |row: &Kept| {
        Some((row.run.clone(), row.item.clone(), row.column.clone(), row.value.map(f64::to_bits)))
    };
    args.overwrite.write_table(&args.out, &rows, key)?;
    say(&format!("wrote `{}`: {} runs, {} values", args.out.display(), sheets.len(), rows.len()));
    Ok(ExitCode::SUCCESS)
}

/// Returns the values of the columns that a gate needs, by run, utterance and column.
fn rows(gate: &Gate, sheets: &[Sheet]) -> Vec<Kept> {
    let columns: BTreeSet<&str> = gate.metrics.iter().flat_map(config::Metric::all_columns).collect();
    let mut rows = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        for (item, cells) in &sheet.rows {
            let blank = Kept {
                run: (index + 1).to_string(),
                item: item.clone(),
                column: String::new(),
                value: None,
                reason: None,
            };
            let before = rows.len();
            for (column, cell) in cells.iter().filter(|(column, _)| columns.contains(column.as_str())) {
                let (value, reason) = match cell {
                    Cell::Number(value) => (Some(*value), None),
                    Cell::Failed(reason) => (None, Some(reason.clone())),
                };
                rows.push(Kept { column: column.clone(), value, reason, ..blank.clone() });
            }
            if rows.len() == before {
                rows.push(blank);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_columns_of_the_gate_and_every_utterance() {
        let gate =
            config::parse("[[metric]]\nname = \"mos\"\nkind = \"mean\"\nbetter = \"higher\"\nmargin = 0.1\n")
                .unwrap();
        let mut sheet = Sheet::new("a.csv");
        sheet.put("x", "mos", Cell::Number(4.0));
        sheet.put("x", "other", Cell::Number(1.0));
        sheet.put("y", "mos", Cell::Failed("it is silent".to_owned()));
        sheet.add_item("z");
        let rows = rows(&gate, &[sheet]);
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (row.item.as_str(), row.column.as_str(), row.value, row.reason.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [("x", "mos", Some(4.0), None), ("y", "mos", None, Some("it is silent")), ("z", "", None, None)]
        );
    }
}
