//! Sup-phones: byte-pair encoding of phones inside words.

mod tokenizer_json;
mod train;

use std::collections::HashMap;

use crate::phone::Phone;
use crate::symbol::Symbol;

/// Phones that often stand side by side, joined into larger units, as the pre-training of mixed phonemes needs them.
///
/// The identifiers below [`Symbol::COUNT`] are those of the symbols ([`Symbol::index`]): every symbol is a sup-phone of
/// its own. Each merge adds one identifier, in the order of training. Sup-phones never cross a word's edge.
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
/// Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword units", 2016. Sup-phones: Zhang et
/// al., "Mixed-Phoneme BERT", 2022.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupPhones {
    /// In the order in which they were learnt and are applied.
    merges: Vec<(u32, u32)>,
    /// The position of a pair in `merges`.
    ranks: HashMap<(u32, u32), u32>,
    /// The phones of each identifier; none for symbols that are not phones.
    phones: Vec<Vec<Phone>>,
}

impl SupPhones {
    /// Every symbol by itself.
    fn symbols() -> Self {
        let phones = Symbol::all().map(|symbol| symbol.phone().into_iter().collect()).collect();
        Self { merges: Vec::new(), ranks: HashMap::new(), phones }
    }

    /// Learns merges from words and how often they occur.
    ///
    /// Repeatedly, the pair of neighbours with the highest count is joined everywhere, from the left in words where it
    /// overlaps itself. Of pairs with equal counts the one with the smaller identifiers is taken, the left before the
    /// right. A pair whose phones are a sup-phone already is passed over, so that each has one way to be made. It ends
    /// after `merges` merges, or when no pair occurs twice. The order of the words does not matter.
    #[must_use]
    pub fn train(words: impl IntoIterator<Item = (impl AsRef<[Phone]>, u64)>, merges: usize) -> Self {
        train::train(words, merges)
    }

    /// The sup-phones of one word.
    ///
    /// The pair that was learnt first is joined first, from the left, until none is left to join.
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

    /// For each symbol the sup-phone that it belongs to.
    ///
    /// `word_index` is that of [`Phonemized`](crate::Phonemized): a run of phones with the same number is a word. Phones
    /// without a number and all other symbols are sup-phones of their own.
    ///
    /// # Shapes
    ///
    /// As long as `symbols`; where `word_index` is shorter, the rest has no numbers.
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

    /// The phones that a sup-phone consists of, none for symbols that are not phones; `None` for no identifier.
    #[must_use]
    pub fn phones(&self, id: u32) -> Option<&[Phone]> {
        self.phones.get(id as usize).map(Vec::as_slice)
    }

    /// The pairs that were joined, in order; the first gives identifier [`Symbol::COUNT`].
    #[must_use]
    pub fn merges(&self) -> &[(u32, u32)] {
        &self.merges
    }

    /// The number of sup-phones: the symbols and the merges.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the symbols are always there")]
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    fn rank(&self, left: u32, right: u32) -> Option<u32> {
        self.ranks.get(&(left, right)).copied()
    }

    /// The phones that joining a pair gives.
    fn joined(&self, (left, right): (u32, u32)) -> Vec<Phone> {
        [self.phones[left as usize].as_slice(), &self.phones[right as usize]].concat()
    }

    /// Appends a merge of two identifiers that exist.
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
        fn decoding_gives_the_word_back(words in vec((phones(), 0..9_u64), 0..12), word in phones()) {
            let sup_phones = SupPhones::train(words, 20);
            let decoded: Vec<Phone> =
                sup_phones.encode_word(&word).iter().filter_map(|id| sup_phones.phones(*id)).flatten().copied().collect();
            prop_assert_eq!(decoded, word);
        }

        #[test]
        fn every_symbol_gets_the_sup_phone_that_covers_it(words in vec(phones(), 1..6)) {
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
    fn words_side_by_side_are_not_joined() -> Result<(), Error> {
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
