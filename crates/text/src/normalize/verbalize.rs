//! Numbers in words, in the American style: no "and", a hyphen between tens and units.

const UNITS: [&str; 20] = [
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
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const THOUSANDS: [&str; 11] = [
    "",
    " thousand",
    " million",
    " billion",
    " trillion",
    " quadrillion",
    " quintillion",
    " sextillion",
    " septillion",
    " octillion",
    " nonillion",
];
const IRREGULAR_ORDINALS: [(&str, &str); 7] = [
    ("one", "first"),
    ("two", "second"),
    ("three", "third"),
    ("five", "fifth"),
    ("eight", "eighth"),
    ("nine", "ninth"),
    ("twelve", "twelfth"),
];

/// Writes `1234` as one thousand two hundred thirty-four.
pub(crate) fn cardinal(number: u64) -> String {
    large_cardinal(u128::from(number))
}

/// Writes a number with names up to the nonillion.
fn large_cardinal(number: u128) -> String {
    if number == 0 {
        return UNITS[0].to_owned();
    }
    let mut groups = Vec::new();
    let mut rest = number;
    for scale in THOUSANDS {
        if !rest.is_multiple_of(1000) {
            groups.push(below_thousand((rest % 1000) as u64) + scale);
        }
        rest /= 1000;
    }
    groups.reverse();
    groups.join(" ")
}

/// Writes digits with separators as a cardinal, or digit by digit if there is no name for so many.
pub(crate) fn grouped_cardinal(digits: &str) -> String {
    let value = digits.parse().ok().filter(|_| digits.len() <= 3 * THOUSANDS.len());
    value.map_or_else(|| spelled(digits, "zero"), large_cardinal)
}

/// Writes digits as a cardinal, or digit by digit if they exceed the range of `u64`.
pub(crate) fn cardinal_of(digits: &str) -> String {
    digits.parse().map_or_else(|_| spelled(digits, "zero"), cardinal)
}

/// Writes `1234` as one thousand two hundred thirty-fourth.
pub(crate) fn ordinal(number: u64) -> String {
    let cardinal = cardinal(number);
    let (head, last) = split_last(&cardinal);
    let irregular = IRREGULAR_ORDINALS.iter().find(|(cardinal, _)| *cardinal == last);
    let last = match (irregular, last.strip_suffix('y')) {
        (Some((_, ordinal)), _) => (*ordinal).to_owned(),
        (None, Some(stem)) => format!("{stem}ieth"),
        (None, None) => format!("{last}th"),
    };
    format!("{head}{last}")
}

/// Writes three or four digits by hundreds, like years and house numbers: `1469` → fourteen sixty-nine,
/// `1802` → eighteen oh two, `1900` → nineteen hundred, `538` → five thirty-eight; `2000` to `2009` and whole
/// thousands as cardinals.
pub(crate) fn by_hundreds(number: u64) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds == 0 || number.is_multiple_of(1000) || (2000..2010).contains(&number) {
        return cardinal(number);
    }
    match rest {
        0 => format!("{} hundred", cardinal(hundreds)),
        1..=9 => format!("{} oh {}", cardinal(hundreds), cardinal(rest)),
        _ => format!("{} {}", cardinal(hundreds), cardinal(rest)),
    }
}

/// Writes two digits of a year: `64` → sixty-four, `05` → oh five.
pub(crate) fn two_digit_year(number: u64) -> String {
    if number < 10 { format!("oh {}", cardinal(number)) } else { cardinal(number) }
}

/// Writes digits one by one; `zero` is the word for 0.
pub(crate) fn spelled(digits: &str, zero: &str) -> String {
    let words: Vec<&str> = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| if digit == b'0' { zero } else { UNITS[usize::from(digit - b'0')] })
        .collect();
    words.join(" ")
}

/// Writes the plural: `sixty` → sixties, `two thousand` → two thousands, `six` → sixes.
pub(crate) fn plural(phrase: &str) -> String {
    match phrase.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if phrase.ends_with('x') => format!("{phrase}es"),
        None => format!("{phrase}s"),
    }
}

/// Writes a fraction less than one that has a simple name: `1`, `2` → one half, `3`, `4` → three quarters.
pub(crate) fn fraction(numerator: u64, denominator: u64) -> Option<String> {
    if numerator == 0 || numerator >= denominator || !(2..=100).contains(&denominator) {
        return None;
    }
    Some(parts(numerator, denominator))
}

/// Writes a fraction greater than one in parts of up to a tenth: `22`, `7` → twenty-two sevenths.
pub(crate) fn improper(numerator: u64, denominator: u64) -> Option<String> {
    (numerator > denominator && (2..=10).contains(&denominator)).then(|| parts(numerator, denominator))
}

fn parts(numerator: u64, denominator: u64) -> String {
    let part = match denominator {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        _ => ordinal(denominator),
    };
    let part = match (numerator, denominator) {
        (1, _) => part,
        (_, 2) => "halves".to_owned(),
        _ => plural(&part),
    };
    format!("{} {part}", cardinal(numerator))
}

fn below_thousand(number: u64) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    let head = if hundreds > 0 { format!("{} hundred", UNITS[hundreds as usize]) } else { String::new() };
    let tail = match rest {
        0 => String::new(),
        1..20 => UNITS[rest as usize].to_owned(),
        _ if rest.is_multiple_of(10) => TENS[rest as usize / 10].to_owned(),
        _ => format!("{}-{}", TENS[rest as usize / 10], UNITS[rest as usize % 10]),
    };
    if head.is_empty() || tail.is_empty() { head + &tail } else { format!("{head} {tail}") }
}

/// Splits before the last word, at a space or a hyphen.
fn split_last(phrase: &str) -> (&str, &str) {
    phrase.split_at(phrase.rfind([' ', '-']).map_or(0, |gap| gap + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parses a phrase by the school rule: units add, "hundred" multiplies the group, a scale closes it.
    fn read(phrase: &str) -> Option<u64> {
        let (mut total, mut group) = (0_u64, 0_u64);
        for word in phrase.split([' ', '-']) {
            if let Some(unit) = UNITS.iter().position(|candidate| *candidate == word) {
                group += unit as u64;
            } else if let Some(ten) = TENS.iter().position(|candidate| *candidate == word) {
                group += 10 * ten as u64;
            } else if word == "hundred" {
                group *= 100;
            } else {
                let scale = THOUSANDS.iter().position(|candidate| candidate.trim() == word)?;
                total += group * 1000_u64.pow(scale as u32);
                group = 0;
            }
        }
        Some(total + group)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn cardinals_read_back(number: u64, shift in 0..64_u32) {
            prop_assert_eq!(read(&cardinal(number >> shift)), Some(number >> shift));
        }
    }

    #[test]
    fn every_small_cardinal_reads_back() {
        for number in 0..=10_000 {
            assert_eq!(read(&cardinal(number)), Some(number));
        }
    }

    #[test]
    fn writes_numbers_as_expected() {
        let check = |actual: String, expected: &str| assert_eq!(actual, expected);
        check(cardinal(0), "zero");
        check(cardinal(1_234_567), "one million two hundred thirty-four thousand five hundred sixty-seven");
        check(
            cardinal_of("123456789012345678901"),
            "one two three four five six seven eight nine zero one two three four five six seven eight nine zero one",
        );
        check(ordinal(27), "twenty-seventh");
        check(ordinal(20), "twentieth");
        check(ordinal(112), "one hundred twelfth");
        check(by_hundreds(1469), "fourteen sixty-nine");
        check(by_hundreds(1810), "eighteen ten");
        check(by_hundreds(1802), "eighteen oh two");
        check(by_hundreds(1900), "nineteen hundred");
        check(by_hundreds(2000), "two thousand");
        check(by_hundreds(2007), "two thousand seven");
        check(by_hundreds(2022), "twenty twenty-two");
        check(by_hundreds(538), "five thirty-eight");
        check(by_hundreds(64), "sixty-four");
        check(two_digit_year(5), "oh five");
        check(plural(&by_hundreds(1960)), "nineteen sixties");
        check(plural("six"), "sixes");
        check(spelled("2915", "zero"), "two nine one five");
        assert_eq!(fraction(3, 4).as_deref(), Some("three quarters"));
        assert_eq!(fraction(1, 2).as_deref(), Some("one half"));
        assert_eq!(fraction(5, 16).as_deref(), Some("five sixteenths"));
        assert_eq!(fraction(4, 3), None);
    }

    #[test]
    fn ordinals_end_like_their_digits() {
        for number in 1..2000_u64 {
            let suffix = match (number % 100, number % 10) {
                (11..=13, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            assert!(ordinal(number).ends_with(suffix), "{number}");
        }
    }
}
