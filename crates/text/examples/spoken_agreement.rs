//! Agreement of `normalize` with sentences whose spoken form is known.
//!
//! ```text
//! cargo run --release -p mynah-text --example spoken_agreement -- SENTENCES.tsv [--list]
//! ```
//!
//! A row of the table is a sentence, a tab, and its spoken form; further forms, also right, follow after
//! further tabs. `fixtures/generate/text_cases.py` writes such tables from the data of others. Forms are
//! compared without case, punctuation and spaces, so `F B I` equals `FBI`; an `and` within a number or a sum of
//! money and the choice between `zero`, `oh` and `o` do not count either, nor do British spellings. A second figure
//! compares numbers by their digits: `nineteen seven` equals `one thousand nine hundred seven`, `the third of May`
//! equals `May third`, and a silent hyphen equals `to`, since data made by programs is not consistent about them. `--list` prints the rows that disagree, and
//! `--list-digits` those that disagree even so.
//! The words of numbers and months are the judge's own: with those of the library it would not notice a misspelt one.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::error::Error;
use std::{env, fs};

use mynah_text::normalize;

/// Words of numbers and sums of money after which `and` may stand, if a word of a number follows.
const BEFORE_AND: [&str; 10] =
    ["hundred", "thousand", "million", "billion", "dollar", "dollars", "pound", "pounds", "euro", "euros"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let path = arguments.first().ok_or("usage: spoken_agreement SENTENCES.tsv [--list]")?;
    let list = arguments.get(1).map_or("", String::as_str);
    let (mut rows, mut agree, mut same_digits) = (0, 0, 0);
    for line in fs::read_to_string(path)?.lines() {
        let (written, forms) = line.split_once('\t').ok_or_else(|| format!("`{line}` has no tab"))?;
        let spoken = normalize(written).to_string();
        rows += 1;
        let read = |key: &dyn Fn(&str) -> String| {
            forms.split('\t').any(|form| key(&spoken) == key(&normalize(form).to_string()))
        };
        let agrees = read(&key);
        let by_digits = agrees || read(&digits_key);
        agree += i32::from(agrees);
        same_digits += i32::from(by_digits);
        if list == "--list" && !agrees || list == "--list-digits" && !by_digits {
            println!("{written}\n  actual    {spoken}\n  expected  {forms}");
        }
    }
    let percent = |count: i32| 100.0 * f64::from(count) / f64::from(rows.max(1));
    println!("{agree} of {rows} sentences agree, {:.2} %; {} do not", percent(agree), rows - agree);
    let wrong = rows - same_digits;
    println!("{wrong} differ by more than the manner of reading the same digits, {:.2} %", percent(wrong));
    Ok(())
}

/// Returns what is compared of a spoken form.
fn key(spoken: &str) -> String {
    let parts = spoken.split([' ', '-', '.', ',', ';', ':', '?', '!', '(', ')', '"']);
    let words: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let mut key = String::new();
    for (at, word) in words.iter().enumerate() {
        let inside = *word == "and"
            && at.checked_sub(1).is_some_and(|before| BEFORE_AND.contains(&words[before]))
            && words.get(at + 1).is_some_and(|next| is_number(next));
        if !inside {
            key.push_str(if matches!(*word, "oh" | "zero") { "o" } else { word });
        }
    }
    american(&key)
}

/// Returns a key without apostrophes, and with British spellings as Americans write them: they sound the same.
fn american(key: &str) -> String {
    key.replace('\'', "").replace("our", "or").replace("tre", "ter")
}

/// Returns true for the words of cardinals and ordinals.
fn is_number(word: &str) -> bool {
    let stems = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nin", "ten", "eleven", "twel",
        "thir", "fif", "twent", "fort", "first", "second",
    ];
    stems.iter().any(|stem| word.starts_with(stem))
}

/// Returns what is compared if numbers are compared by their digits.
fn digits_key(spoken: &str) -> String {
    let parts = spoken.split([' ', '-', '.', ',', ';', ':', '?', '!', '(', ')', '"']);
    let silent = ["", "and", "of", "the", "to"];
    let mut key = String::new();
    let mut number = Number::default();
    // Months come last, since they may stand before or after their day.
    let mut months = String::new();
    let mut before = "";
    for word in parts.filter(|part| !silent.contains(part)) {
        // The zeros behind a decimal point may be said as letters.
        let word = if word == "o" && before == "point" { "zero" } else { word };
        before = word;
        if !number.take(word) {
            key.push_str(&std::mem::take(&mut number).finish());
            if MONTHS.contains(&word) { months.push_str(word) } else { key.push_str(word) }
        }
    }
    key.push_str(&number.finish());
    key.push_str(&months);
    american(&key)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const IRREGULAR: [(&str, u64); 8] = [
    ("oh", 0),
    ("o", 0),
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fifth", 5),
    ("ninth", 9),
    ("twelfth", 12),
];

/// Digits of the number words seen so far.
#[derive(Default)]
struct Number {
    digits: String,
    total: u64,
    group: Option<u64>,
    /// True if a smaller number is added to the group: after `hundred`, `thousand` and the like.
    open: bool,
}

impl Number {
    /// Adds a word; returns false if it is no number.
    fn take(&mut self, word: &str) -> bool {
        let singular = word.strip_suffix("ths").or_else(|| word.strip_suffix("th")).unwrap_or(word);
        let tens = singular
            .strip_suffix("ies")
            .or_else(|| singular.strip_suffix("ie"))
            .map(|stem| format!("{stem}y"));
        let named = |word: &str| {
            let small = SMALL.iter().position(|small| *small == word).map(|value| value as u64);
            let tens = || TENS.iter().position(|tens| *tens == word).map(|value| 10 * value as u64 + 20);
            small.or_else(tens)
        };
        // Elsewhere an "o" is a letter.
        if matches!(word, "o" | "oh") && self.group.is_none() {
            return false;
        }
        let irregular = IRREGULAR.iter().find(|(irregular, _)| *irregular == word).map(|(_, value)| *value);
        let eighth = (singular == "eigh").then_some(8);
        let value = irregular.or(eighth).or_else(|| named(singular)).or_else(|| named(tens.as_deref()?));
        let scale = match singular {
            "hundred" => 100,
            "thousand" => 1000,
            "million" => 1_000_000,
            "billion" => 1_000_000_000,
            _ => 0,
        };
        match (value, self.group) {
            (Some(value), Some(group))
                if self.open || value < 10 && value > 0 && group % 100 >= 20 && group % 10 == 0 =>
            {
                self.group = Some(group + value);
                self.open = false;
            }
            (Some(value), _) => {
                self.flush();
                self.group = Some(value);
            }
            (None, Some(group)) if scale == 100 => {
                self.group = Some(group * 100);
                self.open = true;
            }
            (None, Some(group)) if scale > 100 => {
                self.total += group * scale;
                self.group = Some(0);
                self.open = true;
            }
            _ => return false,
        }
        true
    }

    fn flush(&mut self) {
        if let Some(group) = self.group.take() {
            self.digits.push_str(&(self.total + group).to_string());
        }
        (self.total, self.open) = (0, false);
    }

    fn finish(mut self) -> String {
        self.flush();
        self.digits
    }
}
