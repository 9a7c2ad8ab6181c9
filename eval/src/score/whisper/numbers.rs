//! Numbers in words as digits: `ten thousand dollars` is `$10000`, `twenty twenty one` is 2021.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{pattern, split};

/// Names from 1 to 19.
const ONES: [&str; 19] = [
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
/// Names of the tens, from 20.
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
/// Names of powers of ten, with the number of zeros.
const MULTIPLIERS: [(&str, usize); 12] = [
    ("hundred", 2),
    ("thousand", 3),
    ("million", 6),
    ("billion", 9),
    ("trillion", 12),
    ("quadrillion", 15),
    ("quintillion", 18),
    ("sextillion", 21),
    ("septillion", 24),
    ("octillion", 27),
    ("nonillion", 30),
    ("decillion", 33),
];

/// A word that may be part of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Zero,
    /// From 1 to 19.
    One(usize),
    /// From 0 to 19, with the ending of an ordinal or a plural.
    OneEnding(usize, &'static str),
    /// 20, 30 and so on.
    Ten(usize),
    TenEnding(usize, &'static str),
    /// A power of ten, by its zeros.
    Multiplier(usize),
    MultiplierEnding(usize, &'static str),
    /// A sign before a number.
    Sign(char),
    /// A currency, whose symbol goes before the number.
    Currency(char),
    Per,
    Percent,
    And,
    /// So many times the next digit.
    Times(usize),
    Point,
}

impl Word {
    fn of(word: &str) -> Option<Self> {
        let found = match word {
            "o" | "oh" | "zero" => Self::Zero,
            "zeroth" => Self::OneEnding(0, "th"),
            "first" => Self::OneEnding(1, "st"),
            "second" => Self::OneEnding(2, "nd"),
            "third" => Self::OneEnding(3, "rd"),
            "fifth" => Self::OneEnding(5, "th"),
            "twelfth" => Self::OneEnding(12, "th"),
            "sixes" => Self::OneEnding(6, "s"),
            "minus" | "negative" => Self::Sign('-'),
            "plus" | "positive" => Self::Sign('+'),
            "pound" | "pounds" => Self::Currency('£'),
            "euro" | "euros" => Self::Currency('€'),
            "dollar" | "dollars" => Self::Currency('$'),
            "cent" | "cents" => Self::Currency('¢'),
            "per" => Self::Per,
            "percent" => Self::Percent,
            "and" => Self::And,
            "double" => Self::Times(2),
            "triple" => Self::Times(3),
            "point" => Self::Point,
            _ => return Self::one(word).or_else(|| Self::ten(word)).or_else(|| Self::multiplier(word)),
        };
        Some(found)
    }

    fn one(word: &str) -> Option<Self> {
        ONES.iter().zip(1..).find_map(|(name, value)| match word.strip_prefix(name)? {
            "" => Some(Self::One(value)),
            "s" if value != 6 => Some(Self::OneEnding(value, "s")),
            // `ninth` is no number by these rules, `nineth` is.
            "h" if value == 8 => Some(Self::OneEnding(value, "th")),
            "th" if value > 3 && ![5, 8, 12].contains(&value) => Some(Self::OneEnding(value, "th")),
            _ => None,
        })
    }

    fn ten(word: &str) -> Option<Self> {
        TENS.iter().zip(2..).find_map(|(name, tens)| match word.strip_prefix(name.trim_end_matches('y'))? {
            "y" => Some(Self::Ten(10 * tens)),
            "ies" => Some(Self::TenEnding(10 * tens, "s")),
            "ieth" => Some(Self::TenEnding(10 * tens, "th")),
            _ => None,
        })
    }

    fn multiplier(word: &str) -> Option<Self> {
        MULTIPLIERS.iter().find_map(|&(name, zeros)| match word.strip_prefix(name)? {
            "" => Some(Self::Multiplier(zeros)),
            "s" => Some(Self::MultiplierEnding(zeros, "s")),
            "th" => Some(Self::MultiplierEnding(zeros, "th")),
            _ => None,
        })
    }

    /// Returns true if it can follow a decimal point.
    fn is_decimal(self) -> bool {
        matches!(self, Self::Zero | Self::One(_) | Self::Ten(_))
    }
}

/// Digits that have been read so far.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// A whole number, to which more can be added; without zeros at its beginning.
    Whole(String),
    /// Digits, to which more can only be appended, perhaps with points and symbols.
    Digits(String),
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Self::Whole(text) | Self::Digits(text) => text,
        }
    }

    fn power(zeros: usize) -> Self {
        Self::Whole(format!("1{}", "0".repeat(zeros)))
    }

    /// Returns the value with a number below 100 after it, added if it fits into its zeros.
    fn with(before: Option<&Self>, number: usize, last: Option<Word>) -> Self {
        let Some(value) = before else { return Self::Whole(number.to_string()) };
        let n_digits = number.to_string().len();
        let text = value.text();
        let ends_in = |zeros: usize| text == "0" || text.ends_with(&"0".repeat(zeros));
        let replaced = || format!("{}{number}", &text[..text.len().saturating_sub(n_digits)]);
        let appended = Self::Digits(format!("{text}{number}"));
        match (value, last) {
            // `two thousand twenty` and `one`: the digit takes the place of the last zero.
            (Self::Digits(_), Some(Word::Ten(_))) if number < 10 => Self::Digits(replaced()),
            (Self::Whole(_), Some(Word::One(_))) if number < 20 => appended,
            (Self::Whole(_), _) if ends_in(n_digits) => Self::Whole(replaced()),
            _ => appended,
        }
    }

    /// Returns the product with a power of ten; `None` if it has decimals or is no number.
    fn times(&self, zeros: usize) -> Option<Self> {
        let (whole, decimals) = self.text().split_once('.').unwrap_or((self.text(), ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) || whole.len() + decimals.len() == 0 {
            return None;
        }
        let decimals = decimals.trim_end_matches('0');
        let missing = zeros.checked_sub(decimals.len())?;
        Some(Self::Whole(without_zeros(&format!("{whole}{decimals}{}", "0".repeat(missing)))))
    }

    /// Returns the value with its last three digits multiplied by a power of ten.
    fn with_multiplied_end(&self, zeros: usize) -> Self {
        let text = self.text();
        let (thousands, end) = text.split_at(text.len().saturating_sub(3));
        Self::Whole(sum(&format!("{thousands}000"), &format!("{end}{}", "0".repeat(zeros))))
    }
}

/// Drops the zeros at the beginning of a number.
fn without_zeros(digits: &str) -> String {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

/// Adds two numbers of any length.
fn sum(left: &str, right: &str) -> String {
    let mut digits = Vec::with_capacity(left.len().max(right.len()) + 1);
    let (mut left, mut right) = (left.bytes().rev(), right.bytes().rev());
    let mut carry = 0;
    loop {
        let pair = (left.next(), right.next());
        if pair == (None, None) && carry == 0 {
            break;
        }
        let [one, other] = [pair.0, pair.1].map(|digit| digit.map_or(0, |digit| digit - b'0'));
        digits.push(char::from(b'0' + (one + other + carry) % 10));
        carry = (one + other + carry) / 10;
    }
    without_zeros(&digits.iter().rev().collect::<String>())
}

/// Returns the value of a number in digits, perhaps with decimals; `None` for anything else.
fn in_digits(word: &str) -> Option<Value> {
    let (whole, decimals) = word.split_once('.').unwrap_or((word, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let has_decimals = decimals.bytes().any(|digit| digit != b'0');
    Some(if has_decimals { Value::Digits(word.to_owned()) } else { Value::Whole(without_zeros(whole)) })
}

/// The words that have been read, with the number that is being read.
#[derive(Default)]
struct Reader {
    words: Vec<String>,
    sign: Option<char>,
    value: Option<Value>,
}

impl Reader {
    /// Writes a word or a number, with its sign; the next number begins anew.
    fn put(&mut self, text: &str) {
        let sign = self.sign.take().map(String::from).unwrap_or_default();
        self.words.push(format!("{sign}{text}"));
        self.value = None;
    }

    /// Writes the number that is being read, if there is one.
    fn end_number(&mut self) {
        if let Some(value) = self.value.take() {
            self.put(value.text());
        }
    }

    /// Writes a word after the number before it.
    fn put_word(&mut self, word: &str) {
        self.end_number();
        self.put(word);
    }

    /// Appends text to the number; a bare 0 does not count.
    fn append(&mut self, text: &str) {
        let before = match &self.value {
            Some(Value::Whole(zero)) if zero == "0" => "",
            Some(value) => value.text(),
            None => "",
        };
        self.value = Some(Value::Digits(format!("{before}{text}")));
    }

    /// Reads a number in digits, which may have a symbol before it.
    fn digits(&mut self, word: &str, symbol: Option<char>, value: Value) {
        match &mut self.value {
            // Decimals, or the next part of an address.
            Some(Value::Digits(before)) if before.ends_with('.') => before.push_str(word),
            _ => {
                self.end_number();
                self.sign = symbol.or(self.sign);
                self.value = Some(value);
            }
        }
    }

    fn multiply(&mut self, zeros: usize) {
        self.value = Some(match self.value.take() {
            None => Value::power(zeros),
            Some(Value::Whole(text)) if text != "0" => Value::Whole(text).with_multiplied_end(zeros),
            Some(value) => value.times(zeros).unwrap_or_else(|| {
                self.put(value.text());
                Value::power(zeros)
            }),
        });
    }

    fn multiply_and_end(&mut self, zeros: usize, ending: &str) {
        let product = match self.value.take() {
            None => Value::power(zeros),
            Some(value @ Value::Whole(_)) => value.with_multiplied_end(zeros),
            Some(value) => value.times(zeros).unwrap_or_else(|| {
                self.put(value.text());
                Value::power(zeros)
            }),
        };
        self.put(&format!("{}{ending}", product.text()));
    }

    /// Reads a word; returns true if the next one is read with it.
    fn read(&mut self, last: Option<Word>, word: &str, next: Option<&str>) -> bool {
        let next_word = next.and_then(Word::of);
        let next_is_number = next.is_some_and(|next| in_digits(next).is_some());
        let symbol = word.chars().next().filter(|first| "-+£€$¢".contains(*first));
        let bare = &word[symbol.map_or(0, char::len_utf8)..];
        if let Some(value) = in_digits(bare) {
            self.digits(word, symbol, value);
            return false;
        }
        let Some(known) = Word::of(word) else {
            self.put_word(word);
            return false;
        };
        match known {
            Word::Zero => self.append("0"),
            Word::One(number) | Word::Ten(number) => {
                self.value = Some(Value::with(self.value.as_ref(), number, last));
            }
            Word::OneEnding(number, ending) | Word::TenEnding(number, ending) => {
                let value = Value::with(self.value.as_ref(), number, last);
                self.put(&format!("{}{ending}", value.text()));
            }
            Word::Multiplier(zeros) => self.multiply(zeros),
            Word::MultiplierEnding(zeros, ending) => self.multiply_and_end(zeros, ending),
            Word::Sign(sign) => {
                self.end_number();
                if next_word.is_some() || next_is_number {
                    self.sign = Some(sign);
                } else {
                    self.put(word);
                }
            }
            Word::Currency(symbol) => {
                if self.value.is_some() {
                    self.sign = Some(symbol);
                    self.end_number();
                } else {
                    self.put(word);
                }
            }
            Word::Percent | Word::Per => match self.value.take() {
                Some(value) if known == Word::Percent || next == Some("cent") => {
                    self.put(&format!("{}%", value.text()));
                    return known == Word::Per;
                }
                Some(value) => {
                    self.put(value.text());
                    self.put(word);
                }
                None => self.put(word),
            },
            Word::And | Word::Times(_) | Word::Point if next_word.is_none() && !next_is_number => {
                self.put_word(word);
            }
            // `one hundred and five` is one number.
            Word::And if matches!(last, Some(Word::Multiplier(_))) => {}
            Word::And => self.put_word(word),
            Word::Times(times) => {
                let digits = match next_word {
                    Some(Word::Zero) => 0,
                    Some(Word::One(number)) => number,
                    _ => {
                        self.put_word(word);
                        return false;
                    }
                };
                self.append(&digits.to_string().repeat(times));
                return true;
            }
            Word::Point if next_is_number || next_word.is_some_and(Word::is_decimal) => self.append("."),
            // As the original, which drops it before words such as `hundred`.
            Word::Point => {}
        }
        false
    }
}

/// Patterns around the reading of words.
struct Patterns {
    half: Regex,
    letter_digit: Regex,
    digit_letter: Regex,
    ending: Regex,
    cents: Regex,
    only_cents: Regex,
    one: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    half: pattern(r"\band\s+a\s+half\b"),
    letter_digit: pattern(r"([a-z])([0-9])"),
    digit_letter: pattern(r"([0-9])([a-z])"),
    ending: pattern(r"([0-9])\s+(st|nd|rd|th|s)\b"),
    cents: pattern(r"([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b"),
    // The point is any character, as in the original.
    only_cents: pattern(r"[€£$]0.([0-9]{1,2})\b"),
    one: pattern(r"\b1(s?)\b"),
});

/// Writes the numbers of a text in digits, with symbols of currencies before them, and puts one blank between words.
pub(super) fn standardize(text: &str) -> String {
    let text = prepared(text);
    let words: Vec<&str> = split(&text).collect();
    let mut reader = Reader::default();
    let mut is_read = false;
    for (index, word) in words.iter().enumerate() {
        if is_read {
            is_read = false;
            continue;
        }
        let last = index.checked_sub(1).and_then(|last| Word::of(words[last]));
        is_read = reader.read(last, word, words.get(index + 1).copied());
    }
    reader.end_number();
    finished(&reader.words.join(" "))
}

/// Writes halves as decimals, and separates digits from letters that are no endings.
fn prepared(text: &str) -> String {
    let patterns = &*PATTERNS;
    let segments: Vec<&str> = patterns.half.split(text).collect();
    let mut parts = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let Some(last) = split(segment).last() else { continue };
        parts.push(*segment);
        if index + 1 < segments.len() {
            let is_number = matches!(
                Word::of(last),
                Some(Word::Zero | Word::One(_) | Word::Ten(_) | Word::Multiplier(_))
            );
            parts.push(if is_number { "point five" } else { "and a half" });
        }
    }
    let text = parts.join(" ");
    let text = patterns.letter_digit.replace_all(&text, "$1 $2");
    let text = patterns.digit_letter.replace_all(&text, "$1 $2");
    patterns.ending.replace_all(&text, "$1$2").into_owned()
}

/// Joins dollars and cents, and writes a lone 1 as a word.
fn finished(text: &str) -> String {
    let patterns = &*PATTERNS;
    let two_digits = |cents: &str| format!("{:0>2}", without_zeros(cents));
    let joined = |found: &Captures<'_>| format!("{}{}.{}", &found[1], &found[2], two_digits(&found[3]));
    let text = patterns.cents.replace_all(text, joined);
    let text = patterns
        .only_cents
        .replace_all(&text, |found: &Captures<'_>| format!("¢{}", without_zeros(&found[1])));
    patterns.one.replace_all(&text, "one$1").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_of_every_kind() {
        for (text, expected) in [
            ("twenty twenty one", "2021"),
            ("one oh one", "101"),
            ("two hundred and five thousand and three", "205003"),
            ("three and a half million", "3500000"),
            ("ten dollars and five cents", "$10.05"),
            ("minus five point two five percent", "-5.25%"),
            ("nine hundred ninety nine decillion", "999000000000000000000000000000000000"),
            (
                "12345678901234567890123456789012345678901234567890 million",
                "12345678901234567890123456789012345678902124567000",
            ),
            ("one and ones", "one and ones"),
            ("", ""),
        ] {
            assert_eq!(standardize(text), expected, "{text}");
        }
    }

    #[test]
    fn adds_numbers_of_any_length() {
        assert_eq!(sum("999", "1"), "1000");
        assert_eq!(sum("0", "0"), "0");
        assert_eq!(
            sum("5", "99999999999999999999999999999999999999999"),
            "100000000000000000000000000000000000000004"
        );
    }
}
