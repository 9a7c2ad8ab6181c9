//! Alignment of the letters of a word with its phones.

use std::collections::BTreeMap;

use mynah_text::Phone;

/// Letters that can be told apart.
const LETTERS: usize = mynah_text::LETTERS;
/// Phones without stress.
const BASES: usize = 39;
/// No phone, one phone, two phones.
const KEYS: usize = 1 + BASES + BASES * BASES;
/// Phones that a letter may stand for at most.
const LONGEST: usize = 2;
/// What a letter stands for before the first pass: how likely it is to have no phone, one and two.
const PRIOR: [f64; LONGEST + 1] = [0.2, 0.7, 0.1];
const PASSES: usize = 12;

/// A word as it is said.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    /// Positions of the letters.
    pub(super) letters: Vec<usize>,
    /// The phones.
    pub(super) phones: Vec<Phone>,
}

/// Deals the phones of each word out to its letters: none, one or two to each.
///
/// The probability of each deal is the product over the letters of p(phones without stress | letter), which are
/// estimated by expectation maximization over all deals; then the likeliest deal is taken, and of equally likely ones
/// that which gives the later letters less. A word with more than two phones a letter has none.
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
    let deals = words.iter().zip(&coded).map(|(word, phones)| {
        let lengths = best(&word.letters, phones, &table)?;
        let mut rest = &word.phones[..];
        let mut chunks = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (chunk, behind) = rest.split_at(length);
            chunks.push(chunk.to_vec());
            rest = behind;
        }
        Some(chunks)
    });
    deals.collect()
}

/// The position of each phone among those without stress.
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

/// Adds how often each letter of a word is expected to stand for what.
fn count(letters: &[usize], phones: &[usize], table: &[f64], counts: &mut [f64]) {
    let (n, m) = (letters.len(), phones.len());
    let width = m + 1;
    let score = |letter: usize, from: usize, length: usize| {
        letters[letter] * KEYS + key(&phones[from..from + length])
    };
    // The probability of all deals of the first i letters that use up j phones, and of the others the rest.
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
    let mut behind = vec![0.0; (n + 1) * width];
    behind[n * width + m] = 1.0;
    for i in (0..n).rev() {
        for j in 0..=m {
            for length in 0..=LONGEST.min(m - j) {
                let place = score(i, j, length);
                let through = table[place] * behind[(i + 1) * width + j + length];
                behind[i * width + j] += through;
                counts[place] += before[i * width + j] * through / total;
            }
        }
    }
}

/// Finds the number of phones of each letter of a word.
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

    /// Every deal of `phones` to `letters` with its probability.
    fn all_deals(letters: &[usize], phones: &[usize], table: &[f64]) -> Vec<(Vec<usize>, f64)> {
        let Some((letter, rest)) = letters.split_first() else {
            return if phones.is_empty() { vec![(Vec::new(), 1.0)] } else { Vec::new() };
        };
        let mut deals = Vec::new();
        for length in 0..=LONGEST.min(phones.len()) {
            let own = table[letter * KEYS + key(&phones[..length])];
            for (mut lengths, probability) in all_deals(rest, &phones[length..], table) {
                lengths.insert(0, length);
                deals.push((lengths, own * probability));
            }
        }
        deals
    }

    #[test]
    fn expected_counts_are_those_of_all_deals() {
        // Uneven numbers, so that no two deals are equally likely.
        let table: Vec<f64> =
            (0..LETTERS * KEYS).map(|i| ((i * 7919 % 1013) as f64 + 1.0) / 2000.0).collect();
        let (letters, phones) = ([3, 0, 3, 5], [1, 20, 1, 7]);
        let mut counts = vec![0.0; LETTERS * KEYS];
        count(&letters, &phones, &table, &mut counts);
        let deals = all_deals(&letters, &phones, &table);
        let total: f64 = deals.iter().map(|(_, probability)| probability).sum();
        let mut expected = vec![0.0; LETTERS * KEYS];
        for (lengths, probability) in &deals {
            let mut from = 0;
            for (letter, length) in letters.iter().zip(lengths) {
                expected[letter * KEYS + key(&phones[from..from + length])] += probability / total;
                from += length;
            }
        }
        for (place, (count, expected)) in counts.iter().zip(&expected).enumerate() {
            assert!((count - expected).abs() < 1e-12, "{place}: {count}, not {expected}");
        }
        let likeliest = deals.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(lengths, _)| lengths.clone());
        assert_eq!(best(&letters, &phones, &table), likeliest);
    }

    #[test]
    fn letters_get_the_phones_that_they_stand_for() {
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
