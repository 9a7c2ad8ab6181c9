//! Words per second of the steps from text to sup-phonemes.

use std::fs;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mynah_testkit::mini_corpus;
use mynah_text::{BulkEncoder, Dictionary, Encoded, G2p, Phonemizer, Pronouncer, SupPhones, normalize};

fn texts() -> Vec<String> {
    let metadata =
        fs::read_to_string(mini_corpus().join("metadata.csv")).expect("the bundled corpus is there");
    metadata.lines().filter_map(|line| line.split('|').nth(1)).map(str::to_owned).collect()
}

fn sentences(criterion: &mut Criterion) {
    let texts = texts();
    let words: usize = texts.iter().map(|text| normalize(text).words().count()).sum();
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    let mut group = criterion.benchmark_group("sentences");
    group.throughput(Throughput::Elements(words as u64));
    group.bench_function("normalize", |bencher| {
        bencher.iter(|| texts.iter().map(|text| normalize(black_box(text)).tokens.len()).sum::<usize>());
    });
    group.bench_function("phonemize", |bencher| {
        bencher.iter(|| texts.iter().flat_map(|text| phonemizer.phonemize(black_box(text))).count());
    });
    group.bench_function("bulk", |bencher| {
        let pronouncer = Pronouncer::new(None);
        let mut encoder = BulkEncoder::new(&pronouncer, None)
            .expect("without sup-phonemes the count cannot exceed 16 bits");
        bencher.iter(|| {
            let mut encoded = Encoded::default();
            texts.iter().filter(|text| encoder.encode(black_box(text), &mut encoded).is_ok()).count()
        });
    });
    group.finish();
}

fn unknown_words(criterion: &mut Criterion) {
    let words = ["hidell", "calcraft", "mohrenschildt", "nebuchadnezzar", "courvoisier", "protoplasm"];
    let mut group = criterion.benchmark_group("unknown words");
    group.throughput(Throughput::Elements(words.len() as u64));
    group.bench_function("g2p", |bencher| {
        let g2p = G2p::bundled();
        bencher.iter(|| words.iter().map(|word| g2p.pronounce(black_box(word)).len()).sum::<usize>());
    });
    group.finish();
}

fn sup_phones(criterion: &mut Criterion) {
    let mut words = Vec::new();
    Dictionary::cmudict().for_each(|_, variants| words.extend(variants));
    let trained = SupPhones::train(words.iter().map(|word| (word, 1)), 30_000);
    let mut group = criterion.benchmark_group("sup-phonemes");
    group.sample_size(10).throughput(Throughput::Elements(words.len() as u64));
    group.bench_function("train 30000 merges", |bencher| {
        bencher.iter(|| SupPhones::train(words.iter().map(|word| (word, 1)), 30_000).len());
    });
    group.bench_function("encode", |bencher| {
        bencher.iter(|| words.iter().map(|word| trained.encode_word(word).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, sentences, unknown_words, sup_phones);
criterion_main!(benches);
