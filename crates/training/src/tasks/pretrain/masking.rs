//! Masking of sup-phonemes.

use rand::seq::index::sample;
use rand::{Rng, RngExt as _};

use super::config::MaskConfig;
use super::inventory::{Inventory, Sentence, Span};

/// Sentence with some of its sup-phonemes masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Masked {
    /// Symbols that the encoder reads.
    pub(super) symbols: Vec<u32>,
    /// Sup-phoneme of each symbol that the encoder reads.
    pub(super) sup_phones: Vec<u32>,
    /// Chosen spans in order, with their true symbols.
    pub(super) chosen: Vec<(Span, Vec<u32>)>,
}

/// Masks sup-phonemes of each sentence.
///
/// Of the n sup-phonemes that may be chosen in a sentence, `n · chosen` are on average: that number rounded down, plus one with
/// the probability of its fractional part. If a batch ends up with none, one of its first sentence is chosen. A single draw
/// decides for a chosen sup-phoneme and all its symbols: they become `<mask>`, are replaced, or stay. A replacement is one random
/// sup-phoneme for the whole span, and random symbols.
pub(super) fn mask(
    sentences: &[Sentence],
    inventory: &Inventory,
    config: &MaskConfig,
    generator: &mut impl Rng,
) -> Vec<Masked> {
    let one = |sentence: &Sentence, generator: &mut _| mask_one(sentence, inventory, config, 0, generator);
    let mut masked: Vec<Masked> = sentences.iter().map(|sentence| one(sentence, generator)).collect();
    if masked.iter().all(|masked| masked.chosen.is_empty())
        && let (Some(first), Some(sentence)) = (masked.first_mut(), sentences.first())
    {
        *first = mask_one(sentence, inventory, config, 1, generator);
    }
    masked
}

/// Masks at least `least` sup-phonemes of a sentence.
fn mask_one(
    sentence: &Sentence,
    inventory: &Inventory,
    config: &MaskConfig,
    least: usize,
    generator: &mut impl Rng,
) -> Masked {
    let spans: Vec<Span> =
        sentence.spans().iter().filter(|span| inventory.may_be_chosen(span.sup_phone)).copied().collect();
    let wanted = (spans.len() as f64 * config.chosen + generator.random::<f64>()).floor() as usize;
    let count = wanted.max(least).min(spans.len());
    let mut chosen: Vec<usize> = sample(generator, spans.len(), count).into_vec();
    chosen.sort_unstable();

    let mut symbols = sentence.symbols().to_vec();
    let mut sup_phones: Vec<u32> =
        sentence.spans().iter().flat_map(|span| std::iter::repeat_n(span.sup_phone, span.length)).collect();
    let chosen: Vec<Span> = chosen.into_iter().map(|index| spans[index]).collect();
    for span in &chosen {
        let place = span.start..span.start + span.length;
        let decision: f64 = generator.random();
        if decision < config.masked {
            let (symbol, sup_phone) = inventory.mask();
            symbols[place.clone()].fill(symbol);
            sup_phones[place].fill(sup_phone);
        } else if decision < config.masked + config.replaced {
            let (of_symbols, of_sup_phones) = inventory.replacements();
            let other = of_sup_phones[generator.random_range(0..of_sup_phones.len())];
            sup_phones[place.clone()].fill(other);
            for symbol in &mut symbols[place] {
                *symbol = of_symbols[generator.random_range(0..of_symbols.len())];
            }
        }
    }
    let truth = |span: Span| (span, sentence.symbols()[span.start..span.start + span.length].to_vec());
    Masked { symbols, sup_phones, chosen: chosen.into_iter().map(truth).collect() }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::super::inventory::tests::{inventory, sentence};
    use super::{MaskConfig, mask};

    /// Number of draws.
    const DRAWS: usize = 20_000;
    /// Largest difference between a relative frequency and its probability: five standard deviations.
    const TOLERANCE: f64 = 0.018;

    #[test]
    fn masks_a_chosen_sup_phoneme_as_a_whole() {
        let (inventory, _) = inventory();
        let sentence = sentence();
        let (mask_symbol, mask_sup_phone) = inventory.mask();
        let truth: Vec<u32> =
            sentence.spans().iter().flat_map(|span| vec![span.sup_phone; span.length]).collect();
        let (mut chosen, mut masked, mut kept, mut other) = (0, 0, 0, 0);
        let (mut varied, mut twins) = (false, 0);
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let config = MaskConfig { chosen: 0.4, ..MaskConfig::default() };
        for _ in 0..DRAWS {
            let hidden = &mask(std::slice::from_ref(&sentence), &inventory, &config, &mut generator)[0];
            let mut untouched = vec![true; truth.len()];
            for (span, in_truth) in &hidden.chosen {
                assert_eq!(in_truth, &sentence.symbols()[span.start..span.start + span.length]);
                assert!(inventory.may_be_chosen(span.sup_phone));
                let place = span.start..span.start + span.length;
                untouched[place.clone()].fill(false);
                let (symbols, sup_phones) =
                    (&hidden.symbols[place.clone()], &hidden.sup_phones[place.clone()]);
                assert!(sup_phones.iter().all(|id| *id == sup_phones[0]), "one sup-phoneme over the span");
                chosen += 1;
                if symbols.iter().all(|id| *id == mask_symbol) {
                    assert_eq!(sup_phones[0], mask_sup_phone);
                    masked += 1;
                } else if sup_phones[0] == truth[span.start] && symbols == &sentence.symbols()[place.clone()]
                {
                    kept += 1;
                } else {
                    assert!(!symbols.contains(&mask_symbol));
                    other += 1;
                    varied |= symbols.len() == 2 && symbols[0] != symbols[1];
                }
            }
            // The two adjacent equal sup-phonemes are chosen independently.
            twins += usize::from(
                hidden.chosen.iter().filter(|(span, _)| [1, 3].contains(&span.start)).count() == 1,
            );
            for (place, untouched) in untouched.into_iter().enumerate() {
                if untouched {
                    assert_eq!(hidden.symbols[place], sentence.symbols()[place]);
                    assert_eq!(hidden.sup_phones[place], truth[place]);
                }
            }
        }
        let near = |count: usize, of: f64, part: f64| {
            assert!((count as f64 / of - part).abs() < TOLERANCE, "{count} of {of}, not {part}");
        };
        // Four of the seven may be chosen.
        near(chosen, DRAWS as f64 * 4.0, 0.4);
        near(masked, chosen as f64, 0.8);
        near(other, chosen as f64, 0.1);
        near(kept, chosen as f64, 0.1);
        assert!(varied && twins > DRAWS / 4);
    }

    #[test]
    fn always_masks_something_in_a_batch() {
        let (inventory, _) = inventory();
        let sentences = [sentence(), sentence()];
        let config = MaskConfig { chosen: 1e-9, ..MaskConfig::default() };
        let mut generator = ChaCha8Rng::seed_from_u64(2);
        let masked = mask(&sentences, &inventory, &config, &mut generator);
        assert_eq!(masked.iter().map(|masked| masked.chosen.len()).collect::<Vec<_>>(), [1, 0]);
        let mut one = ChaCha8Rng::seed_from_u64(3);
        let mut two = ChaCha8Rng::seed_from_u64(3);
        let config = MaskConfig::default();
        assert_eq!(
            mask(&sentences, &inventory, &config, &mut one),
            mask(&sentences, &inventory, &config, &mut two)
        );
    }
}
