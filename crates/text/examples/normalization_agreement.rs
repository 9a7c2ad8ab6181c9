//! Agreement of the normalizer, in the style of LJSpeech, with its reader.
//!
//! ```text
//! cargo run --release -p mynah-text --example normalization_agreement -- LJSpeech-1.1/metadata.csv [--list]
//! ```
//!
//! The corpus has each text twice: as printed, and with numbers written out by hand. Both columns are
//! normalized and their words compared without case, punctuation, hyphens, apostrophes and spaces between letters,
//! so a row agrees if numbers and signs were read the same way. Abbreviations are in both columns and cannot
//! disagree. The informative rows are those with a digit, a currency sign, an ampersand or a numeral, which are those whose
//! columns differ. Disagreeing rows are counted by class. `--list` prints the actual and expected words of
//! every disagreeing row.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

use mynah_text::{Normalizer, Style, TextRules};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: normalization_agreement METADATA [--list]")?;
    let list = arguments.get(1).is_some_and(|argument| argument == "--list");
    let mut counts = [Count::default(), Count::default(), Count::default()];
    let mut classes = BTreeMap::<&str, Vec<&str>>::new();
    let text = fs::read_to_string(path)?;
    for line in text.lines() {
        let [id, printed, spoken] = line.split('|').collect::<Vec<_>>()[..] else {
            return Err(format!("`{line}` does not have three fields").into());
        };
        let (actual, expected) = (words(printed), words(spoken));
        let agrees = actual == expected;
        let digits = printed.bytes().any(|byte| byte.is_ascii_digit());
        for (count, counts_here) in counts.iter_mut().zip([true, printed != spoken, digits]) {
            count.rows += usize::from(counts_here);
            count.agree += usize::from(counts_here && agrees);
        }
        if !agrees {
            classes.entry(class(printed, &actual, &expected)).or_default().push(id);
        }
        if list && !agrees {
            println!("{id}  {printed}\n  actual    {}\n  expected  {}", actual.join(" "), expected.join(" "));
        }
    }
    for (count, name) in counts.iter().zip(["all rows", "rows whose columns differ", "rows with a digit"]) {
        let percent = 100.0 * count.agree as f64 / count.rows.max(1) as f64;
        println!("{name}: {} of {} agree, {percent:.2} %", count.agree, count.rows);
    }
    for (class, ids) in classes {
        println!("{:>4}  {class}: {}", ids.len(), ids.join(" "));
    }
    Ok(())
}

/// Classifies a disagreeing row.
fn class(printed: &str, actual: &[String], expected: &[String]) -> &'static str {
    let same = actual.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let here = |words: &[String], number: &str| words.iter().skip(same).take(4).any(|word| word == number);
    if printed.contains(['£', '$']) {
        "sum of money read by hundreds"
    } else if !printed.bytes().any(|byte| byte.is_ascii_digit()) {
        "no number: a numeral, a sign, or an error in the columns"
    } else if here(actual, "hundred") || here(actual, "thousand") || here(actual, "million") {
        "count read as a year or digit by digit"
    } else {
        "year, label or code read differently"
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    agree: usize,
}

fn words(text: &str) -> Vec<String> {
    let normalized = Normalizer::new(Style::LjSpeech, TextRules::default()).normalize(text);
    let parts =
        normalized.words().flat_map(|word| word.text.split(['-', '.']).map(|part| part.replace('\'', "")));
    let mut words: Vec<String> = Vec::new();
    let mut letters = false;
    for part in parts.filter(|part| !part.is_empty()) {
        // "I.Q." and "IQ" are the same letters, of which the dictionary has one as a word.
        let letter = part.len() == 1;
        match words.last_mut() {
            Some(word) if letter && letters => word.push_str(&part),
            _ => words.push(part),
        }
        letters = letter;
    }
    words
}
