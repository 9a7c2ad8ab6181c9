//! The sup-phonemes of a dataset: those that the recipe names, or learned ones.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use mynah_corpus::Recipe;
use mynah_text::{Phone, SupPhones, Word};

/// Reads the sup-phonemes that the recipe names, if it names any.
pub(super) fn given(recipe: &Recipe) -> Result<Option<SupPhones>> {
    let Some(path) = &recipe.sup_phones.model else { return Ok(None) };
    let failed = || format!("failed to read the sup-phonemes `{}`", path.display());
    let json = fs::read_to_string(path).with_context(failed)?;
    SupPhones::from_json(&json).map(Some).with_context(failed)
}

/// Learns a BPE of phones from words.
pub(super) fn learn<'a>(words: impl Iterator<Item = &'a Word>, merges: usize) -> SupPhones {
    let mut counts: BTreeMap<&[Phone], u64> = BTreeMap::new();
    for word in words {
        *counts.entry(&word.pronunciation.phones).or_default() += 1;
    }
    SupPhones::train(counts, merges)
}
