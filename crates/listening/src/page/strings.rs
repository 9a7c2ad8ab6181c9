//! The words of the page, apart from those of the protocol.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;

const ENGLISH: &str = include_str!("strings/en.toml");
const GERMAN: &str = include_str!("strings/de.toml");

/// The page's own words in one language.
///
/// A file of strings is TOML with one text per key, and the same keys as `en.toml`. `language` is a language tag (BCP 47),
/// `direction` is `ltr` or `rtl`. Places such as `{step}` are filled in by the page, and stand in every translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strings(BTreeMap<String, String>);

impl Strings {
    /// The names of the languages that the crate brings along.
    pub const LANGUAGES: [&str; 2] = ["en", "de"];

    /// Returns the English words.
    ///
    /// # Panics
    ///
    /// Never: they are part of the crate, and a test reads them.
    #[must_use]
    pub fn english() -> Self {
        Self::parse(ENGLISH).expect("the crate's own strings are valid")
    }

    /// Returns the words of a language of [`Strings::LANGUAGES`].
    #[must_use]
    pub fn of_language(name: &str) -> Option<Self> {
        let text = match name {
            "en" => ENGLISH,
            "de" => GERMAN,
            _ => return None,
        };
        Self::parse(text).ok()
    }

    /// Parses a file of strings.
    ///
    /// # Errors
    ///
    /// [`Error::Strings`] for text that is not TOML of this form, a missing, unknown or empty key, a direction other than
    /// `ltr` and `rtl`, and a text without the places of the English one.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let strings = Self::parse(text)?;
        let english = Self::parse(ENGLISH)?;
        let wrong = |what: String| Err(Error::Strings { what, source: None });
        if let Some(key) = english.0.keys().find(|key| !strings.0.contains_key(*key)) {
            return wrong(format!("the key `{key}` is missing"));
        }
        for (key, text) in &strings.0 {
            let Some(original) = english.0.get(key) else {
                return wrong(format!("the key `{key}` is unknown"));
            };
            if text.trim().is_empty() {
                return wrong(format!("the text of `{key}` is empty"));
            }
            if places(text) != places(original) {
                return wrong(format!(
                    "`{key}` must have the same places in braces as the English text, `{original}`"
                ));
            }
        }
        match strings.direction() {
            "ltr" | "rtl" => Ok(strings),
            other => wrong(format!("`direction` is `{other}`, but it must be `ltr` or `rtl`")),
        }
    }

    fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map(Self).map_err(|error| Error::Strings {
            what: "it is not TOML with one text per key".to_owned(),
            source: Some(Box::new(error)),
        })
    }

    /// Returns the text of the file of strings.
    ///
    /// # Panics
    ///
    /// Never: texts have a form in TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.0).expect("texts have a form in TOML")
    }

    /// Returns the language tag.
    #[must_use]
    pub fn language(&self) -> &str {
        self.text("language")
    }

    /// Returns the direction of the script, `ltr` or `rtl`.
    #[must_use]
    pub fn direction(&self) -> &str {
        self.text("direction")
    }

    /// Returns the text of a key; an empty one for an unknown key.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Returns all texts by key.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Returns the places in braces.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paradigms::Paradigm;

    #[test]
    fn every_language_is_complete() {
        for name in Strings::LANGUAGES {
            let strings = Strings::of_language(name).expect("it is there");
            assert_eq!(Strings::from_toml(&strings.to_toml()).expect("it is complete"), strings);
            assert_eq!(strings.language(), name);
            for paradigm in Paradigm::ALL {
                assert!(
                    !strings.text(&format!("legend_{}", paradigm.as_str())).is_empty(),
                    "{paradigm:?} in {name}"
                );
            }
        }
        assert_eq!(Strings::of_language("xx"), None);
    }

    #[test]
    fn faulty_translations_are_refused() {
        let refused = |change: &dyn Fn(&str) -> String, expected: &str| {
            let error = Strings::from_toml(&change(ENGLISH)).expect_err(expected);
            assert!(error.to_string().contains(expected), "{error}");
        };
        refused(&|text| text.replace("next = ", "nxt = "), "the key `next` is missing");
        refused(&|text| format!("{text}\nnew = \"x\"\n"), "the key `new` is unknown");
        refused(&|text| text.replace("\"Next\"", "\" \""), "`next` is empty");
        refused(&|text| text.replace("{minutes}", ""), "`minutes_left` must have the same places");
        refused(&|text| text.replace("\"ltr\"", "\"left\""), "`direction` is `left`");
        refused(&|text| text.replace("\"Next\"", "Next"), "not TOML");
        let rtl = Strings::from_toml(&ENGLISH.replace("\"ltr\"", "\"rtl\"")).expect("it is complete");
        assert_eq!(rtl.direction(), "rtl");
    }
}
