//! The clips of another tool's table, identified by their names or by those that a bundle gave them.

use std::collections::BTreeMap;

use regex::Regex;

use crate::error::Error;
use crate::page::key::{Key, KeyClip};
use crate::trial::{Kind, Slot};

/// The way from the name of a clip to its system and its sentence.
#[derive(Debug, Clone)]
pub struct ClipNames(Source);

#[derive(Debug, Clone)]
enum Source {
    Pattern(Regex),
    Bundle { clips: BTreeMap<String, Known>, reference: Option<String> },
}

/// A clip of a bundle.
#[derive(Debug, Clone)]
struct Known {
    system: String,
    item: String,
    slot: Slot,
    kind: Kind,
}

/// The system of a clip and, unless the pattern leaves it to the table, its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedClip {
    pub(crate) system: String,
    pub(crate) item: Option<String>,
}

impl ClipNames {
    /// Returns the names that a regular expression takes apart: its group `system` is the system, its group `item` the
    /// sentence. It may match any part of a name.
    ///
    /// # Errors
    ///
    /// [`Error::Interchange`] for text that is no regular expression, or one without the group `system`.
    pub fn from_pattern(pattern: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::Interchange {
            what: format!("`{pattern}` is no pattern for the names of clips: {what}"),
            remedy: Some("write one such as '(?P<system>[^_/]+)_(?P<item>[^/.]+)[.]wav'"),
        };
        let regex = Regex::new(pattern).map_err(|error| {
            let text = error.to_string();
            // The message shows the pattern once more, with a mark below it; its last line says what is wrong.
            let last = text.lines().last().unwrap_or_default();
            wrong(last.trim_start_matches("error: ").to_owned())
        })?;
        match regex.capture_names().flatten().find(|name| *name == "system") {
            Some(_) => Ok(Self(Source::Pattern(regex))),
            None => Err(wrong("it has no group `system`".to_owned())),
        }
    }

    /// Returns the names of a bundle by its key.
    #[must_use]
    pub fn of_key(key: &Key) -> Self {
        let known = |(name, clip): (&String, &KeyClip)| {
            let (system, item) = (clip.judged.clone(), clip.item.clone());
            (name.clone(), Known { system, item, slot: clip.slot, kind: clip.kind })
        };
        let is_reference = |clip: &&KeyClip| {
            clip.slot == Slot::Reference && clip.kind == Kind::Rating && clip.versus.is_none()
        };
        let reference = key.clips.values().find(is_reference);
        Self(Source::Bundle {
            clips: key.clips.iter().map(known).collect(),
            reference: reference.map(|clip| clip.system.clone()),
        })
    }

    /// Returns the system that the bundle's clips were compared with, if the names tell.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        match &self.0 {
            Source::Pattern(_) => None,
            Source::Bundle { reference, .. } => reference.as_deref(),
        }
    }

    /// Returns the system and the sentence of a clip, or the reason why there are none.
    pub(crate) fn read(&self, name: &str) -> Result<NamedClip, String> {
        match &self.0 {
            Source::Pattern(regex) => {
                let unmatched = || format!("clip `{name}` does not match the pattern `{regex}`");
                let found = regex.captures(name).ok_or_else(unmatched)?;
                let group = |name: &str| found.name(name).map(|part| part.as_str().trim().to_owned());
                let system = group("system").filter(|system| !system.is_empty()).ok_or_else(unmatched)?;
                let item = group("item");
                if item.as_deref() == Some("") {
                    return Err(unmatched());
                }
                Ok(NamedClip { system, item })
            }
            Source::Bundle { clips, .. } => match clips.get(stem(name)) {
                Some(Known { slot: Slot::Volume, .. }) => {
                    Err(format!("clip `{name}` is that for setting the volume, which nobody rates"))
                }
                Some(Known { kind, .. }) if kind.is_control() => {
                    Err(format!("clip `{name}` is that of a control, which is no rating"))
                }
                Some(Known { slot: Slot::Reference | Slot::X, .. }) => {
                    Err(format!("clip `{name}` is not the rated one of its page"))
                }
                Some(known) => Ok(NamedClip { system: known.system.clone(), item: Some(known.item.clone()) }),
                None => Err(format!("clip `{name}` is not in the bundle")),
            },
        }
    }

    /// Returns `true` if the sentence is part of every name.
    pub(crate) fn has_item(&self) -> bool {
        match &self.0 {
            Source::Pattern(regex) => regex.capture_names().flatten().any(|name| name == "item"),
            Source::Bundle { .. } => true,
        }
    }

    /// Returns what to do about a name that cannot be read.
    pub(crate) fn remedy(&self) -> &'static str {
        match self.0 {
            Source::Pattern(_) => {
                "correct the pattern, so that it matches the names of all clips, or the row"
            }
            Source::Bundle { .. } => "name the key of the bundle whose clips were rated, or remove the row",
        }
    }
}

/// Returns the name of a file without directories, extension and the query of an address.
fn stem(name: &str) -> &str {
    let address = name.split(['?', '#']).next().unwrap_or(name);
    let file = address.rsplit(['/', '\\']).next().unwrap_or(address);
    file.split_once('.').map_or(file, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_system_and_sentence() {
        let names = ClipNames::from_pattern(r"(?P<system>[^_/]+)_(?P<item>[^/.]+)\.wav").expect("a pattern");
        let check = |name: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(system, item)| (system.to_owned(), Some(item.to_owned())));
            let found = names.read(name).ok().map(|clip| (clip.system, clip.item));
            assert_eq!(found, expected, "{name}");
        };
        check("https://e.example/clips/vits_s012.wav", Some(("vits", "s012")));
        check("vits_s012.wav", Some(("vits", "s012")));
        check("vits_s012.flac", None);
        check("vits", None);
        check("", None);
        let folder = ClipNames::from_pattern(r"(?<system>[^/]+)/[^/]*$").expect("a pattern");
        assert!(!folder.has_item() && names.has_item());
        let clip = folder.read("out/vits/0001.wav").expect("it matches");
        assert_eq!(clip, NamedClip { system: "vits".to_owned(), item: None });
    }

    #[test]
    fn faulty_patterns_say_why() {
        let error = |pattern: &str| ClipNames::from_pattern(pattern).expect_err("no pattern").to_string();
        assert!(error("(").contains("unclosed group"), "{}", error("("));
        assert!(error("(?P<item>.*)").contains("no group `system`"), "{}", error("(?P<item>.*)"));
    }

    #[test]
    fn stems_have_no_address() {
        for name in ["a1", "a1.wav", "x/a1.wav", "https://e.example/b/a1.wav?sig=x/y.z#f", "C:\\a1.wav"] {
            assert_eq!(stem(name), "a1", "{name}");
        }
    }
}
