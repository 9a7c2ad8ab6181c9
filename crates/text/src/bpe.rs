//! Sup-phonemes: byte-pair encoding of phones within words.

mod tokenizer_json;
mod train;

use std::collections::HashMap;

use crate::phone::Phone;
use crate::symbol::Symbol;

/// Frequent sequences of phones joined into larger units, as used in mixed-phoneme pre-training.
///
/// Identifiers below [`Symbol::COUNT`] are those of the symbols ([`Symbol::index`]): every symbol is also a
/// sup-phoneme. Each merge adds one identifier, in the order of training. Sup-phonemes never cross a word
/// boundary.
///
/// # Examples
///
/// ```
/// use mynah_text::{SupPhones, parse_phones};
///
/// let words = [(parse_phones("DH AH0")?, 9), (parse_phones("DH AH0 M")?, 2)];
/// let sup_phones = SupPhones::train(words, 1);
/// let ids = sup_phones.encode_word(&parse_phones("DH AH0 N")?);
/// assert_eq!(ids.len(), 2);
/// assert_eq!(sup_phones.phones(ids[0]), Some(parse_phones("DH AH0")?.as_slice()));
/// # Ok::<(), mynah_text::Error>(())
/// ```
///
/// # References
///
/// Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword units", 2016.
/// Sup-phonemes: Zhang et al., "Mixed-Phoneme BERT", 2022.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupPhones {
    /// Merges in the order in which they were learned and are applied.
    merges: Vec<(u32, u32)>,
    /// Position of each pair in `merges`.
    ranks: HashMap<(u32, u32), u32>,
    /// Phones of each identifier; empty for symbols that are not phones.
    phones: Vec<Vec<Phone>>,
}

impl SupPhones {
    /// Returns the sup-phonemes without merges: every symbol alone.
    fn symbols() -> Self {
        let phones = Symbol::all().map(|symbol| symbol.phone().into_iter().collect()).collect();
        Self { merges: Vec::new(), ranks: HashMap::new(), phones }
    }

    /// Learns merges from words and their counts.
    ///
    /// Each step joins the most frequent pair of neighbors everywhere; overlapping occurrences are joined
    /// from the left. Ties go to the pair with the smaller identifiers, comparing the left one first. A pair
    /// whose phones already form a sup-phoneme is skipped, so that every sup-phoneme has a single derivation.
    /// Training ends after `merges` merges or when no pair occurs twice. The order of the words does not
    /// matter.
    #[must_use]
    pub fn train(words: impl IntoIterator<Item = (impl AsRef<[Phone]>, u64)>, merges: usize) -> Self {
        train::train(words, merges)
    }

    /// Encodes one word as sup-phonemes.
    ///
    /// Merges apply in the order in which they were learned, each from the left, until none applies.
    #[must_use]
    pub fn encode_word(&self, phones: &[Phone]) -> Vec<u32> {
        let mut ids: Vec<u32> = phones.iter().map(|phone| id_of(*phone)).collect();
        loop {
            let ranked =
                ids.windows(2).enumerate().filter_map(|(at, pair)| Some((self.rank(pair[0], pair[1])?, at)));
            let Some((rank, at)) = ranked.min() else { return ids };
            ids[at] = Symbol::COUNT as u32 + rank;
            ids.remove(at + 1);
        }
    }

    /// Returns the sup-phoneme that each symbol belongs to.
    ///
    /// `word_index` is that of [`Phonemized`](crate::Phonemized): a run of phones with the same number is a
    /// word. Phones without a number and all other symbols are sup-phonemes of their own.
    ///
    /// # Shapes
    ///
    /// As long as `symbols`; if `word_index` is shorter, the remaining symbols have no number.
    #[must_use]
    pub fn encode(&self, symbols: &[Symbol], word_index: &[Option<u32>]) -> Vec<u32> {
        let phone_of_word = |at: usize| -> Option<(Phone, u32)> {
            Some((symbols.get(at)?.phone()?, word_index.get(at).copied().flatten()?))
        };
        let mut ids = Vec::with_capacity(symbols.len());
        while ids.len() < symbols.len() {
            let start = ids.len();
            let Some((_, word)) = phone_of_word(start) else {
                ids.push(symbols[start].index() as u32);
                continue;
            };
            let phones: Vec<Phone> = (start..)
                .map_while(|at| phone_of_word(at).filter(|(_, other)| *other == word).map(|(phone, _)| phone))
                .collect();
            for id in self.encode_word(&phones) {
                let length = self.phones[id as usize].len();
                ids.extend(std::iter::repeat_n(id, length));
            }
        }
        ids
    }

    /// Returns the phones of a sup-phoneme, empty for symbols that are not phones; `None` for an unknown
    /// identifier.
    #[must_use]
    pub fn phones(&self, id: u32) -> Option<&[Phone]> {
        self.phones.get(id as usize).map(Vec::as_slice)
    }

    /// Returns the joined pairs in order; the first has identifier [`Symbol::COUNT`].
    #[must_use]
    pub fn merges(&self) -> &[(u32, u32)] {
        &self.merges
    }

    /// Returns the number of sup-phonemes: symbols and merges.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the symbols are always there")]
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    fn rank(&self, left: u32, right: u32) -> Option<u32> {
        self.ranks.get(&(left, right)).copied()
    }

    /// Returns the phones of a joined pair.
    fn joined(&self, (left, right): (u32, u32)) -> Vec<Phone> {
        [self.phones[left as usize].as_slice(), &self.phones[right as usize]].concat()
    }

    /// Appends a merge of two existing identifiers.
    fn push(&mut self, pair: (u32, u32)) -> u32 {
        let id = self.phones.len() as u32;
        self.phones.push(self.joined(pair));
        self.ranks.insert(pair, self.merges.len() as u32);
        self.merges.push(pair);
        id
    }
}

fn id_of(phone: Phone) -> u32 {
    Symbol::Phone(phone).index() as u32
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::error::Error;
    use crate::phone::parse_phones;

    fn phones() -> impl Strategy<Value = Vec<Phone>> {
        vec((0..6_usize).prop_map(|index| Phone::from_index(index).expect("there are more than 6")), 0..10)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn decoding_restores_the_word(words in vec((phones(), 0..9_u64), 0..12), word in phones()) {
            let sup_phones = SupPhones::train(words, 20);
            let decoded: Vec<Phone> =
                sup_phones.encode_word(&word).iter().filter_map(|id| sup_phones.phones(*id)).flatten().copied().collect();
            prop_assert_eq!(decoded, word);
        }

        #[test]
        fn covers_every_symbol_with_a_sup_phoneme(words in vec(phones(), 1..6)) {
            let sup_phones = SupPhones::train(words.iter().map(|word| (word, 3)), 20);
            let (mut symbols, mut index, mut expected) = (vec![Symbol::Begin], vec![None], vec![3]);
            for (number, word) in words.iter().enumerate() {
                symbols.extend(word.iter().map(|phone| Symbol::Phone(*phone)));
                index.resize(symbols.len(), Some(number as u32));
                for id in sup_phones.encode_word(word) {
                    expected.extend(sup_phones.phones(id).into_iter().flatten().map(|_| id));
                }
                symbols.push(Symbol::Boundary);
                index.push(None);
                expected.push(Symbol::Boundary.index() as u32);
            }
            prop_assert_eq!(sup_phones.encode(&symbols, &index), expected);
        }
    }

    #[test]
    fn never_joins_across_words() -> Result<(), Error> {
        let pair = parse_phones("DH AH0")?;
        let sup_phones = SupPhones::train([(&pair, 5)], 5);
        let symbols: Vec<Symbol> = pair.iter().map(|phone| Symbol::Phone(*phone)).collect();
        let separate: Vec<u32> = symbols.iter().map(|symbol| symbol.index() as u32).collect();
        assert_eq!(sup_phones.encode(&symbols, &[Some(0), Some(0)]), [85, 85]);
        assert_eq!(sup_phones.encode(&symbols, &[Some(0), Some(1)]), separate);
        assert_eq!(sup_phones.encode(&symbols, &[]), separate);
        Ok(())
    }
}
