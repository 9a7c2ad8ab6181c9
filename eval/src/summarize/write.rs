//! Files of a report.

use std::path::Path;

use anyhow::Context as _;
use mynah_cli::say;
use mynah_report::comparison::Comparison;
use mynah_table::write_atomic;

/// Returns the versions of the software that computed the results.
pub(crate) fn versions() -> Vec<(String, String)> {
    vec![("mynah".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]
}

/// Writes all files of the report, and prints the path of its page.
pub(crate) fn write(comparison: &Comparison<'_>, out: &Path) -> anyhow::Result<()> {
    for document in comparison.documents()? {
        write_atomic(&out.join(&document.path), &document.bytes).context("failed to write the report")?;
    }
    say(&format!("wrote `{}`", out.join("index.html").display()));
    Ok(())
}
