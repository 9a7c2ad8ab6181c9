//! The questions that a listening test asks its paradigm.

use std::fmt::Debug;

use mynah_stats::power::Components;

use super::clip_order::ClipOrder;
use super::template::{ONE_CHOICE, Template};
use crate::design::controls::Purpose;
use crate::screening_rule::ScreeningRule;
use crate::system::Role;
use crate::trial::{First, Slot};

/// The value that a system's scores are compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contrast {
    /// A number: 0 where the scores are differences already.
    Number(f64),
    /// The scores of the reference.
    Reference,
    /// Nothing, with the reason.
    Nothing(&'static str),
}

/// A rank test of the difference between a system and the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankTest {
    /// The Wilcoxon signed-rank test of differences against 0.
    SignedRank,
    /// The Wilcoxon rank-sum (Mann-Whitney) test of two samples.
    RankSum,
}

impl RankTest {
    /// Returns the name used in sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedRank => "signed-rank test",
            Self::RankSum => "rank-sum test",
        }
    }
}

/// The form that the rule of the `NaturalSpeech` paper takes, besides the sizes of the test and a rank test that must not be
/// significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaperCriterion {
    /// Requires a mean close to 0 as well. The paper gives no number for it: here, within the margin.
    pub needs_mean_near_zero: bool,
    /// A sentence on the authority of the rule in this paradigm.
    pub remark: Option<&'static str>,
}

/// Words for the comparison of a system with the reference, each followed by the name of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparatives {
    /// For higher scores.
    pub better: &'static str,
    /// For lower scores.
    pub worse: &'static str,
    /// For scores that are equal within a margin.
    pub equivalent: &'static str,
    /// For scores that would be equal.
    pub as_good: &'static str,
}

/// The usual truth behind the ratings of a paradigm, for plans and rehearsals before there are any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typical {
    /// The standard deviations of scores.
    pub components: Components,
    /// The difference of an anchor from the reference: one that a test must not miss.
    pub anchor_difference: f64,
    /// The mean score of the reference, where it has scores.
    pub level: f64,
}

impl Default for Typical {
    /// Returns the usual truth of five and seven points.
    fn default() -> Self {
        Self { components: Components::default(), anchor_difference: -1.0, level: 4.5 }
    }
}

/// A paradigm: its design, page, answer, analysis, rehearsal and words.
///
/// Methods return plain data, and the crate's generic code acts on it: which clips a page plays, how a click becomes a
/// score, what a system's scores are compared with. So a paradigm knows no plan, no rating and no verdict, and nothing but
/// [`Paradigm::rules`](super::Paradigm::rules) knows which paradigms there are.
///
/// The defaults are those of clips with scores of their own, the reference among them, with whose scores the others are compared.
pub trait ParadigmRules: Debug + Sync {
    /// Returns the name used in files and on command lines.
    fn name(&self) -> &'static str;

    /// Returns the abbreviation used in sentences, such as "CMOS".
    fn abbreviation(&self) -> &'static str;

    // The design.

    /// Returns the lowest and the highest point of the scale.
    fn scale(&self) -> (i32, i32);

    /// Returns the number of texts that the page shows for the scale: one for each point, unless a paradigm says otherwise.
    #[must_use]
    fn n_labels(&self) -> usize {
        let (lowest, highest) = self.scale();
        (highest - lowest + 1) as usize
    }

    /// Returns the TOML text of the standard protocol.
    fn protocol(&self) -> &'static str;

    /// Returns the clips that a trial plays, and their order.
    fn clip_order(&self) -> ClipOrder;

    /// Returns `true` if systems of this role receive scores of their own.
    #[must_use]
    fn is_judged(&self, _: Role) -> bool {
        true
    }

    /// Returns `true` if a test requires a reference.
    fn requires_reference(&self) -> bool;

    /// Returns `true` if trials compare every two systems, the reference among them, and answers are votes for one of the
    /// two, which are judged as preferences.
    #[must_use]
    fn compares_all_pairs(&self) -> bool {
        false
    }

    /// Returns `true` if answers are right or wrong, and tell whether listeners can tell a system from the reference, but not
    /// which is better.
    #[must_use]
    fn tells_apart(&self) -> bool {
        false
    }

    /// Returns `true` if one page plays the reference and all judged systems of a sentence, each with an answer of its own:
    /// the trials of a sentence then follow each other.
    #[must_use]
    fn rates_side_by_side(&self) -> bool {
        false
    }

    /// Returns `true` if the reference can be compared with itself.
    #[must_use]
    fn allows_null_pairs(&self) -> bool {
        false
    }

    /// Returns `true` if a protocol may have controls with a purpose.
    #[must_use]
    fn allows_controls(&self, _: Purpose) -> bool {
        true
    }

    /// Returns the screening rules that apply, in the order in which they are applied.
    #[must_use]
    fn screening_rules(&self) -> &'static [ScreeningRule] {
        &[
            ScreeningRule::Traps,
            ScreeningRule::Gold,
            ScreeningRule::Unplayed,
            ScreeningRule::Unheard,
            ScreeningRule::SameAnswer,
            ScreeningRule::Anchor,
        ]
    }

    /// Returns `true` if a trial plays a second clip next to the system: the reference or, where every two systems are
    /// compared, the other one.
    #[must_use]
    fn plays_reference(&self) -> bool {
        self.clip_order().clips().contains(&Slot::Reference)
    }

    /// Returns `true` if the plan chooses which of the clips of a trial is heard first.
    #[must_use]
    fn has_order(&self) -> bool {
        self.clip_order().is_planned()
    }

    /// Returns `true` if scores say how one clip of a trial differs from the other, so that their sign depends on the order.
    #[must_use]
    fn is_signed(&self) -> bool {
        self.has_order() && !self.tells_apart()
    }

    // The page.

    /// Returns the parts of the page that raters see.
    #[must_use]
    fn page(&self) -> Template {
        ONE_CHOICE
    }

    // The answer and the rating.

    /// Returns the score of a clicked answer, given the clip heard first and that of which X was a copy.
    ///
    /// Unless a paradigm says otherwise, raters of a pair judge the second clip against the first.
    #[must_use]
    fn score(&self, clicked: f64, first: Option<First>, _: Option<Slot>) -> f64 {
        // Adding 0.0 turns -0.0 into 0.0.
        clicked * first.map_or(1.0, First::sign) + 0.0
    }

    /// Returns the answer that has a given score: the inverse of [`score`](Self::score).
    #[must_use]
    fn clicked(&self, score: f64, first: Option<First>, _: Option<Slot>) -> f64 {
        score * first.map_or(1.0, First::sign) + 0.0
    }

    /// Returns the answer that reports no difference, which is legitimate to give every time.
    #[must_use]
    fn neutral_answer(&self) -> Option<f64> {
        None
    }

    // The analysis.

    /// Returns the usual equivalence margin, in points of the scale.
    #[must_use]
    fn margin(&self) -> f64 {
        0.2
    }

    /// Returns the value that the scores of a system are compared with.
    #[must_use]
    fn contrast(&self, role: Role, has_reference: bool) -> Contrast {
        match (role, has_reference) {
            (Role::Reference, _) => Contrast::Nothing("this is the reference"),
            (_, true) => Contrast::Reference,
            (_, false) => Contrast::Nothing("there is no reference"),
        }
    }

    /// Returns the rank test that is reported beside the analysis.
    #[must_use]
    fn rank_test(&self) -> RankTest {
        RankTest::RankSum
    }

    /// Returns the form that the paper's rule takes; `None` if the rule is not about tests of this paradigm.
    #[must_use]
    fn paper_criterion(&self) -> Option<PaperCriterion> {
        None
    }

    /// Returns `true` if a test of this paradigm can show human level.
    #[must_use]
    fn can_show_human_level(&self) -> bool {
        false
    }

    /// Returns a note that belongs next to all results.
    #[must_use]
    fn caveat(&self) -> Option<&'static str> {
        None
    }

    // The rehearsal.

    /// Returns the true mean of a system equal to the reference, whose own mean in a rating of single clips is given.
    #[must_use]
    fn level(&self, reference_mean: f64) -> f64 {
        reference_mean
    }

    /// Returns the usual truth.
    #[must_use]
    fn typical(&self) -> Typical {
        Typical::default()
    }

    // The words.

    /// Returns words for the comparison of a system with the reference.
    #[must_use]
    fn comparatives(&self) -> Comparatives {
        Comparatives {
            better: "better than",
            worse: "worse than",
            equivalent: "equivalent to",
            as_good: "as good as",
        }
    }

    /// Returns a noun for what differences are taken from.
    #[must_use]
    fn baseline(&self) -> &'static str {
        "the reference"
    }

    /// Returns a phrase for help texts.
    fn summary(&self) -> &'static str;

    /// Returns a sentence that tells the reader of a report about the task of the listeners.
    fn task(&self, reference: Option<&str>) -> String;

    /// Returns a phrase for the methods section of a paper: what the listeners did, in the past tense.
    fn method(&self) -> &'static str;

    /// Returns a sentence on the order of trials and clips.
    fn order(&self) -> &'static str;

    /// Returns the title of a figure of the mean score of each system.
    fn mean_title(&self) -> &'static str;

    /// Returns the label of an axis of scores.
    fn score_label(&self) -> &'static str;

    /// Returns the label of an axis of differences from the reference.
    fn difference_label(&self) -> &'static str;

    /// Returns the label of an axis of mean differences of single sentences from the reference.
    fn item_difference_label(&self) -> &'static str;

    /// Returns a sentence that helps to read the agreement of raters.
    #[must_use]
    fn agreement_remark(&self) -> Option<&'static str> {
        None
    }
}
