//! Tables of scores, with the places of their rows.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::say;
use mynah_metrics::Score;
use mynah_table::read_table;

/// Rows of scores with the files they come from.
pub(crate) struct Scores<'a> {
    pub(crate) rows: Vec<Score>,
    /// Each file with the number of its rows.
    files: Vec<(&'a Path, usize)>,
}

impl<'a> Scores<'a> {
    /// Reads all tables; one without rows is reported.
    pub(crate) fn read(paths: &'a [PathBuf]) -> anyhow::Result<Scores<'a>> {
        let mut scores = Scores { rows: Vec::new(), files: Vec::new() };
        for path in paths {
            let rows: Vec<Score> =
                read_table(path).with_context(|| format!("failed to read scores `{}`", path.display()))?;
            if rows.is_empty() {
                say(&format!("warning: `{}` has no rows", path.display()));
            }
            scores.files.push((path, rows.len()));
            scores.rows.extend(rows);
        }
        Ok(scores)
    }

    /// Adds the rows at fault to an error, if it concerns rows.
    pub(crate) fn with_place(&self, error: anyhow::Error) -> anyhow::Error {
        let Some(
            mynah_report::Error::DuplicateScore { system, item, profile }
            | mynah_report::Error::BadScore { system, item, profile, .. },
        ) = error.downcast_ref()
        else {
            return error;
        };
        let is_it = |row: &Score| (&row.system, &row.item, &row.profile) == (system, item, profile);
        let rows = self.rows.iter().enumerate().filter(|(_, row)| is_it(row));
        let places: Vec<String> = rows.map(|(index, _)| self.place(index)).collect();
        error.context(format!("the scores are contradictory: {}", places.join(", ")))
    }

    /// Describes the place of a row, as in "row 3 of `scores.csv`", counted from 1 without the header.
    pub(crate) fn place(&self, index: usize) -> String {
        let mut before = 0;
        for (path, n_rows) in &self.files {
            if index < before + n_rows {
                return format!("row {} of `{}`", index - before + 1, path.display());
            }
            before += n_rows;
        }
        format!("row {}", index + 1)
    }
}
