//! A text that is encoded, opened and damaged.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use mynah_text::{Normalizer, Phonemizer, Pronouncer, SupPhones, Vocabulary};

use super::{TextConfig, TextDataset, TextEncoder, TextInfo, TextUnit};
use crate::Error;

const SENTENCES: [&str; 3] =
    ["The wind was cold.", "They record a record.", "The house was empty, and cold."];

/// Encodes the sentences below `root`; returns the contents of `text.toml` and the number of pieces that were reused.
fn encode(root: &Path) -> (TextInfo, usize) {
    let input = root.join("a.txt");
    fs::write(&input, SENTENCES.join("\n")).unwrap();
    let config = TextConfig {
        inputs: vec![input],
        out: root.join("text"),
        unit: TextUnit::Line,
        shard_bytes: 30,
        lexicon: Vec::new(),
        normalizer: Normalizer::default(),
    };
    let pronouncer = Pronouncer::new(None);
    let encoder = TextEncoder::new(&config, &pronouncer).unwrap();
    encoder.begin().unwrap();
    let done = AtomicUsize::new(0);
    let step = || {
        done.fetch_add(1, Ordering::Relaxed);
    };
    let counted = encoder.count_words(step).unwrap();
    assert_eq!(counted.words.values().sum::<u64>(), 14);
    let sup_phones = SupPhones::train(counted.words, 4);
    let shards = encoder.encode(&sup_phones, step).unwrap();
    assert_eq!(done.into_inner(), 2 * encoder.n_pieces());
    assert_eq!(counted.reused, shards.reused());
    (encoder.finish("test 1", &sup_phones, &shards).unwrap(), shards.reused())
}

#[test]
fn an_encoded_text_opens_with_the_identifiers_of_the_phonemizer() {
    let root = tempfile::tempdir().unwrap();
    let (info, reused) = encode(root.path());
    assert_eq!(reused, 0);
    let text = TextDataset::open(&root.path().join("text")).unwrap();
    assert_eq!(*text.info(), info);
    assert_eq!((text.n_shards(), info.counts.lines, info.counts.words), (3, 3, 14));
    let sentences: Vec<_> = (0..text.n_shards()).flat_map(|index| text.read_shard(index).unwrap()).collect();
    assert_eq!(sentences.len(), SENTENCES.len());
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    for (found, sentence) in sentences.iter().zip(SENTENCES) {
        let expected = phonemizer.phonemize(sentence).unwrap();
        assert_eq!(found.symbol_ids, Vocabulary::arpabet().ids(&expected.symbols));
        assert_eq!(found.sup_phone_ids, text.sup_phones().encode(&expected.symbols, &expected.word_index));
    }
    // Everything is found by a second run, which writes the same.
    assert_eq!(encode(root.path()), (info, 3));
}

#[test]
fn refuses_an_incomplete_text_and_names_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    let text = root.path().join("text");
    let check = |names: &str| {
        let error = TextDataset::open(&text).unwrap_err();
        assert!(error.to_string().contains(names), "{error}");
        assert!(error.remedy().unwrap().contains("mynah-prepare text"), "{error:?}");
        error
    };
    assert!(matches!(check("text.toml"), Error::TextMissing { .. }));
    encode(root.path());
    fs::remove_file(text.join("shards/00001.parquet")).unwrap();
    assert!(matches!(check("shards/00001.parquet"), Error::TextMissing { .. }));
    let info = fs::read_to_string(text.join("text.toml")).unwrap();
    fs::write(text.join("text.toml"), info.replace("format = 1", "format = 7")).unwrap();
    assert!(matches!(check("format 7"), Error::TextFormat { found: 7, .. }));
}

#[test]
fn refuses_input_without_text() {
    let root = tempfile::tempdir().unwrap();
    let input = root.path().join("empty.txt");
    fs::write(&input, "").unwrap();
    let refused = |input: &Path| {
        let config = TextConfig {
            inputs: vec![input.to_owned()],
            out: root.path().join("text"),
            unit: TextUnit::Line,
            shard_bytes: 30,
            lexicon: Vec::new(),
            normalizer: Normalizer::default(),
        };
        TextEncoder::new(&config, &Pronouncer::new(None)).map(|_| ()).unwrap_err()
    };
    assert!(matches!(refused(&input), Error::EmptyText));
    assert!(matches!(refused(root.path()), Error::NotAFile { .. }));
    assert!(matches!(refused(&root.path().join("missing.txt")), Error::Io { .. }));
    assert!(!root.path().join("text").exists());
}
