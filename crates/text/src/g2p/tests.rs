//! The file format, and beam search against exhaustive search.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{G2p, G2pShape, G2pTensors, LETTERS, StressState, letter_indices};
use crate::error::Error;
use crate::phone::{Phone, Stress, parse_phones};

const SHAPE: G2pShape = G2pShape { hidden: 3, features: 4, history: 2 };

/// Builds a small network with seeded weights; `allowed` are the chunks of every letter.
fn tensors(seed: u64, scale: f32, allowed: &[u16]) -> G2pTensors {
    let lines = ["", "AH0", "AH1", "EH2", "K S", "Y UW1", "T"];
    let chunks: Vec<Vec<Phone>> = lines.iter().map(|line| parse_phones(line).expect("phones")).collect();
    let mut state = seed;
    let mut value = || {
        // Numerical Recipes' linear congruential generator, its upper half mapped to ±1.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as f32 / 2_147_483_648.0 - 1.0
    };
    let mut values = BTreeMap::new();
    for part in SHAPE.parts(chunks.len()) {
        let numbers = (0..part.copies * part.rows * part.columns).map(|_| scale * value()).collect();
        values.insert(part.name.to_owned(), numbers);
    }
    G2pTensors { shape: SHAPE, chunks, allowed: vec![allowed.to_vec(); LETTERS], values }
}

fn open(tensors: &G2pTensors) -> G2p {
    G2p::open(&tensors.pack().expect("the tensors can be packed")).expect("packed tensors can be read")
}

/// Finds the most likely phones over all sequences of chunks, from the logits alone.
fn plain(g2p: &G2p, letters: &[usize]) -> Vec<Phone> {
    let (chunks, allowed) = g2p.chunks();
    let mut ways = vec![(Vec::new(), 0.0_f64)];
    for (at, letter) in letters.iter().enumerate() {
        let mut longer = Vec::new();
        for (said, score) in &ways {
            let mut told: Vec<usize> = said.clone();
            told.resize(letters.len(), 0);
            let logits = &g2p.logits(letters, &told)[at];
            let total: f64 = allowed[*letter].iter().map(|c| f64::from(logits[usize::from(*c)]).exp()).sum();
            for chunk in &allowed[*letter] {
                let mut said: Vec<usize> = said.clone();
                said.push(usize::from(*chunk));
                longer.push((said, score + f64::from(logits[usize::from(*chunk)]) - total.ln()));
            }
        }
        ways = longer;
    }
    let mut sums = BTreeMap::<Vec<Phone>, f64>::new();
    for (said, score) in ways {
        let phones: Vec<Phone> = said.iter().flat_map(|chunk| chunks[*chunk].clone()).collect();
        let primary = phones.iter().filter(|phone| phone.stress() == Some(Stress::Primary)).count();
        let vowels = phones.iter().filter(|phone| phone.is_vowel()).count();
        if primary == 1 || vowels == 0 && !phones.is_empty() {
            *sums.entry(phones).or_default() += score.exp();
        }
    }
    sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(phones, _)| phones).unwrap_or_default()
}

#[test]
fn file_stores_the_tensors_in_a_byte_each() {
    let tensors = tensors(1, 2.0, &[0, 1, 2, 3, 4, 5, 6]);
    let packed = tensors.pack().expect("the tensors can be packed");
    let read = G2p::open(&packed).expect("packed tensors can be read").tensors();
    assert_eq!((read.shape, &read.chunks, &read.allowed), (SHAPE, &tensors.chunks, &tensors.allowed));
    for (name, values) in &tensors.values {
        for (value, read) in values.iter().zip(&read.values[name]) {
            // Half a step of the largest scale.
            assert!((value - read).abs() <= 2.0 / 254.0 + 1e-6, "{name}: {read}, not {value}");
        }
    }
    assert_eq!(read.pack(), Ok(packed.clone()));
    for length in 0..packed.len() {
        assert!(G2p::open(&packed[..length]).is_err(), "{length} bytes");
    }
    let longer = [packed.as_slice(), &[0]].concat();
    assert!(matches!(G2p::open(&longer), Err(Error::G2p { why }) if why.contains("excess bytes")));
}

#[test]
fn rejects_tensors_that_do_not_fit() {
    let check = |change: &dyn Fn(&mut G2pTensors), expected: &str| {
        let mut changed = tensors(1, 1.0, &[0, 1]);
        change(&mut changed);
        assert!(matches!(changed.pack(), Err(Error::G2p { why }) if why.contains(expected)), "{expected}");
    };
    check(&|t| t.values = BTreeMap::new(), "`letters` is missing");
    check(&|t| t.values.entry("output.bias".into()).or_default().push(0.0), "`output.bias` does not have");
    check(&|t| t.values.entry("letters".into()).or_default()[0] = f32::NAN, "finite");
    check(&|t| t.shape.hidden = 1001, "1001");
    check(&|t| t.allowed[3] = vec![9], "no chunk");
    check(&|t| t.allowed[3].clear(), "no chunk");
}

#[test]
fn words_without_letters_have_no_phones() {
    let g2p = open(&tensors(3, 1.0, &[0, 1, 2, 6]));
    for word in ["", "12", "-"] {
        assert!(g2p.pronounce(word).is_empty(), "{word}");
    }
    assert_eq!(g2p.pronounce("ta-ta"), g2p.pronounce("tata"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn beam_search_agrees_with_exhaustive_search(seed: u64, word in "[a-c]{1,3}", first in 1_u16..7) {
        // Two chunks per letter and three letters make eight sequences, which is the width of the beam.
        let g2p = open(&tensors(seed, 1.5, &[0, first]));
        let expected = plain(&g2p, &letter_indices(&word));
        // Without a complete sequence, there is nothing to compare with.
        if !expected.is_empty() {
            prop_assert_eq!(g2p.pronounce(&word), expected);
        }
    }

    #[test]
    fn a_word_has_one_primary_stress(seed: u64, word in "[a-z']{1,20}") {
        let phones = open(&tensors(seed, 2.0, &[0, 1, 2, 3, 4, 5, 6])).pronounce(&word);
        let primary = phones.iter().filter(|phone| phone.stress() == Some(Stress::Primary)).count();
        prop_assert_eq!(primary, usize::from(phones.iter().any(|phone| phone.is_vowel())));
    }

    #[test]
    fn counts_stress_states(line in proptest::collection::vec(0..Phone::COUNT, 0..8)) {
        let phones: Vec<Phone> = line.into_iter().filter_map(Phone::from_index).collect();
        let state = StressState::default().after(&phones);
        prop_assert!(state.index() < StressState::COUNT);
        prop_assert_eq!(state.has_vowel(), phones.iter().any(|phone| phone.is_vowel()));
    }
}
