//! Finished rows, written while others are still being computed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use mynah_metrics::Score;

/// A JSON Lines file next to the table, which grows item by item and is removed once the table is written. A killed run
/// leaves it for inspection.
pub(crate) struct Partial {
    path: PathBuf,
    file: Mutex<File>,
}

impl Partial {
    /// Creates the file that belongs to a table.
    pub(crate) fn begin(table: &Path) -> anyhow::Result<Self> {
        let mut name = table.file_name().unwrap_or_default().to_owned();
        name.push(".partial.jsonl");
        let path = table.with_file_name(name);
        let file = File::create(&path).with_context(|| format!("failed to write `{}`", path.display()))?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// Appends rows in one write.
    pub(crate) fn add<'a>(&self, rows: impl Iterator<Item = &'a Score>) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut lines, row)?;
            lines.push(b'\n');
        }
        // A thread that panicked while holding the lock left whole lines, or a broken end of the file.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&lines).with_context(|| format!("failed to write `{}`", self.path.display()))
    }

    /// Removes the file once the table is written.
    pub(crate) fn remove(self) -> anyhow::Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("failed to remove `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use mynah_metrics::{all, failed_item};
    use mynah_table::read_table;

    use super::*;

    #[test]
    fn writes_rows_before_the_table() {
        let directory = tempfile::tempdir().unwrap();
        let partial = Partial::begin(&directory.path().join("scores.parquet")).unwrap();
        let rows = failed_item("voice", None, "a", "the wav is silent", all());
        partial.add(rows.iter()).unwrap();
        let path = directory.path().join("scores.parquet.partial.jsonl");
        assert_eq!(read_table::<Score>(&path).unwrap(), rows);
        partial.remove().unwrap();
        assert!(!path.exists());
    }
}
