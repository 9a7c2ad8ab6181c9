//! Preference tests: votes for one of two clips, planned or from any tool.

mod check;
mod judge;
mod planned;
mod words;

use mynah_stats::Interval;
use mynah_stats::preference::Preference;
use serde::{Deserialize, Serialize};

use crate::analysis::screening::Exclusion;
use crate::analysis::verdict::{Conclusion, Defined};
use crate::design::controls::ControlCounts;
use crate::design::protocol::Protocol;
use crate::rating::Origin;

pub use judge::judge_preferences;
pub(crate) use planned::judge_planned;
pub use planned::judge_votes;

/// A judgment of a pair of clips.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// The rater.
    pub rater: String,
    /// The sentence.
    pub item: String,
    /// The system heard first.
    pub first: String,
    /// The system heard second.
    pub second: String,
    /// The clip that was preferred, if either was.
    pub choice: Preference,
    /// Human or simulated.
    pub origin: Origin,
    /// The file that it came from.
    pub source_file: String,
    /// Its row in that file, from 1.
    pub source_row: u64,
}

/// The facts needed to judge a preference test without a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PreferenceStudy {
    /// A name for the report.
    pub name: String,
    /// The system that the words compare the others with, if any.
    pub reference: Option<String>,
    /// The probability that any preference found between any two systems is wrong.
    pub alpha: f64,
    /// Allows a rater to judge a pair of a sentence more than once in the same order; otherwise that is an error.
    pub repeats: bool,
}

/// The outcome of a preference test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferenceVerdict {
    /// The name of the study.
    pub study: String,
    /// The hash of the plan; `None` without one, when nothing is known to have been declared before the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<String>,
    /// The protocol, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// The answers of each rater to gold trials and traps, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<ControlCounts>,
    /// The votes excluded by the rules that the protocol declares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Exclusion>,
    /// The origin of the votes: simulated as soon as one of them is.
    pub origin: Origin,
    /// The system that the words compare the others with.
    pub reference: Option<String>,
    /// The probability that any preference found between any two systems is wrong.
    pub alpha: f64,
    /// The number of votes, without those excluded.
    pub n_votes: usize,
    /// The number of votes for the clip heard first.
    pub n_first: usize,
    /// The number of votes for the clip heard second.
    pub n_second: usize,
    /// The number of votes for neither.
    pub n_tied: usize,
    /// The number of raters.
    pub n_raters: usize,
    /// The number of sentences.
    pub n_items: usize,
    /// The number of raters who would weigh as much if all had judged equally often.
    pub effective_raters: f64,
    /// The number of sentences that would weigh as much if all had been judged equally often.
    pub effective_items: f64,
    /// The log odds gained by being heard first, with an interval of coverage 1 - alpha.
    pub order_effect: Defined<Interval>,
    /// The p-value of "no order effect".
    pub order_p_value: Defined<f64>,
    /// The logarithm of the tendency to ties: at 0, two equal systems tie in a third of their comparisons.
    pub tie_tendency: Defined<f64>,
    /// The systems, the strongest first.
    pub systems: Vec<PreferenceSystem>,
    /// Every two systems, in the order of `systems`.
    pub pairs: Vec<PreferencePair>,
    /// The number of votes for the system of the row over that of the column, in the order of `systems`.
    pub wins: Vec<Vec<usize>>,
    /// The finding on all systems in a sentence or two.
    pub words: String,
    /// Sentences that belong next to the results.
    pub notes: Vec<String>,
}

/// A system of a preference test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferenceSystem {
    /// The system.
    pub system: String,
    /// The number of votes on its pairs.
    pub n_votes: usize,
    /// The number of votes for it.
    pub n_preferred: usize,
    /// The number of votes for neither.
    pub n_tied: usize,
    /// The strength, in log odds relative to the mean of all systems.
    pub strength: Defined<f64>,
    /// One more than the number of systems that were found better.
    pub best_rank: usize,
    /// The number of systems less those that were found worse.
    pub worst_rank: usize,
    /// `Better`, `Worse` or `Inconclusive` against the reference; `None` for the reference, and without one.
    pub conclusion: Option<Conclusion>,
    /// The finding against the reference in a sentence or two; without a reference, the votes.
    pub words: String,
}

/// Two systems of a preference test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferencePair {
    /// The stronger system.
    pub system: String,
    /// The other system, whose strength is subtracted.
    pub minus: String,
    /// The number of votes on the two.
    pub n_votes: usize,
    /// The number of votes for `system`.
    pub n_preferred: usize,
    /// The number of votes for neither.
    pub n_tied: usize,
    /// The number of votes for `minus`.
    pub n_not_preferred: usize,
    /// The number of raters who judged the two.
    pub n_raters: usize,
    /// The number of sentences on which the two were judged.
    pub n_items: usize,
    /// `true` if every vote on the two was for the same one, and the difference has no bound.
    pub unanimous: bool,
    /// The difference in strength, in log odds; all intervals of the test together contain the truth with probability
    /// 1 - alpha.
    pub difference: Defined<Interval>,
    /// The probability that `system` is preferred by those who prefer either, without the effect of the order: the
    /// logistic function of `difference`.
    pub share: Defined<Interval>,
    /// The share of votes for `system` that the model expects, ties apart, to compare with the counts.
    pub expected: Defined<f64>,
    /// The standard error of the difference, from leaving out raters and sentences.
    pub standard_error: Defined<f64>,
    /// The degrees of freedom of the standard error.
    pub degrees_of_freedom: Defined<f64>,
    /// The number of raters who would weigh as much on the difference if all weighed the same.
    pub effective_raters: Defined<f64>,
    /// The number of sentences, likewise.
    pub effective_items: Defined<f64>,
    /// The p-value of "neither is preferred", corrected for all pairs.
    pub adjusted_p_value: Defined<f64>,
    /// The system found to be preferred, if either was.
    pub preferred: Option<String>,
}

impl PreferenceVerdict {
    /// Returns the pair of two systems, in either order.
    #[must_use]
    pub fn pair(&self, one: &str, other: &str) -> Option<&PreferencePair> {
        self.pairs.iter().find(|pair| {
            (pair.system == one && pair.minus == other) || (pair.system == other && pair.minus == one)
        })
    }
}

impl PreferencePair {
    /// Returns the same pair with the given system first.
    #[must_use]
    pub fn seen_from(&self, system: &str) -> Self {
        if self.system == system {
            return self.clone();
        }
        let turned = |value: &Defined<Interval>, turn: fn(f64) -> f64| match value {
            Defined::Ok { value } => Defined::Ok {
                value: Interval {
                    estimate: turn(value.estimate),
                    low: turn(value.high),
                    high: turn(value.low),
                    level: value.level,
                },
            },
            undefined @ Defined::Undefined { .. } => undefined.clone(),
        };
        Self {
            system: self.minus.clone(),
            minus: self.system.clone(),
            n_preferred: self.n_not_preferred,
            n_not_preferred: self.n_preferred,
            difference: turned(&self.difference, |value| 0.0 - value),
            share: turned(&self.share, |share| 1.0 - share),
            expected: match &self.expected {
                Defined::Ok { value } => Defined::Ok { value: 1.0 - value },
                undefined @ Defined::Undefined { .. } => undefined.clone(),
            },
            ..self.clone()
        }
    }
}
