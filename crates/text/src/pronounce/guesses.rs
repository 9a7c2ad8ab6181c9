//! What the network has said, kept: it takes a millisecond or two for a word, and texts repeat theirs.

use std::sync::{PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::g2p::G2p;
use crate::phone::Phone;

/// How many words are kept before all are forgotten; it bounds memory to some 20 MB and changes no result.
const MOST: usize = 200_000;

/// Words with what the network in the program says of them, shared by threads.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    said: RwLock<FxHashMap<Box<str>, Box<[Phone]>>>,
}

impl Guesses {
    /// What the network says.
    pub(super) fn say(&self, word: &str) -> Vec<Phone> {
        // A thread that panics leaves whole words behind.
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
    fn what_is_kept_is_what_the_network_says() {
        let guesses = Guesses::default();
        for word in ["calcraft", "hidell", "calcraft", "schoeffer", "hidell"] {
            assert_eq!(guesses.say(word), G2p::bundled().pronounce(word), "{word}");
        }
        assert_eq!(guesses.said.read().unwrap().len(), 3);
    }
}
