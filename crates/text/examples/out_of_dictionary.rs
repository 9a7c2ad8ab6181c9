//! Accuracy on words, names and brands that the dictionary lacks.
//!
//! ```text
//! cargo run --release -p mynah-text --example out_of_dictionary -- crates/text/tests/out-of-dictionary.tsv [--list]
//! ```
//!
//! The head of the table says how it was drawn. Each word is normalized and pronounced like any text, and is right if
//! it has the phones of one of its pronunciations, without stress and apart from differences between accents and
//! between the manners of CMUdict and Wiktionary: AH and IH, AA and AO, a vowel before R, Y before UW, and L and R
//! in two phones or one are the same. `--list` prints the words that are wrong.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

use mynah_text::{Phonemizer, Pronouncer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: out_of_dictionary TABLE.tsv [--list]")?;
    let list = arguments.get(1).is_some_and(|argument| argument == "--list");
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    let mut kinds = BTreeMap::<String, [usize; 2]>::new();
    let table = fs::read_to_string(path)?;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [kind, word, known] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("`{line}` does not have three fields").into());
        };
        let phonemized = phonemizer.phonemize(word)?;
        let mut names = Vec::new();
        let mut source = None;
        for spoken in &phonemized.words {
            names.extend(spoken.pronunciation.phones.iter().map(|phone| phone.without_stress()));
            source = source.max(Some(spoken.pronunciation.source));
        }
        let right =
            known.split(" / ").any(|phones| key(&phones.split(' ').collect::<Vec<_>>()) == key(&names));
        let source = source.map_or_else(String::new, |source| format!("{source:?}"));
        for kind in [format!("{kind:<6}"), format!("{kind:<6} by {source}"), "all".to_owned()] {
            let [all, correct] = kinds.entry(kind).or_default();
            *all += 1;
            *correct += usize::from(right);
        }
        if list && !right {
            println!("{kind:<6} {word:<20} {} not {known} ({source})", names.join(" "));
        }
    }
    for (kind, [all, correct]) in kinds {
        println!("{kind:<24} {correct:>4} of {all:>4} right, {:.1} %", 100.0 * correct as f64 / all as f64);
    }
    Ok(())
}

/// Returns phones without the differences that do not count.
fn key(phones: &[&str]) -> Vec<String> {
    let mut key: Vec<String> = Vec::new();
    for (at, phone) in phones.iter().enumerate() {
        let next = phones.get(at + 1).copied().unwrap_or("");
        let parts: &[&str] = match *phone {
            "ER" => &["IH", "R"],
            "AH" | "IH" => &["IH"],
            "IY" | "Y" if next == "R" => &["IH"],
            "EH" | "AE" if matches!(next, "R" | "ER") => &["EH"],
            "AO" | "OW" | "AA" if matches!(next, "R" | "ER") => &["AA"],
            "UW" | "UH" if matches!(next, "R" | "ER") => &["UH"],
            "AO" => &["AA"],
            "Y" if matches!(next, "UW" | "UH") => &[],
            other => &[other],
        };
        for part in parts {
            // "R R", and the two vowels of "near", are one.
            let repeated = key.last().is_some_and(|last| last == part);
            let after_vowel =
                *part == "R" && key.len() > 1 && key[key.len() - 1] == "IH" && is_vowel(&key[key.len() - 2]);
            if after_vowel {
                key.pop();
            }
            if !repeated {
                key.push((*part).to_owned());
            }
        }
    }
    key
}

/// Returns true for a vowel.
fn is_vowel(phone: &str) -> bool {
    phone.starts_with(['A', 'E', 'I', 'O', 'U'])
}
