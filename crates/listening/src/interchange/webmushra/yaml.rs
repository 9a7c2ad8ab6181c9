//! YAML as webMUSHRA reads it.
//!
//! webMUSHRA reads its configurations with yaml.js, which takes texts that look like numbers for numbers even where YAML does not:
//! the clip `00112233445566778899` would be 638265253311, and `12e4567` nothing at all. So every text is quoted, whatever it
//! looks like, in the form of JSON, which is one of YAML's. No library quotes so much, and the rest is indentation.

use std::fmt::Write as _;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Yaml {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<f64> for Yaml {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl Yaml {
    /// Returns a mapping in the given order.
    pub(crate) fn map<const N: usize>(entries: [(&str, Yaml); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Returns the text of a file whose content is a mapping.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    /// Writes the value at the beginning of a line, indented.
    fn write(&self, text: &mut String, depth: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        text.push_str(&indent(depth));
                    }
                    text.push_str(&name(key));
                    text.push(':');
                    value.write_after(text, depth);
                }
            }
            Self::List(values) if !values.is_empty() => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        text.push_str(&indent(depth));
                    }
                    text.push_str("- ");
                    value.write(text, depth + 1);
                }
            }
            plain => {
                text.push_str(&plain.plain());
                text.push('\n');
            }
        }
    }

    /// Writes the value after its key: on the same line, or below and indented.
    fn write_after(&self, text: &mut String, depth: usize) {
        let is_block = match self {
            Self::Map(entries) => !entries.is_empty(),
            Self::List(values) => !values.is_empty(),
            _ => false,
        };
        if is_block {
            text.push('\n');
            text.push_str(&indent(depth + 1));
            self.write(text, depth + 1);
        } else {
            text.push(' ');
            self.write(text, depth);
        }
    }

    /// Returns the form of a value that takes one line.
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// Returns a key: plain if it is a word of webMUSHRA, such as `pages` and `createAnchor35`. Names of clips have no capitals.
fn name(key: &str) -> String {
    let starts_as_word = key.len() > 1 && key.starts_with(|c: char| c.is_ascii_alphabetic());
    let has_capital = key.contains(|c: char| c.is_ascii_uppercase());
    let is_word =
        starts_as_word && key.chars().all(|c| c.is_ascii_alphabetic() || (has_capital && c.is_ascii_digit()));
    if is_word { key.to_owned() } else { quoted(key) }
}

/// Quotes a text.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Control characters, and those that YAML takes for line breaks.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // Writing to a string cannot fail.
                write!(quoted, "\\u{:04x}", u32::from(c)).ok();
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_quoted() {
        let page = |id: &str| {
            Yaml::map([
                ("type", "volume".into()),
                ("id", id.into()),
                ("stimuli", Yaml::Map(vec![("0012".to_owned(), "clips/0012.wav".into())])),
                ("answers", Yaml::List(vec![])),
            ])
        };
        let test = Yaml::map([
            ("testname", "a: \"b\"\n\\ü\u{7}\u{2028}".into()),
            ("bufferSize", 2048.0.into()),
            ("createAnchor35", true.into()),
            ("pages", Yaml::List(vec![page("12e45"), page("n"), Yaml::List(vec![0.5.into(), "x".into()])])),
            ("y", Yaml::Map(vec![])),
        ]);
        let expected = r#"testname: "a: \"b\"\n\\ü\u0007\u2028"
bufferSize: 2048
createAnchor35: true
pages:
  - type: "volume"
    id: "12e45"
    stimuli:
      "0012": "clips/0012.wav"
    answers: []
  - type: "volume"
    id: "n"
    stimuli:
      "0012": "clips/0012.wav"
    answers: []
  - - 0.5
    - "x"
"y": {}
"#;
        assert_eq!(test.to_text(), expected);
    }
}
