//! The protocol: the question, the sizes and the analysis, declared before the test.

use std::collections::BTreeSet;

use mynah_stats::wilcoxon::ZeroMethod;
use serde::{Deserialize, Serialize};

use crate::design::controls::{Control, ControlCounts, ControlSettings, Controls, Purpose};
use crate::design::session_settings::SessionSettings;
use crate::error::Error;
use crate::paradigms::Paradigm;
use crate::rating::Rating;
use crate::screening_rule::ScreeningRule;

/// The fewest sentences for a claim of human level, whatever the protocol says (section 2 of the `NaturalSpeech` paper).
pub const HUMAN_LEVEL_ITEMS: usize = 50;
/// The fewest ratings per sentence for a claim of human level.
pub const HUMAN_LEVEL_RATINGS: usize = 20;
/// The widest margin, in points, for a claim of human level.
pub const HUMAN_LEVEL_MARGIN: f64 = 0.2;
/// The highest level of the tests for a claim of human level.
pub const HUMAN_LEVEL_ALPHA: f64 = 0.05;

/// Protocol of a listening test: what is asked, of how many raters, and how the answers will be judged.
/// `eval/protocols` has one for each paradigm, complete and commented.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Paradigm of the test.
    pub paradigm: Paradigm,
    /// True if the reference consists of human recordings; only then can a verdict speak of human level.
    pub human_reference: bool,
    /// Question, as the rater reads it.
    pub question: String,
    /// Answers from the lowest to the highest, as the rater reads them: seven for CMOS, five for MOS, DMOS and similarity; for AB
    /// the first clip, no preference, the second clip; for ABX the first clip, the second clip; for MUSHRA five, which name the
    /// fifths of the scale.
    pub labels: Vec<String>,
    /// Text that the rater agrees to before anything is played; an empty line starts a paragraph.
    pub consent: String,
    /// Text before the first question; an empty line starts a paragraph.
    pub instructions: String,
    /// Number of raters.
    pub raters: u32,
    /// Number of raters who judge each item of each system, for AB of each pair of systems; at most `raters`.
    pub ratings_per_item: u32,
    /// Maximum number of items, drawn from those that every system has; all of them by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// Comparisons of the reference with itself per rater; 0 except for CMOS.
    pub null_pairs: u32,
    /// Loudness to which every clip is brought, in LUFS.
    pub loudness_lufs: f64,
    /// True peak that no clip may exceed, in dBTP. Where one would, all clips of the sentence stay quieter, with a note in the
    /// key.
    pub true_peak_dbtp: f64,
    /// Facts about the listeners for the report; the page does not show them.
    #[serde(default, skip_serializing_if = "ListenerFacts::is_empty")]
    pub listeners: ListenerFacts,
    /// Parts of a session around its trials.
    #[serde(default, skip_serializing_if = "SessionSettings::is_empty")]
    pub session: SessionSettings,
    /// Exercises, gold trials and traps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub control: Vec<Control>,
    /// Numbers of gold trials and traps.
    #[serde(default, skip_serializing_if = "ControlSettings::is_empty")]
    pub controls: ControlSettings,
    /// Analysis, declared before the test.
    pub analysis: Analysis,
}

/// Facts about the listeners that reviewers ask for, in the words of a paper. They are part of the design.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerFacts {
    /// Recruitment, such as "Prolific, approval rate at least 95 %".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recruitment: Option<String>,
    /// Languages, such as "native speakers of English".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Devices, such as "own headphones, checked by a screening test".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<String>,
    /// Pay, such as "3 euros for about 15 minutes".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay: Option<String>,
}

impl ListenerFacts {
    /// Returns `true` if nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Returns each fact with its name, in the order of the fields.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("recruitment", self.recruitment.as_deref()),
            ("language", self.language.as_deref()),
            ("devices", self.devices.as_deref()),
            ("pay", self.pay.as_deref()),
        ]
    }
}

impl Protocol {
    /// Returns the standard protocol of a paradigm: the sizes, the questions and the analysis of the `NaturalSpeech` paper.
    ///
    /// It equals the one in `eval/protocols`.
    ///
    /// # Panics
    ///
    /// Never: the protocols are part of the crate, and a test reads all of them.
    #[must_use]
    pub fn standard(paradigm: Paradigm) -> Self {
        Self::from_toml(paradigm.rules().protocol()).expect("the crate's own protocols are valid")
    }

    /// Parses a protocol and validates it.
    ///
    /// # Errors
    ///
    /// [`Error::ProtocolSyntax`] for text that is not TOML of this form; [`Error::Protocol`] for a value that breaks a rule.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let protocol: Self = toml::from_str(text).map_err(|error| Error::ProtocolSyntax(Box::new(error)))?;
        protocol.check()?;
        Ok(protocol)
    }

    /// Validates every value.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], with the first key that breaks its rule.
    pub fn check(&self) -> Result<(), Error> {
        for (key, text) in
            [("question", &self.question), ("consent", &self.consent), ("instructions", &self.instructions)]
        {
            rule(!text.trim().is_empty(), key, text, "a text")?;
        }
        let n_labels = self.paradigm.rules().n_labels();
        rule(self.labels.len() == n_labels, "labels", &self.labels, &format!("a list of {n_labels} texts"))?;
        let distinct: BTreeSet<&str> = self.labels.iter().map(|label| label.trim()).collect();
        let all_different = distinct.len() == n_labels && !distinct.contains("");
        rule(all_different, "labels", &self.labels, "texts that differ, none of them empty")?;
        rule((2..=10_000).contains(&self.raters), "raters", self.raters, "2 to 10,000")?;
        let per_item = format!("1 to `raters`, which is {}", self.raters);
        let possible = (1..=self.raters).contains(&self.ratings_per_item);
        rule(possible, "ratings_per_item", self.ratings_per_item, &per_item)?;
        if let Some(items) = self.items {
            rule(items >= 2, "items", items, "at least 2")?;
        }
        let rules = self.paradigm.rules();
        let no_pairs = format!("0, since {} tests have no null pairs", rules.abbreviation());
        rule(rules.allows_null_pairs() || self.null_pairs == 0, "null_pairs", self.null_pairs, &no_pairs)?;
        let loudness = self.loudness_lufs;
        rule((-60.0..=-5.0).contains(&loudness), "loudness_lufs", loudness, "-60 to -5")?;
        let peak = self.true_peak_dbtp;
        rule((-20.0..=0.0).contains(&peak), "true_peak_dbtp", peak, "-20 to 0")?;

        let keys = ["listeners.recruitment", "listeners.language", "listeners.devices", "listeners.pay"];
        for ((_, fact), key) in self.listeners.named().into_iter().zip(keys) {
            let is_given = fact.is_none_or(|fact| !fact.trim().is_empty());
            rule(is_given, key, fact.unwrap_or_default(), "a text, or no such key")?;
        }
        self.session.check()?;
        self.all_controls().check()?;
        self.analysis.check(self.paradigm)?;
        for screening in &self.analysis.screening {
            let without = format!("without `{0}`, since sessions have no {0}", screening.as_str());
            let without = without.replace("no gold", "no gold trials");
            rule(self.can_screen_by(*screening), "analysis.screening", &self.analysis.screening, &without)?;
        }
        Ok(())
    }

    /// Returns the exercises of every session, in order.
    pub fn practice(&self) -> impl Iterator<Item = &Control> {
        self.all_controls().with(Purpose::Practice)
    }

    /// Returns the number of gold trials in a session.
    #[must_use]
    pub fn gold_per_session(&self) -> usize {
        self.all_controls().per_session(Purpose::Gold)
    }

    /// Returns the number of traps in a session.
    #[must_use]
    pub fn traps_per_session(&self) -> usize {
        self.all_controls().per_session(Purpose::Trap)
    }

    /// Counts the answers of each rater to traps and gold trials, in the order of the raters' names; raters without any are
    /// left out.
    #[must_use]
    pub fn control_counts<'r>(&self, ratings: impl IntoIterator<Item = &'r Rating>) -> Vec<ControlCounts> {
        self.all_controls().counts(ratings)
    }

    /// Returns all controls with their numbers.
    pub(crate) fn all_controls(&self) -> Controls<'_> {
        Controls { paradigm: self.paradigm, list: &self.control, settings: self.controls }
    }

    /// Returns `true` unless a rule looks at controls that sessions do not have.
    pub(crate) fn can_screen_by(&self, rule: ScreeningRule) -> bool {
        match rule {
            ScreeningRule::Traps => self.traps_per_session() > 0,
            ScreeningRule::Gold => self.gold_per_session() > 0,
            _ => !rule.is_on_controls(),
        }
    }
}

/// Analysis, declared with the design. For AB it consists of `alpha` and `screening`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Declared", into = "Declared")]
pub struct Analysis {
    /// Equivalence margin: the largest difference that counts as none, in points of the scale; for ABX the share of right answers
    /// above or below one half. Human level requires at most 0.2. Absent for AB, where the field is 0.
    pub margin: f64,
    /// Two-sided level of the tests. Human level requires at most 0.05.
    pub alpha: f64,
    /// Treatment of zeros in the Wilcoxon test; absent for AB.
    pub zeros: ZeroMethod,
    /// Items that a human-level verdict requires, and never fewer than the paper's 50; absent for AB.
    pub minimum_items: u32,
    /// Ratings of each item that a human-level verdict requires, and never fewer than the paper's 20; absent for AB.
    pub minimum_ratings_per_item: u32,
    /// Rules that exclude ratings (`docs/verdict.md`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub screening: Vec<ScreeningRule>,
}

impl Analysis {
    /// Validates every value.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], with the first key that breaks its rule.
    pub fn check(&self, paradigm: Paradigm) -> Result<(), Error> {
        let (lowest, highest) = paradigm.scale();
        let rules = paradigm.rules();
        // Shares of right answers lie at most one half from guessing.
        let width = f64::from(highest - lowest) * if rules.tells_apart() { 0.5 } else { 1.0 };
        let margin = self.margin;
        if rules.compares_all_pairs() {
            let absent = format!("absent, since {} tests show no equality", rules.abbreviation());
            rule(!self.shows_equality(), "analysis.margin", margin, &absent)?;
        } else {
            let what = if rules.tells_apart() {
                "the distance of all right from guessing"
            } else {
                "the width of the scale"
            };
            let margin_rule = format!("more than 0 and at most {width}, {what}");
            rule(margin > 0.0 && margin <= width, "analysis.margin", margin, &margin_rule)?;
            rule(self.minimum_items >= 2, "analysis.minimum_items", self.minimum_items, "at least 2")?;
            let minimum = self.minimum_ratings_per_item;
            rule(minimum >= 1, "analysis.minimum_ratings_per_item", minimum, "at least 1")?;
        }
        let alpha = self.alpha;
        rule(alpha > 0.0 && alpha < 0.5, "analysis.alpha", alpha, "more than 0 and less than 0.5")?;
        let distinct: BTreeSet<ScreeningRule> = self.screening.iter().copied().collect();
        let once = distinct.len() == self.screening.len();
        rule(once, "analysis.screening", &self.screening, "a list without a rule that occurs twice")?;
        for unfit in distinct.iter().filter(|rule| !rules.screening_rules().contains(rule)) {
            let without =
                format!("without `{}`, which {} tests do not have", unfit.as_str(), rules.abbreviation());
            rule(false, "analysis.screening", &self.screening, &without)?;
        }
        Ok(())
    }

    /// Returns `false` for the analysis of votes, which has no margin and asks for no sizes.
    fn shows_equality(&self) -> bool {
        self.margin != 0.0 || self.minimum_items > 0 || self.minimum_ratings_per_item > 0
    }
}

impl Default for Analysis {
    /// Returns the analysis of the standard protocols: margin 0.2, alpha 0.05, Pratt's zeros, 50 items by 20 raters, no
    /// screening.
    fn default() -> Self {
        Self {
            margin: 0.2,
            alpha: 0.05,
            zeros: ZeroMethod::Pratt,
            minimum_items: 50,
            minimum_ratings_per_item: 20,
            screening: Vec::new(),
        }
    }
}

/// An analysis in a file: votes lack the keys on equality, all other tests have all of them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
    alpha: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zeros: Option<ZeroMethod>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum_items: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum_ratings_per_item: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    screening: Vec<ScreeningRule>,
}

impl From<Analysis> for Declared {
    fn from(analysis: Analysis) -> Self {
        let shows_equality = analysis.shows_equality();
        let Analysis { margin, alpha, zeros, minimum_items, minimum_ratings_per_item, screening } = analysis;
        Self {
            margin: shows_equality.then_some(margin),
            alpha,
            zeros: shows_equality.then_some(zeros),
            minimum_items: shows_equality.then_some(minimum_items),
            minimum_ratings_per_item: shows_equality.then_some(minimum_ratings_per_item),
            screening,
        }
    }
}

impl TryFrom<Declared> for Analysis {
    type Error = String;

    fn try_from(declared: Declared) -> Result<Self, String> {
        let Declared { margin, alpha, zeros, minimum_items, minimum_ratings_per_item, screening } = declared;
        let given = [
            ("margin", margin.is_some()),
            ("zeros", zeros.is_some()),
            ("minimum_items", minimum_items.is_some()),
            ("minimum_ratings_per_item", minimum_ratings_per_item.is_some()),
        ];
        let missing = given.iter().find(|(_, is_given)| !is_given);
        if let Some((key, _)) = missing.filter(|_| given.iter().any(|(_, is_given)| *is_given)) {
            return Err(format!("missing field `{key}`"));
        }
        Ok(Self {
            margin: margin.unwrap_or_default(),
            alpha,
            zeros: zeros.unwrap_or_default(),
            minimum_items: minimum_items.unwrap_or_default(),
            minimum_ratings_per_item: minimum_ratings_per_item.unwrap_or_default(),
            screening,
        })
    }
}

/// Returns the error of a key whose value breaks a rule.
pub(crate) fn rule(
    holds: bool,
    key: &'static str,
    value: impl std::fmt::Debug,
    rule: &str,
) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::Protocol { key, value: format!("{value:?}"), rule: rule.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_protocols_are_valid_and_declare_the_default_analysis() {
        for paradigm in Paradigm::ALL {
            let protocol = Protocol::standard(paradigm);
            assert_eq!(protocol.paradigm, paradigm);
            assert_eq!(protocol.check().map_err(|error| error.to_string()), Ok(()));
            let usual = Analysis {
                margin: paradigm.rules().margin(),
                // A test of the planned size is large enough.
                minimum_items: protocol.items.expect("a number of items"),
                minimum_ratings_per_item: protocol.ratings_per_item,
                ..Analysis::default()
            };
            let expected = if paradigm.rules().compares_all_pairs() {
                Analysis { margin: 0.0, minimum_items: 0, minimum_ratings_per_item: 0, ..usual }
            } else if paradigm.rules().tells_apart() {
                Analysis { margin: 0.1, ..usual }
            } else {
                usual
            };
            assert_eq!(protocol.analysis, expected);
        }
    }
}
