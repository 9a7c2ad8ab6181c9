//! Praat's TextGrid, for viewing and exchanging alignments.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::CharIndices;

use crate::labels::{FormatError, Label, decode_text};

/// A labeled span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Start in seconds.
    pub start: f64,
    /// End in seconds.
    pub end: f64,
    /// Label; empty for silence.
    pub label: String,
}

/// A named sequence of intervals without gaps from 0 to the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Name, such as `phones`.
    pub name: String,
    /// Intervals in order, each beginning where the previous one ends.
    pub intervals: Vec<Interval>,
}

/// Formats a TextGrid file with these tiers; `seconds` is the end of all of them.
#[must_use]
pub fn write_text_grid(seconds: f64, tiers: &[Tier]) -> String {
    let mut out = format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {seconds}\ntiers? <exists>\nsize = {}\nitem []:\n",
        tiers.len()
    );
    for (tier, number) in tiers.iter().zip(1..) {
        let _ = write!(
            out,
            "    item [{number}]:\n        class = \"IntervalTier\"\n        name = \"{}\"\n        xmin = 0\n        xmax = {seconds}\n        intervals: size = {}\n",
            escape(&tier.name),
            tier.intervals.len()
        );
        for (interval, number) in tier.intervals.iter().zip(1..) {
            let _ = write!(
                out,
                "        intervals [{number}]:\n            xmin = {}\n            xmax = {}\n            text = \"{}\"\n",
                interval.start,
                interval.end,
                escape(&interval.label)
            );
        }
    }
    out
}

/// Reads the interval tiers of a TextGrid file, long or short, in UTF-8 or in UTF-16 with a byte order mark; point
/// tiers are skipped.
///
/// Gaps between intervals are allowed.
///
/// # Errors
///
/// A [`FormatError`] with the line of the fault.
///
/// # References
///
/// Praat's manual, "TextGrid file formats": Praat reads the free-standing numbers, quoted texts and flags of a text
/// file and nothing else, so the long and the short form are one.
pub fn read_text_grid(bytes: &[u8]) -> Result<Vec<Tier>, FormatError> {
    let interval = |Label { start, end, text, .. }| Interval { start, end, label: text };
    let tiers = parse(&decode_text(bytes)?)?;
    Ok(tiers
        .into_iter()
        .map(|(name, labels)| Tier { name, intervals: labels.into_iter().map(interval).collect() })
        .collect())
}

/// Parses the interval tiers with their names.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, Vec<Label>)>, FormatError> {
    let mut tokens = Tokens { text, rest: text.char_indices().peekable(), line: 1 };
    let kind = tokens.text("the type of the file")?;
    let class = tokens.text("the class of the object")?;
    if !kind.starts_with("ooTextFile") || class != "TextGrid" {
        return Err(FormatError::at(1, format!("it is `{kind}` with `{class}`, not a TextGrid")));
    }
    tokens.number("the start")?;
    tokens.number("the end")?;
    if !tokens.flag()? {
        return Ok(Vec::new());
    }
    let n_tiers = tokens.count("the number of tiers")?;
    let mut tiers = Vec::new();
    for _ in 0..n_tiers {
        let class = tokens.text("the class of a tier")?;
        let name = tokens.text("the name of a tier")?;
        tokens.number("the start of a tier")?;
        tokens.number("the end of a tier")?;
        let n = tokens.count("the number of its intervals")?;
        match class.as_str() {
            "IntervalTier" => {
                let mut labels = Vec::new();
                for _ in 0..n {
                    let start = tokens.number("the start of an interval")?;
                    let end = tokens.number("the end of an interval")?;
                    let text = tokens.text("the label of an interval")?;
                    labels.push(Label { start, end, text, line: Some(tokens.line) });
                }
                tiers.push((name, labels));
            }
            "TextTier" => {
                for _ in 0..n {
                    tokens.number("the time of a point")?;
                    tokens.text("the label of a point")?;
                }
            }
            _ => return Err(FormatError::at(tokens.line, format!("`{class}` is not a kind of tier"))),
        }
    }
    Ok(tiers)
}

/// A token of a text file as read by Praat.
#[derive(Debug, PartialEq)]
enum Token {
    Text(String),
    Number(f64),
    Flag(bool),
}

struct Tokens<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    /// Line at the end of the previous token.
    line: u64,
}

impl Tokens<'_> {
    fn text(&mut self, what: &str) -> Result<String, FormatError> {
        match self.next()? {
            Some(Token::Text(text)) => Ok(text),
            other => Err(self.missing(what, other.as_ref())),
        }
    }

    fn number(&mut self, what: &str) -> Result<f64, FormatError> {
        match self.next()? {
            Some(Token::Number(number)) => Ok(number),
            other => Err(self.missing(what, other.as_ref())),
        }
    }

    fn flag(&mut self) -> Result<bool, FormatError> {
        match self.next()? {
            Some(Token::Flag(flag)) => Ok(flag),
            other => Err(self.missing("`<exists>`", other.as_ref())),
        }
    }

    fn count(&mut self, what: &str) -> Result<u64, FormatError> {
        let number = self.number(what)?;
        if number >= 0.0 && number.fract() == 0.0 {
            Ok(number as u64)
        } else {
            Err(FormatError::at(self.line, format!("{what} is {number}")))
        }
    }

    fn missing(&self, what: &str, found: Option<&Token>) -> FormatError {
        let found = match found {
            None => "the file ends".to_owned(),
            Some(Token::Text(text)) => format!("found `{text}`"),
            Some(Token::Number(number)) => format!("found {number}"),
            Some(Token::Flag(_)) => "found a flag".to_owned(),
        };
        FormatError::at(self.line, format!("{found}, expected {what}"))
    }

    /// Returns the next number, text or flag, skipping everything else, including the rest of a line after `!`.
    fn next(&mut self) -> Result<Option<Token>, FormatError> {
        loop {
            let Some((start, c)) = self.take() else { return Ok(None) };
            if c.is_whitespace() {
                continue;
            }
            match c {
                '"' => return self.quoted().map(Some),
                '!' => {
                    while self.rest.peek().is_some_and(|(_, c)| *c != '\n') {
                        self.take();
                    }
                }
                _ => {
                    let mut end = start + c.len_utf8();
                    while let Some((index, c)) = self.rest.next_if(|(_, c)| !c.is_whitespace()) {
                        end = index + c.len_utf8();
                    }
                    let word = &self.text[start..end];
                    match word {
                        "<exists>" => return Ok(Some(Token::Flag(true))),
                        "<absent>" => return Ok(Some(Token::Flag(false))),
                        _ => {}
                    }
                    if (c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
                        && let Some(number) = word.parse().ok().filter(|number: &f64| number.is_finite())
                    {
                        return Ok(Some(Token::Number(number)));
                    }
                }
            }
        }
    }

    /// Reads the rest of a text after its opening quote; a doubled quote is a quote.
    fn quoted(&mut self) -> Result<Token, FormatError> {
        let begin = self.line;
        let mut text = String::new();
        while let Some((_, c)) = self.take() {
            if c != '"' {
                text.push(c);
            } else if self.rest.next_if(|(_, c)| *c == '"').is_some() {
                text.push('"');
            } else {
                return Ok(Token::Text(text));
            }
        }
        Err(FormatError::at(begin, "a quoted text is not closed"))
    }

    fn take(&mut self) -> Option<(usize, char)> {
        let next = self.rest.next();
        self.line += u64::from(next.is_some_and(|(_, c)| c == '\n'));
        next
    }
}

/// Doubles the quotes in a label.
fn escape(label: &str) -> String {
    label.replace('"', "\"\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Interval, Tier, read_text_grid, write_text_grid};

    #[test]
    fn writes_the_long_form_of_praat() {
        let interval = |start, end, label: &str| Interval { start, end, label: label.to_owned() };
        let text = write_text_grid(
            0.5,
            &[Tier {
                name: "phones".to_owned(),
                intervals: vec![interval(0.0, 0.25, ""), interval(0.25, 0.5, "\"")],
            }],
        );
        let expected = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 0.5\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n        class = \"IntervalTier\"\n        name = \"phones\"\n        xmin = 0\n        xmax = 0.5\n        intervals: size = 2\n        intervals [1]:\n            xmin = 0\n            xmax = 0.25\n            text = \"\"\n        intervals [2]:\n            xmin = 0.25\n            xmax = 0.5\n            text = \"\"\"\"\n";
        assert_eq!(text, expected);
    }

    fn tier(name: &str, intervals: &[(f64, f64, &str)]) -> Tier {
        let interval = |(start, end, label): &(f64, f64, &str)| Interval {
            start: *start,
            end: *end,
            label: (*label).to_owned(),
        };
        Tier { name: name.to_owned(), intervals: intervals.iter().map(interval).collect() }
    }

    const SHORT: &str = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n0.5\n<exists>\n2\n\"TextTier\"\n\"clicks\"\n0\n0.5\n1\n0.2\n\"c\"\n\"IntervalTier\"\n\"phones\"\n0\n0.5\n2\n0\n0.25\n\"\"\n0.25\n0.5\n\"a \"\"b\"\"\"\n";

    #[test]
    fn reads_short_and_long_forms_in_any_encoding() {
        let expected = [tier("phones", &[(0.0, 0.25, ""), (0.25, 0.5, "a \"b\"")])];
        let utf_16 = |mark: u16, bytes: fn(u16) -> [u8; 2]| {
            [mark].into_iter().chain(SHORT.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>()
        };
        let old = SHORT.replace("File type = \"ooTextFile\"\nObject class = ", "\"ooTextFile short\"\n");
        let windows = SHORT.replace('\n', "\r\n");
        let commented = SHORT.replace("<exists>\n2", "<exists> ! there are 3\n2 tiers [7] 1x x1");
        for bytes in [
            SHORT.as_bytes().to_vec(),
            utf_16(0xFEFF, u16::to_le_bytes),
            utf_16(0xFEFF, u16::to_be_bytes),
            old.into_bytes(),
            windows.into_bytes(),
            commented.into_bytes(),
            write_text_grid(0.5, &expected).into_bytes(),
        ] {
            assert_eq!(read_text_grid(&bytes).unwrap(), expected);
        }
        let absent = "\"ooTextFile\"\n\"TextGrid\"\n0 1 <absent>\n";
        assert_eq!(read_text_grid(absent.as_bytes()).unwrap(), []);
    }

    #[test]
    fn reports_the_line_of_a_fault() {
        let check = |text: &str, line: u64, part: &str| {
            let error = read_text_grid(text.as_bytes()).unwrap_err();
            assert_eq!(error.line, Some(line), "{error}");
            assert!(error.why.contains(part), "{error}");
        };
        check("what was said\n", 2, "the file ends");
        check("\"ooTextFile\"\n\"Pitch\"\n", 1, "not a TextGrid");
        check(&SHORT.replace("0.25\n0.5\n\"a", "0.25\n\"a"), 24, "expected the end of an interval");
        check(&SHORT.replace("\"TextTier\"", "\"OtherTier\""), 12, "not a kind of tier");
        check(&SHORT.replace("\n2\n0\n", "\n99999999999\n0\n"), 26, "the file ends");
        check(&SHORT.replace("\n2\n0\n", "\n1.5\n0\n"), 19, "1.5");
        check(&SHORT.replace("b\"\"\"", "b"), 25, "not closed");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn reads_what_it_writes(labels in proptest::collection::vec("\\PC{0,6}", 0..6), name in "\\PC{1,5}") {
            let intervals: Vec<(f64, f64, &str)> = labels
                .iter()
                .zip(0_u32..)
                .map(|(label, index)| (f64::from(index) / 7.0, f64::from(index + 1) / 7.0, label.as_str()))
                .collect();
            let tiers = [tier(&name, &intervals), tier("phones", &[])];
            let text = write_text_grid(intervals.len() as f64 / 7.0, &tiers);
            prop_assert_eq!(read_text_grid(text.as_bytes()).unwrap(), tiers);
        }
    }
}
