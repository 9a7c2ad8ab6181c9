//! Tables of other listening-test tools, as files.

use std::path::Path;

use anyhow::Context as _;
use mynah_listening::ForeignTable;
use mynah_table::read_ragged_table;

/// A table with the lines of its file on which its rows begin.
pub(crate) struct TableFile {
    pub(crate) table: ForeignTable,
    lines: Vec<u64>,
}

impl TableFile {
    /// Reads a table; `None` if it is not CSV, which is what these tools write.
    pub(crate) fn read(path: &Path, separator: Option<char>) -> anyhow::Result<Option<Self>> {
        let failed = || format!("failed to read `{}`", path.display());
        let Some(read) = read_ragged_table(path, separator).with_context(failed)? else { return Ok(None) };
        let file = path.display().to_string();
        let table = ForeignTable { file, columns: read.columns, rows: read.rows };
        Ok(Some(Self { table, lines: read.lines }))
    }

    /// Returns the line of the file on which a row begins; rows are counted from 1.
    pub(crate) fn line(&self, row: u64) -> Option<u64> {
        self.lines.get((row as usize).checked_sub(1)?).copied()
    }
}
