//! Writing the files of a report.

use std::path::Path;

use anyhow::Context as _;
use mynah_report::comparison::Comparison;
use mynah_table::write_atomic;

use crate::program::say;

/// What made the numbers.
pub(crate) fn versions() -> Vec<(String, String)> {
    vec![("mynah".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]
}

/// Writes every file of the report, and says where to look.
pub(crate) fn write(comparison: &Comparison<'_>, out: &Path) -> anyhow::Result<()> {
    for document in comparison.documents()? {
        write_atomic(&out.join(&document.path), &document.bytes).context("failed to write the report")?;
    }
    say(&format!("wrote `{}`", out.join("index.html").display()));
    Ok(())
}
