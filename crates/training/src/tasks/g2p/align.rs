//! Alignment of the letters of a word with its phones.

use std::collections::BTreeMap;

use mynah_text::Phone;

/// Number of letters.
const LETTERS: usize = mynah_text::LETTERS;
/// Phones without stress.
const BASES: usize = 39;
/// Number of chunks of at most two phones.
const KEYS: usize = 1 + BASES + BASES * BASES;
/// Maximum number of phones per letter.
const LONGEST: usize = 2;
/// Initial probabilities that a letter has no phone, one phone and two phones.
const PRIOR: [f64; LONGEST + 1] = [0.2, 0.7, 0.1];
/// Iterations of expectation maximization.
const PASSES: usize = 12;

/// A word and its pronunciation.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    /// Indices of the letters.
    pub(super) letters: Vec<usize>,
    /// The phones.
    pub(super) phones: Vec<Phone>,
}

/// Aligns the phones of each word with its letters: none, one or two phones to each letter.
///
/// The probability of an alignment is the product over the letters of p(phones without stress | letter), estimated by
/// expectation maximization over all alignments. Returns the most probable alignment of each word; among equally probable
/// ones, the one with fewer phones on later letters. A word with more than two phones per letter has no alignment.
///
/// # References
///
/// Jiampojamarn, Kondrak, Sherif, Applying many-to-many alignments and hidden Markov models to letter-to-phoneme
/// conversion, NAACL 2007, section 2, with single letters.
pub(super) fn align(words: &[Spoken]) -> Vec<Option<Vec<Vec<Phone>>>> {
    let bases = bases();
    let coded: Vec<Vec<usize>> =
        words.iter().map(|word| word.phones.iter().map(|phone| bases[phone.index()]).collect()).collect();
    let mut table = first_table();
    for _ in 0..PASSES {
        let mut counts = vec![0.0; LETTERS * KEYS];
        for (word, phones) in words.iter().zip(&coded) {
            count(&word.letters, phones, &table, &mut counts);
        }
        table = counts;
        for row in table.chunks_exact_mut(KEYS) {
            let total: f64 = row.iter().sum();
            for value in row {
                *value /= total.max(f64::MIN_POSITIVE);
            }
        }
    }
    let alignments = words.iter().zip(&coded).map(|(word, phones)| {
        let lengths = best(&word.letters, phones, &table)?;
        let mut rest = &word.phones[..];
        let mut chunks = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (chunk, remaining) = rest.split_at(length);
            chunks.push(chunk.to_vec());
            rest = remaining;
        }
        Some(chunks)
    });
    alignments.collect()
}

/// Returns the index of each phone among the phones without stress.
fn bases() -> Vec<usize> {
    let mut positions = BTreeMap::new();
    for phone in Phone::all() {
        let next = positions.len();
        positions.entry(phone.without_stress()).or_insert(next);
    }
    Phone::all().map(|phone| positions[phone.without_stress()]).collect()
}

fn key(phones: &[usize]) -> usize {
    match *phones {
        [] => 0,
        [first] => 1 + first,
        [first, second, ..] => 1 + BASES + first * BASES + second,
    }
}

fn first_table() -> Vec<f64> {
    let mut table = Vec::with_capacity(LETTERS * KEYS);
    for _ in 0..LETTERS {
        table.push(PRIOR[0]);
        table.extend([PRIOR[1] / BASES as f64; BASES]);
        table.extend([PRIOR[2] / (BASES * BASES) as f64; BASES * BASES]);
    }
    table
}

/// Adds the expected number of times that each letter of a word produces each chunk.
fn count(letters: &[usize], phones: &[usize], table: &[f64], counts: &mut [f64]) {
    let (n, m) = (letters.len(), phones.len());
    let width = m + 1;
    let score = |letter: usize, from: usize, length: usize| {
        letters[letter] * KEYS + key(&phones[from..from + length])
    };
    // Forward probabilities: the first i letters produce the first j phones. `after` holds the backward ones.
    let mut before = vec![0.0; (n + 1) * width];
    before[0] = 1.0;
    for i in 0..n {
        for j in 0..=m {
            for length in 0..=LONGEST.min(m - j) {
                before[(i + 1) * width + j + length] += before[i * width + j] * table[score(i, j, length)];
            }
        }
    }
    let total = before[n * width + m];
    if total <= 0.0 {
        return;
    }
    let mut after = vec![0.0; (n + 1) * width];
    after[n * width + m] = 1.0;
    for i in (0..n).rev() {
        for j in 0..=m {
            for length in 0..=LONGEST.min(m - j) {
                let place = score(i, j, length);
                let through = table[place] * after[(i + 1) * width + j + length];
                after[i * width + j] += through;
                counts[place] += before[i * width + j] * through / total;
            }
        }
    }
}

/// Returns the number of phones of each letter in the most probable alignment of a word.
fn best(letters: &[usize], phones: &[usize], table: &[f64]) -> Option<Vec<usize>> {
    let (n, m) = (letters.len(), phones.len());
    let width = m + 1;
    let mut most = vec![(0.0, 0); (n + 1) * width];
    most[0].0 = 1.0;
    for i in 0..n {
        for j in 0..=m {
            for length in 0..=LONGEST.min(m - j) {
                let score = most[i * width + j].0 * table[letters[i] * KEYS + key(&phones[j..j + length])];
                let place = &mut most[(i + 1) * width + j + length];
                if score > place.0 {
                    *place = (score, length);
                }
            }
        }
    }
    if most[n * width + m].0 <= 0.0 {
        return None;
    }
    let mut lengths = Vec::with_capacity(n);
    let mut j = m;
    for i in (1..=n).rev() {
        let length = most[i * width + j].1;
        lengths.push(length);
        j -= length;
    }
    lengths.reverse();
    Some(lengths)
}

#[cfg(test)]
mod tests {
    use mynah_text::{Dictionary, letter_indices, parse_phones};

    use super::*;

    /// Returns every alignment of `phones` with `letters`, and its probability.
    fn all_alignments(letters: &[usize], phones: &[usize], table: &[f64]) -> Vec<(Vec<usize>, f64)> {
        let Some((letter, rest)) = letters.split_first() else {
            return if phones.is_empty() { vec![(Vec::new(), 1.0)] } else { Vec::new() };
        };
        let mut alignments = Vec::new();
        for length in 0..=LONGEST.min(phones.len()) {
            let own = table[letter * KEYS + key(&phones[..length])];
            for (mut lengths, probability) in all_alignments(rest, &phones[length..], table) {
                lengths.insert(0, length);
                alignments.push((lengths, own * probability));
            }
        }
        alignments
    }

    #[test]
    fn expected_counts_are_those_of_all_alignments() {
        // Irregular values, so that no two alignments are equally probable.
        let table: Vec<f64> =
            (0..LETTERS * KEYS).map(|i| ((i * 7919 % 1013) as f64 + 1.0) / 2000.0).collect();
        let (letters, phones) = ([3, 0, 3, 5], [1, 20, 1, 7]);
        let mut counts = vec![0.0; LETTERS * KEYS];
        count(&letters, &phones, &table, &mut counts);
        let alignments = all_alignments(&letters, &phones, &table);
        let total: f64 = alignments.iter().map(|(_, probability)| probability).sum();
        let mut expected = vec![0.0; LETTERS * KEYS];
        for (lengths, probability) in &alignments {
            let mut from = 0;
            for (letter, length) in letters.iter().zip(lengths) {
                expected[letter * KEYS + key(&phones[from..from + length])] += probability / total;
                from += length;
            }
        }
        for (place, (count, expected)) in counts.iter().zip(&expected).enumerate() {
            assert!((count - expected).abs() < 1e-12, "{place}: {count}, not {expected}");
        }
        let likeliest =
            alignments.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(lengths, _)| lengths.clone());
        assert_eq!(best(&letters, &phones, &table), likeliest);
    }

    #[test]
    fn aligns_letters_with_the_phones_that_they_spell() {
        let mut words = Vec::new();
        let mut count = 0;
        let tested =
            [("phone", "F, ,OW1,N,"), ("box", "B,AA1,K S"), ("knight", ",N,AY1,,,T"), ("use", "Y UW1,S,")];
        for (word, _) in tested {
            let phones = Dictionary::cmudict().first(word).expect("a word");
            words.push(Spoken { letters: letter_indices(word), phones });
        }
        Dictionary::cmudict().for_each(|word, variants| {
            count += 1;
            if count % 40 == 0 {
                words.push(Spoken { letters: letter_indices(word), phones: variants[0].clone() });
            }
        });
        words
            .push(Spoken { letters: vec![22], phones: parse_phones("D AH1 B AH0 L Y UW0").expect("phones") });
        let aligned = align(&words);
        for ((word, expected), chunks) in tested.iter().zip(&aligned) {
            let names = |chunk: &Vec<Phone>| chunk.iter().map(|p| p.name()).collect::<Vec<_>>().join(" ");
            let chunks: Vec<String> = chunks.iter().flatten().map(names).collect();
            assert_eq!(
                chunks.join(","),
                expected.replace(' ', if *word == "phone" { "" } else { " " }),
                "{word}"
            );
        }
        assert_eq!(aligned.last(), Some(&None));
    }
}
