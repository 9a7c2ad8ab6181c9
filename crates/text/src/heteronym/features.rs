//! Features of a context, as hashes, for the learned readings.

use super::grammar::{Class, class};
use super::{Context, Reading, Reason};

/// Reach of the words whose order does not matter, in tokens to either side.
const NEAR: isize = 10;
/// Reach of the search for the word that opens the phrase, in tokens.
const PHRASE: isize = 8;
/// Number of features of a context, without its near words.
const FEATURES: usize = 39;
/// Endings of words outside the closed classes, of which the first that fits is the word's.
const ENDINGS: [&str; 23] = [
    "ly", "ing", "ed", "tion", "ment", "ness", "ity", "ous", "ive", "al", "ic", "ful", "ble", "ers", "ors",
    "er", "ism", "ist", "ian", "an", "ss", "s", "y",
];

/// Hashes of the features of one context.
pub(super) struct Features {
    /// Neighboring words, their classes, and combinations of them.
    pub(super) local: [u64; FEATURES],
    near: [u64; 2 * NEAR as usize],
    near_count: usize,
}

impl Features {
    /// Collects the features of a context, of which the choice of the rules is one.
    pub(super) fn of(context: &Context<'_>, (reading, reason): (Reading, Reason)) -> Self {
        let (reading, reason) = (reading as u64, reason as u64);
        let tokens = [-3, -2, -1, 1, 2, 3].map(|offset| context.token(offset));
        let [w3, w2, w1, v1, v2, v3] = tokens.map(hash);
        let [c3, c2, c1, d1, d2, d3] = tokens.map(kind);
        let [_, e2, e1, f1, f2, _] = tokens.map(|token| hash(last_letters(token)));
        let (opener, distance) = opener(context);
        let own = context.written();
        let capital = |written: &str| u64::from(written.starts_with(char::is_uppercase));
        let shape = capital(own)
            + 2 * u64::from(context.token(-1).is_empty())
            + 4 * u64::from(own.len() > 1 && !own.contains(char::is_lowercase));
        let beside = capital(context.written_at(-1)) + 2 * capital(context.written_at(1));
        let lists: [&[u64]; FEATURES] = [
            &[],
            &[w3],
            &[w2],
            &[w1],
            &[v1],
            &[v2],
            &[v3],
            &[c3],
            &[c2],
            &[c1],
            &[d1],
            &[d2],
            &[d3],
            &[e2],
            &[e1],
            &[f1],
            &[f2],
            &[c1, d1],
            &[c2, c1],
            &[d1, d2],
            &[c2, c1, d1],
            &[c1, d1, d2],
            &[c3, c2, c1],
            &[w1, d1],
            &[c1, v1],
            &[w2, w1],
            &[v1, v2],
            &[w2, c1],
            &[d1, v2],
            &[shape],
            &[beside],
            &[hash(own)],
            &[opener, c1],
            &[opener, distance],
            &[shape, c1],
            &[beside, d1],
            &[reading],
            &[reading, reason],
            &[reading, reason, c1],
        ];
        let mut local = [0; FEATURES];
        for (number, (feature, list)) in local.iter_mut().zip(lists).enumerate() {
            *feature = list.iter().fold(mix(0, number as u64 + 1), |hash, part| mix(hash, *part));
        }
        let (mut near, mut near_count) = ([0; 2 * NEAR as usize], 0);
        for offset in (-NEAR..0).chain(1..=NEAR) {
            let token = context.token(offset);
            if token.len() > 2 {
                near[near_count] = mix(u64::MAX, hash(token));
                near_count += 1;
            }
        }
        Self { local, near, near_count }
    }

    /// Returns the words nearby, in any order.
    pub(super) fn near(&self) -> &[u64] {
        &self.near[..self.near_count]
    }
}

/// Combines a hash with another number.
pub(super) fn mix(hash: u64, part: u64) -> u64 {
    (hash.rotate_left(5) ^ part).wrapping_mul(0x517C_C1B7_2722_0A95)
}

/// Hashes a word (FNV-1a).
pub(super) fn hash(word: &str) -> u64 {
    word.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Returns the closed class of a word, its ending, or the mark that it is.
fn kind(token: &str) -> u64 {
    let Some(first) = token.bytes().next().filter(u8::is_ascii_alphabetic) else {
        return 128 + token.bytes().next().map_or(0, u64::from);
    };
    match class(token) {
        Class::Other => {}
        class => return class as u64,
    }
    // Most endings differ in their last letter, which is compared faster than the whole.
    let last = token.as_bytes().last();
    let ending = ENDINGS.iter().position(|ending| {
        ending.as_bytes().last() == last && token.len() > ending.len() + 2 && token.ends_with(ending)
    });
    let letter = token.as_bytes().get(1) == Some(&b'.') && first.is_ascii_lowercase();
    if letter { 127 } else { 64 + ending.map_or(ENDINGS.len(), |ending| ending) as u64 }
}

fn last_letters(token: &str) -> &str {
    token.get(token.len().saturating_sub(3)..).unwrap_or(token)
}

/// Returns the class of the nearest word before it that opens a phrase, and its distance up to four.
fn opener(context: &Context<'_>) -> (u64, u64) {
    for distance in 1..=PHRASE {
        let token = context.token(-distance);
        let class = class(token);
        let opens = matches!(
            class,
            Class::Auxiliary
                | Class::To
                | Class::Be
                | Class::Have
                | Class::Determiner
                | Class::SingularDeterminer
                | Class::Preposition
                | Class::Subject
                | Class::SingularSubject
                | Class::Relative
        );
        if opens {
            return (class as u64, distance.unsigned_abs().min(4) as u64);
        }
    }
    (255, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::normalize;

    #[test]
    fn features_tell_contexts_apart() {
        let features = |text: &str| {
            let tokens = normalize(text).tokens;
            let at = tokens.iter().position(|token| token.text == "record").unwrap_or(0);
            Features::of(&Context::new(text, &tokens, at), (Reading::First, Reason::Default))
        };
        let (noun, verb) = (features("She broke the record."), features("She wants to record it."));
        assert_eq!(noun.local, features("She broke the record.").local);
        assert_eq!(noun.local[0], verb.local[0]);
        assert!(noun.local[9] != verb.local[9] && noun.local[17] != verb.local[17]);
        assert_eq!((noun.near().len(), verb.near().len()), (3, 2));
        let mut distinct = noun.local.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), FEATURES);
    }

    #[test]
    fn words_have_kinds() {
        assert_eq!(kind("the"), kind("my"));
        assert_eq!(kind("walking"), kind("singing"));
        assert_ne!(kind("walking"), kind("walked"));
        assert_ne!(kind(","), kind("."));
        assert_ne!(kind(""), kind("b."));
    }
}
