//! The clips of a corpus.

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use mynah_corpus::{Corpus, Listing};

/// Lists the clips of a corpus.
///
/// # Errors
///
/// When the corpus has no clips or cannot be read.
pub(super) fn list(corpus: &Corpus, name: &str) -> Result<Listing> {
    let listing = corpus.list().with_context(|| format!("failed to list the clips of `{name}`"))?;
    if listing.rows == 0 {
        bail!(Advised::new(
            format!("`{name}/metadata.csv` lists no clips"),
            "write a line `id|text|normalized text` for each clip"
        ));
    }
    Ok(listing)
}
