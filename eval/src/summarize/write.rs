//! Writing the files of a report.

use std::path::Path;

use mynah_report::comparison::Comparison;

use crate::files;
use crate::program::say;

/// What made the numbers.
pub(crate) fn versions() -> Vec<(String, String)> {
    vec![("mynah".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]
}

/// Writes every file of the report, and says where to look.
pub(crate) fn write(comparison: &Comparison<'_>, out: &Path) -> anyhow::Result<()> {
    for document in comparison.documents()? {
        files::write(&out.join(&document.path), &document.bytes)?;
    }
    say(&format!("wrote `{}`", out.join("index.html").display()));
    Ok(())
}
