//! Readings chosen by weights learned from labeled sentences.
//!
//! Each feature of the context has a weight for a reading of the word, and one for verbs of all words, which is
//! shared by the words of which exactly one reading is a verb. The reading with the largest sum wins. The choice of
//! the rules is a feature too, and has a weight of its own besides: the labeled sentences are those of an
//! encyclopedia, and the rules know words that are rare there.
//!
//! The weights are a hash table of pairs of bytes: the upper bits of a feature's hash, never zero, and the
//! weight. A look-up begins at the place given by the lower bits and ends at the feature or an empty place.

use super::features::{Features, hash, mix};
use super::{Context, Reading, Reason};

static WEIGHTS: &[u8] = include_bytes!("../../data/homographs.bin");

/// Weight of a choice for which the rules have a reason: a sentence must be familiar to overrule it.
const RULE: i32 = 300;
/// Seed of the weights that all words share.
const SHARED: u64 = 0x5EED;

/// Learned choice between the readings of a word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Learned {
    seed: u64,
    readings: usize,
    /// The reading that is a verb, if one of two is.
    verb: Option<usize>,
}

impl Learned {
    /// Creates the choice for a word with readings of these names, as in `data/homographs.txt`.
    pub(super) fn new(word: &str, names: &[&str]) -> Self {
        let verb = names.iter().position(|name| name.ends_with("_vrb"));
        let verb = verb.filter(|verb| names.len() == 2 && !names[1 - verb].contains("vrb"));
        Self { seed: hash(word), readings: names.len(), verb }
    }

    /// Returns the number of the likeliest reading, given the choice of the rules; the first of several.
    pub(super) fn choose(&self, context: &Context<'_>, by_rule: (Reading, Reason)) -> usize {
        let features = Features::of(context, by_rule);
        let (ruled, reason) = (usize::from(by_rule.0 == Reading::Second), by_rule.1);
        let mut best = (0, 0);
        for reading in 1..self.readings {
            let mut score =
                if reason == Reason::Default { 0 } else { RULE * if ruled == reading { 1 } else { -1 } };
            self.for_each(&features, reading, |key, sign| score += sign * weight(WEIGHTS, key));
            if score > best.1 {
                best = (reading, score);
            }
        }
        best.0
    }

    /// Calls `visit` with the key of every weight of a reading other than the first, and its sign.
    pub(super) fn for_each(&self, features: &Features, reading: usize, mut visit: impl FnMut(u64, i32)) {
        let seed = mix(self.seed, reading as u64);
        for feature in features.local.iter().chain(features.near()) {
            visit(mix(*feature, seed), 1);
        }
        if let Some(verb) = self.verb {
            let sign = if verb == reading { 1 } else { -1 };
            for feature in features.local {
                visit(mix(feature, SHARED), sign);
            }
        }
    }
}

/// Returns the place where the search for a key begins in a table of `places`, a power of two, and the byte by
/// which it is known.
pub(super) fn place(key: u64, places: usize) -> (usize, u8) {
    let spread = key ^ (key >> 32);
    (spread as usize & (places - 1), ((key >> 56) as u8).max(1))
}

fn weight(table: &[u8], key: u64) -> i32 {
    let places = table.len() / 2;
    let (mut at, known) = place(key, places.max(1));
    loop {
        match table.get(2 * at..2 * at + 2) {
            Some(&[found, weight]) if found == known => return i32::from(weight as i8),
            Some(&[0, _]) | None => return 0,
            _ => at = (at + 1) & (places - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_weights_are_a_table_with_gaps() {
        assert!(WEIGHTS.len().is_power_of_two());
        let taken = WEIGHTS.chunks_exact(2).filter(|pair| pair[0] != 0).count();
        assert!(taken > 10_000 && taken < WEIGHTS.len() / 2 * 3 / 4, "{taken}");
    }

    #[test]
    fn unknown_features_weigh_nothing() {
        let mut table = vec![0; 16];
        let (at, known) = place(12_345, 8);
        table[2 * at] = known;
        table[2 * at + 1] = -7_i8 as u8;
        assert_eq!(weight(&table, 12_345), -7);
        assert_eq!(weight(&table, 1 << 60), 0);
        assert_eq!(weight(&[], 1), 0);
    }
}
