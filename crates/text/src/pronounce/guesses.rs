//! Cache of the network's predictions, which take a millisecond or two per word.

use std::sync::{PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::g2p::G2p;
use crate::phone::Phone;

/// Number of words at which the cache is cleared; it bounds memory to about 20 MB and never changes a result.
const MOST: usize = 200_000;

/// Predictions of the bundled network, shared by threads.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    said: RwLock<FxHashMap<Box<str>, Box<[Phone]>>>,
}

impl Guesses {
    /// Returns the network's prediction.
    pub(super) fn say(&self, word: &str) -> Vec<Phone> {
        // A thread that panics leaves the cache consistent.
        if let Some(phones) = self.said.read().unwrap_or_else(PoisonError::into_inner).get(word) {
            return phones.to_vec();
        }
        let phones = G2p::bundled().pronounce(word);
        let mut said = self.said.write().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= MOST {
            said.clear();
        }
        said.insert(word.into(), phones.as_slice().into());
        phones
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_words_agree_with_the_network() {
        let guesses = Guesses::default();
        for word in ["calcraft", "hidell", "calcraft", "schoeffer", "hidell"] {
            assert_eq!(guesses.say(word), G2p::bundled().pronounce(word), "{word}");
        }
        assert_eq!(guesses.said.read().unwrap().len(), 3);
    }
}
