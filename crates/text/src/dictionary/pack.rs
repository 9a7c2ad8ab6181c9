//! Packing of a lexicon into the bytes read by [`Dictionary`](super::Dictionary).

use fst::MapBuilder;

use super::{ANOTHER, LAST_PHONE};
use crate::error::Error;
use crate::lexicon::Lexicon;

/// Packed dictionary, not yet written to files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedDictionary {
    /// Map from words to offsets in `phones`.
    pub words: Vec<u8>,
    /// Pronunciations.
    pub phones: Vec<u8>,
}

/// Packs a lexicon; equal lexicons give equal bytes.
///
/// # Errors
///
/// Returns [`Error::Dictionary`] if the map cannot be built.
pub fn pack_dictionary(lexicon: &Lexicon) -> Result<PackedDictionary, Error> {
    let refuse = |error: fst::Error| Error::Dictionary { why: error.to_string() };
    let mut words = MapBuilder::memory();
    let mut phones = Vec::new();
    for (word, variants) in lexicon.iter() {
        words.insert(word, phones.len() as u64).map_err(refuse)?;
        for (index, variant) in variants.iter().enumerate() {
            if index > 0 {
                phones.push(ANOTHER);
            }
            phones.extend(variant.iter().map(|phone| phone.index() as u8));
            if let Some(last) = phones.last_mut() {
                *last |= LAST_PHONE;
            }
        }
    }
    Ok(PackedDictionary { words: words.into_inner().map_err(refuse)?, phones })
}
