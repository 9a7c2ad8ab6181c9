//! Checks of votes before they are judged.

use std::collections::{BTreeMap, BTreeSet};

use mynah_stats::preference::Preference;

use super::{PreferenceStudy, Vote};
use crate::analysis::blanks::Blanks;
use crate::error::Error;

/// Removes blanks around names, and reports how many had any.
pub(super) fn trimmed(votes: &[Vote]) -> (Vec<Vote>, Option<String>) {
    let mut all = votes.to_vec();
    let mut blanks = Blanks::of(["raters", "sentences", "systems"]);
    for vote in &mut all {
        for (name, place) in
            [(&mut vote.rater, 0), (&mut vote.item, 1), (&mut vote.first, 2), (&mut vote.second, 2)]
        {
            blanks.remove(name, place);
        }
    }
    (all, blanks.note())
}

/// Validates the votes, whose names have no blanks around them.
pub(super) fn check(study: &PreferenceStudy, votes: &[Vote]) -> Result<(), Error> {
    let refuse = |what: String, remedy: Option<&'static str>| Err(Error::Found { what, remedy });
    if !(study.alpha > 0.0 && study.alpha < 0.5) {
        return Err(Error::Protocol {
            key: "analysis.alpha",
            value: study.alpha.to_string(),
            rule: "more than 0 and less than 0.5".to_owned(),
        });
    }
    if votes.is_empty() {
        return refuse("there are no votes".to_owned(), None);
    }
    let mut first_row: BTreeMap<[&str; 4], &Vote> = BTreeMap::new();
    for vote in votes {
        let fault = |what: String, remedy: &'static str| {
            let (file, row) = (vote.source_file.clone(), vote.source_row);
            Err(Error::Rating { file, row, what, remedy: Some(remedy) })
        };
        for (name, value) in [
            ("rater", &vote.rater),
            ("item", &vote.item),
            ("first system", &vote.first),
            ("second system", &vote.second),
        ] {
            if value.is_empty() {
                return fault(format!("it has no {name}"), "complete the row, or remove it");
            }
        }
        if vote.first == vote.second {
            return fault(
                format!("`{}` was compared with itself", vote.first),
                "remove rows of a system against itself: they say nothing about a preference between systems",
            );
        }
        let subject = [&vote.rater, &vote.item, &vote.first, &vote.second].map(String::as_str);
        if let Some(earlier) = first_row.insert(subject, vote).filter(|_| !study.repeats) {
            return fault(
                format!(
                    "rater `{}` judged item `{}` of `{}` before `{}` already in row {}",
                    vote.rater, vote.item, vote.first, vote.second, earlier.source_row
                ),
                "remove one of them, or say that judgments may be repeated",
            );
        }
    }
    let systems: BTreeSet<&str> =
        votes.iter().flat_map(|vote| [vote.first.as_str(), vote.second.as_str()]).collect();
    if let Some(reference) = study.reference.as_ref().filter(|name| !systems.contains(name.as_str())) {
        let listed: Vec<String> = systems.iter().map(|system| format!("`{system}`")).collect();
        return refuse(
            format!("nobody judged the reference `{reference}`; judged were {}", listed.join(", ")),
            Some("name one of these as the reference, or none"),
        );
    }
    Ok(())
}

/// Counts of votes on a pair, from the side of one of its systems.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) preferred: usize,
    pub(super) tied: usize,
    pub(super) not_preferred: usize,
}

impl Tally {
    /// Counts the votes of a system, against one other or all.
    pub(super) fn of(votes: &[Vote], system: &str, other: Option<&str>) -> Self {
        let mut tally = Self::default();
        for vote in votes {
            let is_first = vote.first == system;
            let against = if is_first { &vote.second } else { &vote.first };
            if (!is_first && vote.second != system) || other.is_some_and(|other| against != other) {
                continue;
            }
            match vote.choice {
                Preference::Tie => tally.tied += 1,
                Preference::First if is_first => tally.preferred += 1,
                Preference::Second if !is_first => tally.preferred += 1,
                Preference::First | Preference::Second => tally.not_preferred += 1,
            }
        }
        tally
    }

    /// Returns the number of votes.
    pub(super) fn total(self) -> usize {
        self.preferred + self.tied + self.not_preferred
    }
}
