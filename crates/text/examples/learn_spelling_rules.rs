//! Learns `crates/text/data/spelling-rules.txt` from the bundled CMUdict.
//!
//! ```text
//! cargo run --release -p mynah-text --example learn_spelling_rules -- crates/text/data/spelling-rules.txt
//! ```
//!
//! Each letter of each word is aligned with none, one or two phones by expectation maximisation along the best path.
//! Then the contexts of [`WIDTHS`] are gone through from the narrowest: a context becomes a rule where its most
//! frequent phones are right for at least [`GAIN`] more letters than what the rules so far say there. The result is
//! the same on every run. The program prints the error rates of a table learnt from nine words in ten on the tenth
//! word, and of the table that it writes on all words.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt::Write as _;
use std::{env, fs};

use mynah_text::{Dictionary, Phone, SpellingRules};

/// Letters before and behind the one in question, in the order of learning.
const WIDTHS: [(usize, usize); 16] = [
    (0, 0),
    (0, 1),
    (1, 0),
    (1, 1),
    (0, 2),
    (1, 2),
    (2, 1),
    (2, 2),
    (1, 3),
    (2, 3),
    (3, 2),
    (3, 3),
    (2, 4),
    (3, 4),
    (4, 3),
    (4, 4),
];
/// The least number of letters that a rule must set right: fewer rules generalise worse, more take room.
const GAIN: usize = 3;
const PASSES: usize = 5;
const MARGIN: usize = 5;
/// Logarithms of the probabilities before the first pass: of silence, and of what never stood together.
const SILENCE: f64 = -3.5;
const UNSEEN: f64 = -14.0;

/// At most two phones.
type Chunk = [Option<Phone>; 2];

struct Word {
    letters: String,
    phones: Vec<Phone>,
}

/// A word and the phones of each of its letters.
struct Aligned<'a> {
    letters: &'a str,
    chunks: Vec<Chunk>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: learn_spelling_rules OUT.txt")?;
    let words = words();
    let aligned = align(&words);
    let (held_out, rest): (Vec<_>, Vec<_>) = aligned.iter().partition(|word| is_held_out(word.letters));
    let partial = SpellingRules::parse(&learn(&rest))?;
    report(
        "held-out words, learnt from the others",
        &partial,
        words.iter().filter(|word| is_held_out(&word.letters)),
    );
    println!("{} words held out, {} learnt from", held_out.len(), rest.len());
    let table = learn(&aligned.iter().collect::<Vec<_>>());
    report("all words, learnt from all", &SpellingRules::parse(&table)?, words.iter());
    println!("{} rules, {} bytes", table.lines().count() - 1, table.len());
    fs::write(path, table)?;
    Ok(())
}

/// The words of letters and apostrophes, with their first pronunciation.
fn words() -> Vec<Word> {
    let mut words = Vec::new();
    Dictionary::cmudict().for_each(|word, variants| {
        let letters = word.replace('\'', "");
        let phones = variants.into_iter().next().unwrap_or_default();
        if letters.len() > 1
            && phones.len() <= 2 * letters.len()
            && letters.bytes().all(|byte| byte.is_ascii_lowercase())
        {
            words.push(Word { letters, phones });
        }
    });
    words
}

/// One word in ten, chosen by its letters (FNV-1a).
fn is_held_out(letters: &str) -> bool {
    let hash = letters.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    (hash >> 32).is_multiple_of(10)
}

fn align(words: &[Word]) -> Vec<Aligned<'_>> {
    let mut scores = first_scores(words);
    for _ in 0..PASSES {
        let mut counts = BTreeMap::<(u8, [&str; 2]), f64>::new();
        let mut totals = BTreeMap::<u8, f64>::new();
        for word in words {
            for (letter, chunk) in word.letters.bytes().zip(best_path(word, &scores)) {
                *counts.entry((letter, base(chunk))).or_default() += 1.0;
                *totals.entry(letter).or_default() += 1.0;
            }
        }
        scores = counts.iter().map(|(key, count)| (*key, (count / totals[&key.0]).ln())).collect();
    }
    words.iter().map(|word| Aligned { letters: &word.letters, chunks: best_path(word, &scores) }).collect()
}

/// How much more often than by chance a letter and a phone stand at about the same place.
fn first_scores(words: &[Word]) -> HashMap<(u8, [&'static str; 2]), f64> {
    let (mut pairs, mut letters, mut phones) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut total = 0.0;
    for word in words {
        for (i, letter) in word.letters.bytes().enumerate() {
            for (j, phone) in word.phones.iter().enumerate() {
                let distance = i as f64 / word.letters.len() as f64 - j as f64 / word.phones.len() as f64;
                if distance.abs() < 0.25 {
                    let phone = phone.without_stress();
                    *pairs.entry((letter, phone)).or_insert(0.0) += 1.0;
                    *letters.entry(letter).or_insert(0.0) += 1.0;
                    *phones.entry(phone).or_insert(0.0) += 1.0;
                    total += 1.0;
                }
            }
        }
    }
    let mut scores: HashMap<_, _> = pairs
        .into_iter()
        .map(|((letter, phone), count): ((u8, &'static str), f64)| {
            ((letter, [phone, ""]), (count * total / (letters[&letter] * phones[&phone])).ln() - 2.0)
        })
        .collect();
    scores.extend((b'a'..=b'z').map(|letter| ((letter, ["", ""]), SILENCE)));
    scores
}

/// The likeliest phones of each letter.
fn best_path(word: &Word, scores: &HashMap<(u8, [&str; 2]), f64>) -> Vec<Chunk> {
    let (n, m) = (word.letters.len(), word.phones.len());
    let mut best = vec![vec![(f64::NEG_INFINITY, 0); m + 1]; n + 1];
    best[0][0].0 = 0.0;
    for (i, letter) in word.letters.bytes().enumerate() {
        for j in 0..=m {
            let before = best[i][j].0;
            if before == f64::NEG_INFINITY {
                continue;
            }
            for length in 0..=2.min(m - j) {
                let score = before
                    + scores.get(&(letter, base(chunk(&word.phones[j..j + length])))).unwrap_or(&UNSEEN);
                if score > best[i + 1][j + length].0 {
                    best[i + 1][j + length] = (score, length);
                }
            }
        }
    }
    let mut chunks = Vec::with_capacity(n);
    let mut j = m;
    for i in (1..=n).rev() {
        let length = best[i][j].1;
        chunks.push(chunk(&word.phones[j - length..j]));
        j -= length;
    }
    chunks.reverse();
    chunks
}

fn chunk(phones: &[Phone]) -> Chunk {
    [phones.first().copied(), phones.get(1).copied()]
}

fn base(chunk: Chunk) -> [&'static str; 2] {
    chunk.map(|phone| phone.map_or("", Phone::without_stress))
}

/// The table of rules.
fn learn(words: &[&Aligned<'_>]) -> String {
    let edge = "_".repeat(MARGIN);
    let padded: Vec<String> = words.iter().map(|word| format!("{edge}{}{edge}", word.letters)).collect();
    let mut said: Vec<Vec<Option<Chunk>>> = words.iter().map(|word| vec![None; word.letters.len()]).collect();
    let mut lines = Vec::new();
    for (before, behind) in WIDTHS {
        let places = || {
            padded.iter().enumerate().flat_map(|(index, padded)| {
                (0..padded.len() - 2 * MARGIN).filter_map(move |at| {
                    let context = &padded[at + MARGIN - before..=at + MARGIN + behind];
                    // A second edge says nothing that a narrower context does not.
                    let wide = context.starts_with("__") || context.ends_with("__");
                    (!wide).then_some((index, at, context))
                })
            })
        };
        let mut counts = HashMap::<&str, (BTreeMap<Chunk, usize>, usize)>::new();
        for (index, at, context) in places() {
            let chunk = words[index].chunks[at];
            let (chunks, right) = counts.entry(context).or_default();
            *chunks.entry(chunk).or_default() += 1;
            *right += usize::from(said[index][at] == Some(chunk));
        }
        let mut rules = HashMap::new();
        for (context, (chunks, right)) in counts {
            let most = chunks.iter().max_by_key(|(chunk, count)| (**count, std::cmp::Reverse(**chunk)));
            if let Some((chunk, count)) = most
                && *count >= right + if before + behind == 0 { 1 } else { GAIN }
            {
                rules.insert(context, *chunk);
            }
        }
        for (index, at, context) in places() {
            if let Some(chunk) = rules.get(context) {
                said[index][at] = Some(*chunk);
            }
        }
        lines.extend(rules.into_iter().map(|(context, chunk)| {
            let (left, right) = context.split_at(before);
            let (letter, right) = right.split_at(1);
            let mut line = format!("{left}[{letter}]{right}");
            for phone in chunk.iter().flatten() {
                line += " ";
                line += phone.name();
            }
            line + "\n"
        }));
    }
    lines.sort();
    let widths: Vec<String> = WIDTHS.iter().map(|(before, behind)| format!("{before}+{behind}")).collect();
    widths.join(" ") + "\n" + &lines.concat()
}

fn report<'a>(what: &str, rules: &SpellingRules, words: impl Iterator<Item = &'a Word>) {
    let (mut total, mut wrong, mut wrong_without_stress) = (0, 0, 0);
    for word in words {
        let phones = rules.pronounce(&word.letters);
        total += 1;
        wrong += usize::from(phones != word.phones);
        let same =
            phones.iter().map(|p| p.without_stress()).eq(word.phones.iter().map(|p| p.without_stress()));
        wrong_without_stress += usize::from(!same);
    }
    let percent = |count: usize| 100.0 * count as f64 / f64::from(total);
    let mut line = String::new();
    let _ =
        write!(line, "{:.2} % without stress, {:.2} % with", percent(wrong_without_stress), percent(wrong));
    println!("{what}: word error rate {line}");
}
