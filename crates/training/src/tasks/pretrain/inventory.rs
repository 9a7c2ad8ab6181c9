//! Symbols and sup-phonemes of a text, and its sentences as spans of sup-phonemes.

use mynah_text::{SupPhones, Symbol, Vocabulary};
use mynah_voice::blocks::VocabularySizes;

use crate::Error;

/// Symbols and sup-phonemes of a text, for masking.
#[derive(Debug, Clone)]
pub struct Inventory {
    sizes: VocabularySizes,
    /// Symbol ids of each sup-phoneme.
    spelled: Vec<Vec<u32>>,
    /// True for sup-phonemes that may be chosen.
    choosable: Vec<bool>,
    mask_symbol: u32,
    mask_sup_phone: u32,
    /// Symbols that may replace those of a chosen sup-phoneme.
    symbols: Vec<u32>,
    /// Sup-phonemes that may replace a chosen one.
    sup_phones: Vec<u32>,
}

impl Inventory {
    /// Builds the inventory of a text from its vocabulary and sup-phonemes.
    ///
    /// Phones, sup-phonemes made of them and punctuation may be chosen. The boundary between words may not: every fifth
    /// symbol is one, and the phones around it reveal it. Nor may `<bos>`, `<eos>`, `<pad>`, `<unk>` and `<mask>`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] if the vocabulary has no `<mask>` or nothing that may be chosen.
    pub fn new(vocabulary: &Vocabulary, sup_phones: &SupPhones) -> Result<Self, Error> {
        let mask_symbol = vocabulary.id(Symbol::Mask);
        if vocabulary.symbol(mask_symbol) != Some(Symbol::Mask) {
            return Err(Error::Empty { why: "the vocabulary has no `<mask>` to hide symbols with" });
        }
        let own: Vec<Symbol> = Symbol::all().collect();
        let (mut spelled, mut choosable) = (Vec::new(), Vec::new());
        for id in 0..sup_phones.len() {
            let phones = sup_phones.phones(id as u32).unwrap_or_default();
            let symbols: Vec<Symbol> = match own.get(id) {
                Some(symbol) => vec![*symbol],
                None => phones.iter().map(|phone| Symbol::Phone(*phone)).collect(),
            };
            choosable.push(symbols.iter().all(|symbol| may_be_hidden(*symbol)));
            spelled.push(vocabulary.ids(&symbols));
        }
        let hidden = |id: &u32| vocabulary.symbol(*id).is_some_and(may_be_hidden);
        let symbols: Vec<u32> = (0..vocabulary.len() as u32).filter(hidden).collect();
        let replacements = (0..choosable.len() as u32).filter(|id| choosable[*id as usize]).collect();
        if symbols.is_empty() {
            return Err(Error::Empty { why: "the vocabulary has no phones" });
        }
        Ok(Self {
            sizes: VocabularySizes { symbols: vocabulary.len(), sup_phones: sup_phones.len() },
            spelled,
            choosable,
            mask_symbol,
            mask_sup_phone: Symbol::Mask.index() as u32,
            symbols,
            sup_phones: replacements,
        })
    }

    /// Returns the numbers of symbols and sup-phonemes.
    #[must_use]
    pub fn sizes(&self) -> VocabularySizes {
        self.sizes
    }

    /// Returns true if this sup-phoneme may be chosen.
    #[must_use]
    pub fn may_be_chosen(&self, sup_phone: u32) -> bool {
        self.choosable.get(sup_phone as usize).copied().unwrap_or(false)
    }

    /// Returns the ids of `<mask>` among the symbols and among the sup-phonemes.
    pub(super) fn mask(&self) -> (u32, u32) {
        (self.mask_symbol, self.mask_sup_phone)
    }

    /// Returns the symbols and the sup-phonemes that may replace a chosen one.
    pub(super) fn replacements(&self) -> (&[u32], &[u32]) {
        (&self.symbols, &self.sup_phones)
    }
}

fn may_be_hidden(symbol: Symbol) -> bool {
    matches!(symbol, Symbol::Phone(_) | Symbol::Punctuation(_))
}

/// A sup-phoneme at a position in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Index of its first symbol.
    pub start: usize,
    /// Number of its symbols.
    pub length: usize,
    /// Id of the sup-phoneme.
    pub sup_phone: u32,
}

/// Sentence as symbols and sup-phonemes, of which at least one may be masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    symbols: Vec<u32>,
    spans: Vec<Span>,
}

impl Sentence {
    /// Builds a sentence from its symbols and the sup-phoneme of each symbol, as `mynah-prepare text` writes them.
    ///
    /// Two adjacent equal sup-phonemes are two spans, since a span has as many symbols as its sup-phoneme. `id` names the
    /// sentence in messages.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Example`] if symbols and sup-phonemes do not match.
    pub fn new(
        id: &str,
        symbols: Vec<u32>,
        sup_phones: &[u32],
        inventory: &Inventory,
    ) -> Result<Self, Error> {
        let fail = |why: String| Err(Error::Example { id: id.to_owned(), why });
        if symbols.len() != sup_phones.len() {
            return fail(format!("it has {} symbols and {} sup-phonemes", symbols.len(), sup_phones.len()));
        }
        let mut spans = Vec::new();
        let mut start = 0;
        while let Some(&sup_phone) = sup_phones.get(start) {
            let Some(spelled) = inventory.spelled.get(sup_phone as usize) else {
                let of = inventory.sizes.sup_phones;
                return fail(format!("sup-phoneme {sup_phone} at symbol {} is not one of {of}", start + 1));
            };
            let end = start + spelled.len();
            let whole = symbols.get(start..end) == Some(spelled)
                && sup_phones[start..end].iter().all(|other| *other == sup_phone);
            if !whole {
                return fail(format!("symbol {} does not begin its sup-phoneme {sup_phone}", start + 1));
            }
            spans.push(Span { start, length: spelled.len(), sup_phone });
            start = end;
        }
        if !spans.iter().any(|span| inventory.may_be_chosen(span.sup_phone)) {
            return fail("it has neither a phone nor punctuation".to_owned());
        }
        Ok(Self { symbols, spans })
    }

    /// Returns the symbols.
    #[must_use]
    pub fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    /// Returns the spans of the sup-phonemes, which cover all symbols in order.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Returns a number from 0 to 1 that depends on the symbols alone, so that all copies of a sentence are held out, or none.
    pub(super) fn lot(&self) -> f64 {
        let mut hasher = blake3::Hasher::new();
        for symbol in &self.symbols {
            hasher.update(&symbol.to_le_bytes());
        }
        let mut digest = [0; 8];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(digest) as f64 / 2.0_f64.powi(64)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use mynah_text::{SupPhones, Symbol, Vocabulary, parse_phones};

    use super::{Inventory, Sentence, Span};

    /// Sup-phonemes that include `M AE1`, and their inventory.
    pub(crate) fn inventory() -> (Inventory, SupPhones) {
        let words = ["M AE1", "M AE1 M AE1", "M AE1 K"].map(|line| (parse_phones(line).unwrap(), 9));
        let sup_phones = SupPhones::train(words, 1);
        (Inventory::new(&Vocabulary::arpabet(), &sup_phones).unwrap(), sup_phones)
    }

    /// `<bos> M AE1 M AE1 / K . <eos>`, in which the same sup-phoneme occurs twice in a row.
    pub(crate) fn line() -> (Vec<u32>, Vec<u32>) {
        let names = ["<bos>", "M", "AE1", "M", "AE1", "/", "K", ".", "<eos>"];
        let symbols: Vec<Symbol> = names.iter().map(|name| name.parse().unwrap()).collect();
        let word = [None, Some(0), Some(0), Some(0), Some(0), None, Some(1), None, None];
        let sup_phones = inventory().1.encode(&symbols, &word);
        (Vocabulary::arpabet().ids(&symbols), sup_phones)
    }

    pub(crate) fn sentence() -> Sentence {
        let (symbols, sup_phones) = line();
        Sentence::new("test", symbols, &sup_phones, &inventory().0).unwrap()
    }

    #[test]
    fn adjacent_equal_sup_phonemes_are_two_spans() {
        let (inventory, _) = inventory();
        let merged = Symbol::COUNT as u32;
        let (_, sup_phones) = line();
        assert_eq!(sup_phones[1..5], [merged; 4]);
        let sentence = sentence();
        let spans: Vec<(usize, usize)> =
            sentence.spans().iter().map(|span| (span.start, span.length)).collect();
        assert_eq!(spans, [(0, 1), (1, 2), (3, 2), (5, 1), (6, 1), (7, 1), (8, 1)]);
        assert_eq!(sentence.spans()[1], Span { start: 1, length: 2, sup_phone: merged });
        let chosen: Vec<bool> =
            sentence.spans().iter().map(|span| inventory.may_be_chosen(span.sup_phone)).collect();
        // The words and the full stop, but neither the ends nor the boundary.
        assert_eq!(chosen, [false, true, true, false, true, true, false]);
        assert_eq!(sentence.lot().to_bits(), super::tests::sentence().lot().to_bits());
        assert!((0.0..1.0).contains(&sentence.lot()));
    }

    #[test]
    fn rejects_symbols_and_sup_phonemes_that_do_not_match() {
        let (inventory, _) = inventory();
        let (symbols, sup_phones) = line();
        let check = |symbols: &[u32], sup_phones: &[u32], why: &str| {
            let error = Sentence::new("a, row 3", symbols.to_vec(), sup_phones, &inventory).unwrap_err();
            let error = error.to_string();
            assert!(error.contains(why) && error.contains("`a, row 3`"), "{error}");
        };
        check(&symbols[1..], &sup_phones, "8 symbols and 9 sup-phonemes");
        let with = |at: usize, id: u32| {
            let mut changed = sup_phones.clone();
            changed[at] = id;
            changed
        };
        check(&symbols, &with(6, 999), "sup-phoneme 999 at symbol 7");
        check(&symbols, &with(2, sup_phones[6]), "symbol 2 does not begin");
        check(&symbols, &with(6, sup_phones[1]), "symbol 7 does not begin");
        check(&symbols[..3], &with(2, sup_phones[1])[..2], "3 symbols and 2");
        check(&symbols[..2], &sup_phones[..2], "symbol 2 does not begin");
        check(&symbols[..1], &sup_phones[..1], "neither a phone nor punctuation");
    }

    #[test]
    fn rejects_a_vocabulary_without_a_mask() {
        let vocabulary = Vocabulary::from_json(r#"{"symbols": ["<pad>", "<unk>", "K"]}"#).unwrap();
        let error = Inventory::new(&vocabulary, &inventory().1).unwrap_err().to_string();
        assert!(error.contains("<mask>"), "{error}");
    }
}
