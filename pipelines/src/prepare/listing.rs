//! The clips of a corpus.

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, say};
use mynah_corpus::{Code, Corpus, Entry, Listing, Problem, Stage};

/// Most bytes of an id: file systems allow 255 for a name, of which `.<id>.safetensors.XXXXXX` takes 20 while features are
/// written.
const LONGEST_ID: usize = 255 - 20;

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
    let mut listing = corpus.list().with_context(|| format!("failed to list the clips of `{name}`"))?;
    if listing.rows == 0 {
        say_notes(&listing);
        bail!(Advised::new(
            format!("`{}` in `{name}` lists no clips", listing.place),
            "write a line `id|text|normalized text` for each clip, or name another table under `[source]` in the recipe"
        ));
    }
    let (entries, long): (Vec<Entry>, Vec<Entry>) =
        listing.entries.into_iter().partition(|entry| entry.id.len() <= LONGEST_ID);
    listing.entries = entries;
    listing.problems.extend(long.into_iter().map(|entry| Problem {
        stage: Stage::Metadata,
        code: Code::UnsafeId,
        message: format!(
            "the id has {} bytes, and a file name made of it would be too long: at most {LONGEST_ID} are possible",
            entry.id.len()
        ),
        id: Some(entry.id),
        file: entry.table.to_string(),
        line: Some(entry.line),
        remedy: "shorten the id and the name of its recording".to_owned(),
    }));
    Ok(listing)
}
