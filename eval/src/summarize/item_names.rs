//! Names of sentences in the tables of other tools.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use mynah_listening::FoundRating;

/// The part of an item's name that names the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ItemNames {
    /// All of it
    Sentence,
    /// The file name without directories and extension: `out/vits/0001.wav` is sentence 0001
    FileStem,
    /// All of it except the name of the system: `vits_0001.wav` of system vits is sentence 0001.wav
    WithoutSystem,
}

impl ItemNames {
    /// Returns the name of the sentence of an item.
    pub(crate) fn sentence(self, item: &str, system: &str) -> String {
        match self {
            Self::Sentence => item.to_owned(),
            Self::FileStem => {
                let file = item.rsplit(['/', '\\']).next().unwrap_or(item);
                file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
            }
            Self::WithoutSystem => without(item, system),
        }
    }

    /// Returns the name used on the command line.
    fn as_str(self) -> &'static str {
        match self {
            Self::Sentence => "sentence",
            Self::FileStem => "file-stem",
            Self::WithoutSystem => "without-system",
        }
    }
}

/// Removes the first occurrence of a system's name that is a word of its own, with the punctuation next to it.
fn without(item: &str, system: &str) -> String {
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let found = item.match_indices(system).find(|(start, _)| {
        let (before, after) = (&item[..*start], &item[start + system.len()..]);
        !is_word(before.chars().next_back()) && !is_word(after.chars().next())
    });
    let Some((start, _)) = found.filter(|_| !system.is_empty()) else { return item.to_owned() };
    let (before, after) = (&item[..start], &item[start + system.len()..]);
    // Only one of the two marks around the name is left: `a_vits_1` is `a_1`.
    let after = if before.is_empty() || after.is_empty() {
        after.trim_start_matches(|character: char| !character.is_alphanumeric())
    } else {
        let mut rest = after.chars();
        rest.next();
        rest.as_str()
    };
    let before = if after.is_empty() {
        before.trim_end_matches(|character: char| !character.is_alphanumeric())
    } else {
        before
    };
    format!("{before}{after}")
}

/// Returns a warning if no sentence is common to several systems, with a reading of the names that pairs them.
///
/// `unjudged` is the reference of a comparison, which has no scores of its own.
pub(crate) fn warning(ratings: &[FoundRating], names: ItemNames, unjudged: Option<&str>) -> Option<String> {
    let ratings: Vec<&FoundRating> =
        ratings.iter().filter(|rating| unjudged != Some(rating.system.trim())).collect();
    if n_systems(&ratings) < 2 || n_pairable(&ratings, names) > 0 {
        return None;
    }
    let better = [ItemNames::FileStem, ItemNames::WithoutSystem]
        .map(|names| (n_pairable(&ratings, names), names))
        .into_iter()
        .max_by_key(|(n, names)| (*n, *names == ItemNames::FileStem))
        .filter(|(n, _)| *n > 0);
    let remedy = match better {
        Some((n, names)) => {
            format!("--item-is {} would pair {n} sentences", names.as_str())
        }
        None => "if they speak the same sentences, map a column to item that names them alike".to_owned(),
    };
    Some(format!("warning: the systems have no sentence in common, so nothing is paired; {remedy}"))
}

fn n_systems(ratings: &[&FoundRating]) -> usize {
    ratings.iter().map(|rating| rating.system.trim()).collect::<BTreeSet<_>>().len()
}

/// Counts the sentences judged for more than one system.
fn n_pairable(ratings: &[&FoundRating], names: ItemNames) -> usize {
    let mut systems: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for rating in ratings {
        let (item, system) = (rating.item.trim(), rating.system.trim());
        systems.entry(names.sentence(item, system)).or_default().insert(system);
    }
    systems.values().filter(|systems| systems.len() > 1).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_named_alike_for_all_systems() {
        let check = |names: ItemNames, item: &str, system: &str, expected: &str| {
            assert_eq!(names.sentence(item, system), expected, "{item}");
        };
        check(ItemNames::Sentence, "a/b.wav", "a", "a/b.wav");
        check(ItemNames::FileStem, "https://x.org/vits/LJ001-0001.wav", "vits", "LJ001-0001");
        check(ItemNames::FileStem, "C:\\vits\\0001.v2.wav", "vits", "0001.v2");
        check(ItemNames::FileStem, "0001", "vits", "0001");
        check(ItemNames::WithoutSystem, "vits_0001.wav", "vits", "0001.wav");
        check(ItemNames::WithoutSystem, "0001_vits", "vits", "0001");
        check(ItemNames::WithoutSystem, "c1_vits_f2.wav", "vits", "c1_f2.wav");
        check(ItemNames::WithoutSystem, "out/vits/0001.wav", "vits", "out/0001.wav");
        check(ItemNames::WithoutSystem, "vits2_0001.wav", "vits", "vits2_0001.wav");
        check(ItemNames::WithoutSystem, "0001", "", "0001");
    }
}
