//! Agreement with independent readings of the same data: CMUdict's text, Hugging Face's `tokenizers`, and
//! numpy.

use std::collections::BTreeMap;
use std::fs;

use mynah_testkit::{assert_close, fixture, golden, mini_corpus};
use mynah_text::{
    Dictionary, G2p, G2pAccuracy, Normalizer, Phone, Style, SupPhones, Symbol, TextRules, is_held_out,
    letter_indices, parse_phones,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct DictionaryGolden {
    words: usize,
    pronunciations: usize,
    fnv1a: String,
    phones: BTreeMap<String, usize>,
    samples: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct G2pGolden {
    words: Vec<SaidWord>,
}

#[derive(Deserialize)]
struct SaidWord {
    word: String,
    said: Vec<usize>,
    letters: Vec<SaidLetter>,
}

#[derive(Deserialize)]
struct SaidLetter {
    chunks: Vec<usize>,
    logits: Vec<f64>,
    log_sum_exp: f64,
}

/// Tolerance for hidden states, which are 16-bit integers in the network but not in numpy: each of the 256 or
/// 512 products of a sum is off by up to 2⁻¹⁵ of its weight, through two layers and about ten steps.
const LOGIT_TOLERANCE: f64 = 5e-3;

/// Reciprocal of the share of held-out words tested.
const SAMPLED: usize = 10;
/// Largest share of wrong words, in percent: that of all held-out words (`data/README.md`) plus two standard
/// errors.
const WRONG_WITHOUT_STRESS: f64 = 26.2;
const WRONG_WITH_STRESS: f64 = 31.3;

#[derive(Deserialize)]
struct SupPhonesGolden {
    merges: Vec<(String, String)>,
    words: Vec<EncodedWord>,
    lines: Vec<EncodedLine>,
}

#[derive(Deserialize)]
struct EncodedWord {
    phones: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct EncodedLine {
    line: String,
    ids: Vec<u32>,
}

#[test]
fn packed_dictionary_is_all_of_cmudict() {
    let expected: DictionaryGolden = golden("text/dictionary.json");
    let mut words = 0;
    let mut pronunciations = 0;
    let mut phones = BTreeMap::<String, usize>::new();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    Dictionary::cmudict().for_each(|word, variants| {
        words += 1;
        pronunciations += variants.len();
        for variant in &variants {
            for byte in format!("{word} {}\n", line(variant)).bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
            }
            for phone in variant {
                *phones.entry(phone.to_string()).or_default() += 1;
            }
        }
        if let Some(sample) = expected.samples.get(word) {
            assert_eq!(&variants.iter().map(|variant| line(variant)).collect::<Vec<_>>(), sample, "{word}");
        }
    });
    assert_eq!((words, pronunciations), (expected.words, expected.pronunciations));
    assert_eq!(Dictionary::cmudict().len(), expected.words);
    assert_eq!(phones, expected.phones);
    assert_eq!(format!("{hash:016x}"), expected.fnv1a);
    for (word, variants) in &expected.samples {
        let found: Vec<String> = Dictionary::cmudict().variants(word).map(|variant| line(&variant)).collect();
        assert_eq!(&found, variants, "{word}");
    }
}

#[test]
fn network_agrees_with_numpy() {
    let expected: G2pGolden = golden("text/g2p.json");
    for SaidWord { word, said, letters } in expected.words {
        let logits = G2p::bundled().logits(&letter_indices(&word), &said);
        assert_eq!(logits.len(), letters.len(), "{word}");
        for (at, (logits, letter)) in logits.iter().zip(&letters).enumerate() {
            for (chunk, logit) in letter.chunks.iter().zip(&letter.logits) {
                assert_close(
                    f64::from(logits[*chunk]),
                    *logit,
                    LOGIT_TOLERANCE,
                    &format!("{word} {at} {chunk}"),
                );
            }
            let total = logits.iter().map(|logit| f64::from(*logit).exp()).sum::<f64>().ln();
            assert_close(total, letter.log_sum_exp, LOGIT_TOLERANCE, &format!("{word} {at}, all chunks"));
        }
    }
}

#[test]
fn network_is_as_accurate_as_documented() {
    let mut words = Vec::new();
    Dictionary::cmudict().for_each(|word, variants| {
        let letters = letter_indices(word).len();
        if is_held_out(word) && letters == word.len() && letters > 1 {
            words.push((word.to_owned(), variants));
        }
    });
    assert_eq!(words.len(), 12_158);
    let mut sum = G2pAccuracy::default();
    for (word, variants) in words.iter().step_by(SAMPLED) {
        sum += G2pAccuracy::of(G2p::bundled(), word, variants);
    }
    let (without, with) = sum.word_error_rates();
    assert!(without < WRONG_WITHOUT_STRESS && with < WRONG_WITH_STRESS, "{without} %, with stress {with} %");
}

#[test]
fn training_agrees_with_tokenizers() {
    let expected: SupPhonesGolden = golden("text/sup_phones.json");
    let sup_phones = trained(expected.merges.len());
    let name = |id: u32| line(sup_phones.phones(id).unwrap_or_default());
    let merges: Vec<_> =
        sup_phones.merges().iter().map(|(left, right)| (name(*left), name(*right))).collect();
    assert_eq!(merges, expected.merges);
}

#[test]
fn tokenizers_loads_our_file_and_encodes_as_we_do() {
    let expected: SupPhonesGolden = golden("text/sup_phones.json");
    let file = fs::read_to_string(fixture("golden/text/supphones.json")).expect("the pinned file is there");
    let sup_phones = SupPhones::from_json(&file).expect("the pinned file contains sup-phonemes");
    assert_eq!(sup_phones, trained(expected.merges.len()));
    assert_eq!(sup_phones.to_json(), file);
    for EncodedWord { phones, ids } in expected.words {
        assert_eq!(sup_phones.encode_word(&parse_phones(&phones).expect("phones")), ids, "{phones}");
    }
    for EncodedLine { line, ids } in expected.lines {
        let (mut symbols, mut index, mut word) = (Vec::<Symbol>::new(), Vec::new(), 0);
        for name in line.split(' ') {
            let symbol: Symbol = name.parse().expect("a symbol");
            index.push(symbol.phone().map(|_| word));
            word += u32::from(symbol.phone().is_none());
            symbols.push(symbol);
        }
        let spread: Vec<u32> = ids
            .into_iter()
            .flat_map(|id| {
                std::iter::repeat_n(id, sup_phones.phones(id).map_or(1, |phones| phones.len().max(1)))
            })
            .collect();
        assert_eq!(sup_phones.encode(&symbols, &index), spread, "{line}");
    }
}

#[test]
fn normalizes_the_bundled_clips_as_they_were_read() {
    let metadata =
        fs::read_to_string(mini_corpus().join("metadata.csv")).expect("the bundled corpus is there");
    let normalizer = Normalizer::new(Style::LjSpeech, TextRules::default());
    let mut rows = 0;
    for row in metadata.lines() {
        let fields: Vec<&str> = row.split('|').collect();
        let [id, printed, read] = fields[..] else { panic!("`{row}` does not have three fields") };
        let [printed, read] = [printed, read].map(|text| normalizer.normalize(text).to_string());
        assert_eq!(printed, read, "{id}");
        rows += 1;
    }
    assert_eq!(rows, 12);
}

fn trained(merges: usize) -> SupPhones {
    let mut words = Vec::new();
    Dictionary::cmudict().for_each(|_, variants| words.extend(variants));
    SupPhones::train(words.into_iter().map(|word| (word, 1)), merges)
}

fn line(phones: &[Phone]) -> String {
    phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
