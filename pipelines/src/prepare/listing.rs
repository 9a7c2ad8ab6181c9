//! The clips of a corpus.

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, say};
use mynah_corpus::{Corpus, Listing};

/// Says what was guessed about the layout of a corpus.
pub(super) fn say_notes(listing: &Listing) {
    for note in &listing.notes {
        say(note);
    }
}

/// Lists the clips of a corpus.
///
/// # Errors
///
/// When the corpus has no clips or cannot be read.
pub(super) fn list(corpus: &Corpus, name: &str) -> Result<Listing> {
    let listing = corpus.list().with_context(|| format!("failed to list the clips of `{name}`"))?;
    if listing.rows == 0 {
        say_notes(&listing);
        bail!(Advised::new(
            format!("`{}` in `{name}` lists no clips", listing.place),
            "write a line `id|text|normalized text` for each clip, or name another table under `[source]` in the recipe"
        ));
    }
    Ok(listing)
}
