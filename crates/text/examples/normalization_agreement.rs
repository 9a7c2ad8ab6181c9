//! How often `normalize` says what the reader of LJSpeech said.
//!
//! ```text
//! cargo run --release -p mynah-text --example normalization_agreement -- LJSpeech-1.1/metadata.csv [--list]
//! ```
//!
//! The corpus has each text twice: as printed, and with numbers written out by hand. Both columns are normalised and
//! their words compared without case, punctuation, hyphens and apostrophes, so that a row agrees when the numbers and
//! signs were read the same way. Abbreviations stand in both columns and so cannot disagree: the rows that tell are
//! those with a digit, a currency sign, an ampersand or a numeral, and these are the rows whose columns differ.
//! The rows that disagree are counted by class. `--list` prints what was said and what was expected in every row that disagrees.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

use mynah_text::normalize;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: normalization_agreement METADATA [--list]")?;
    let list = arguments.get(1).is_some_and(|argument| argument == "--list");
    let mut counts = [Count::default(), Count::default(), Count::default()];
    let mut classes = BTreeMap::<&str, Vec<&str>>::new();
    let text = fs::read_to_string(path)?;
    for line in text.lines() {
        let [id, printed, spoken] = line.split('|').collect::<Vec<_>>()[..] else {
            return Err(format!("`{line}` has not three fields").into());
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
            println!("{id}  {printed}\n  said      {}\n  expected  {}", actual.join(" "), expected.join(" "));
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

/// What a row that disagrees has in common with others.
fn class(printed: &str, actual: &[String], expected: &[String]) -> &'static str {
    let same = actual.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let here = |words: &[String], number: &str| words.iter().skip(same).take(4).any(|word| word == number);
    if printed.contains(['£', '$']) {
        "a sum of money that was read by hundreds"
    } else if !printed.bytes().any(|byte| byte.is_ascii_digit()) {
        "no number: a numeral, a sign, or a slip of the columns"
    } else if here(actual, "hundred") || here(actual, "thousand") || here(actual, "million") {
        "a count that was read as a year or by its digits"
    } else {
        "a year, a label or a code that was read in another way"
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    agree: usize,
}

fn words(text: &str) -> Vec<String> {
    normalize(text)
        .words()
        .flat_map(|word| word.text.split(['-', '.']))
        .map(|part| part.replace('\'', ""))
        .filter(|part| !part.is_empty())
        .collect()
}
