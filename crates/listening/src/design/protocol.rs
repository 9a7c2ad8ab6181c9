//! What is asked, of how many, and by which rule the answers are judged: declared before the test.

use std::collections::BTreeSet;

use mynah_stats::wilcoxon::ZeroMethod;
use serde::{Deserialize, Serialize};

use crate::analysis::screening::ScreeningRule;
use crate::error::Error;
use crate::rating::Paradigm;

/// Human level asks for at least so many sentences, whatever a protocol says (section 2 of the `NaturalSpeech` paper).
pub const HUMAN_LEVEL_ITEMS: usize = 50;
/// And for so many ratings of each of them.
pub const HUMAN_LEVEL_RATINGS: usize = 20;
/// And for a margin of at most so many points.
pub const HUMAN_LEVEL_MARGIN: f64 = 0.2;
/// And for tests at this level at most.
pub const HUMAN_LEVEL_ALPHA: f64 = 0.05;

/// A listening-test protocol; a TOML file under `eval/protocols` or the user's own.
///
/// Every key must be there but `items` and `analysis.screening`; unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// What is asked.
    pub paradigm: Paradigm,
    /// Whether the reference is human recordings; only then can a verdict speak of human level.
    pub human_reference: bool,
    /// The question, as the rater reads it.
    pub question: String,
    /// The answers from the lowest to the highest, as the rater reads them: seven for CMOS, five for MOS.
    pub labels: Vec<String>,
    /// What the rater agrees to before anything is played.
    pub consent: String,
    /// What the rater reads before the first question.
    pub instructions: String,
    /// How many raters take part.
    pub raters: u32,
    /// How many raters judge each item of each system; at most `raters`.
    pub ratings_per_item: u32,
    /// At most so many items, drawn from those that every system has; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// How many comparisons of the reference with itself each rater gets (CMOS only).
    pub null_pairs: u32,
    /// The loudness to which every clip is brought, in LUFS.
    pub loudness_lufs: f64,
    /// The true peak that no clip may exceed, in dBTP: a sentence that would is left quieter, with a note in the key.
    pub true_peak_dbtp: f64,
    /// How the answers will be judged.
    pub analysis: Analysis,
}

impl Protocol {
    /// Reads a protocol and checks it.
    ///
    /// # Errors
    ///
    /// [`Error::ProtocolSyntax`] for what is not TOML of this form; [`Error::Protocol`] for a value that breaks a rule.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let protocol: Self = toml::from_str(text).map_err(|error| Error::ProtocolSyntax(Box::new(error)))?;
        protocol.check()?;
        Ok(protocol)
    }

    /// Checks every value against its rule.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], which names the first key that breaks its rule.
    pub fn check(&self) -> Result<(), Error> {
        for (key, text) in
            [("question", &self.question), ("consent", &self.consent), ("instructions", &self.instructions)]
        {
            rule(!text.trim().is_empty(), key, text, "a text")?;
        }
        let n_labels = self.paradigm.labels();
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
        let no_pairs = self.paradigm == Paradigm::Cmos || self.null_pairs == 0;
        rule(no_pairs, "null_pairs", self.null_pairs, "0, since a MOS test has no pairs")?;
        let loudness = self.loudness_lufs;
        rule((-60.0..=-5.0).contains(&loudness), "loudness_lufs", loudness, "-60 to -5")?;
        let peak = self.true_peak_dbtp;
        rule((-20.0..=0.0).contains(&peak), "true_peak_dbtp", peak, "-20 to 0")?;

        self.analysis.check(self.paradigm)
    }
}

/// The analysis, declared with the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// The equivalence margin in points of the scale.
    pub margin: f64,
    /// The two-sided level of the tests, such as 0.05.
    pub alpha: f64,
    /// What the Wilcoxon test does with zeros.
    pub zeros: ZeroMethod,
    /// A human-level verdict asks for at least so many items, and never for fewer than the 50 of the paper.
    pub minimum_items: u32,
    /// And for at least so many judges of each item, and never for fewer than the 20 of the paper.
    pub minimum_ratings_per_item: u32,
    /// The rules by which ratings are left out; none when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub screening: Vec<ScreeningRule>,
}

impl Analysis {
    /// Checks every value against its rule.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], which names the first key that breaks its rule.
    pub fn check(&self, paradigm: Paradigm) -> Result<(), Error> {
        let (lowest, highest) = paradigm.scale();
        let width = f64::from(highest - lowest);
        let margin = self.margin;
        let margin_rule = format!("more than 0 and at most {width}, the width of the scale");
        rule(margin > 0.0 && margin <= width, "analysis.margin", margin, &margin_rule)?;
        let alpha = self.alpha;
        rule(alpha > 0.0 && alpha < 0.5, "analysis.alpha", alpha, "more than 0 and less than 0.5")?;
        rule(self.minimum_items >= 2, "analysis.minimum_items", self.minimum_items, "at least 2")?;
        let minimum = self.minimum_ratings_per_item;
        rule(minimum >= 1, "analysis.minimum_ratings_per_item", minimum, "at least 1")?;
        let distinct: BTreeSet<ScreeningRule> = self.screening.iter().copied().collect();
        let once = distinct.len() == self.screening.len();
        rule(once, "analysis.screening", &self.screening, "a list in which no rule stands twice")?;
        let fitting = ScreeningRule::of(paradigm);
        let pairs = distinct.iter().all(|rule| fitting.contains(rule));
        rule(pairs, "analysis.screening", &self.screening, "without `null-pairs`: a MOS test has none")
    }
}

impl Default for Analysis {
    /// That of the protocols that come with Mynah: margin 0.2, alpha 0.05, Pratt's zeros, 50 items by 20 judges, no
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

fn rule(holds: bool, key: &'static str, value: impl std::fmt::Debug, rule: &str) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::Protocol { key, value: format!("{value:?}"), rule: rule.to_owned() })
    }
}
