//! The verdict of a listening test, with the evidence that a skeptical reader needs.
//!
//! Types only; `judge` fills them in.

use mynah_stats::equivalence::Tost;
use mynah_stats::{Interval, TestResult};
use serde::{Deserialize, Serialize};

use crate::analysis::ranking::Ranking;
use crate::analysis::screening::Exclusion;
use crate::design::controls::ControlCounts;
use crate::design::protocol::{Analysis, Protocol};
use crate::paradigms::{Paradigm, RankTest};
use crate::rating::Origin;
use crate::screening_rule::ScreeningRule;
use crate::system::Role;

/// A value, or the reason why there is none: a verdict contains no NaN.
///
/// In JSON: `{"status": "ok", "value": …}` or `{"status": "undefined", "reason": "…"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Defined<T> {
    /// A value exists.
    Ok {
        /// The value.
        value: T,
    },
    /// The definition gives no value for these ratings.
    Undefined {
        /// The reason, as a fragment that fits "undefined: …".
        reason: String,
    },
}

impl<T> Defined<T> {
    /// Returns the value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Ok { value } => Some(value),
            Self::Undefined { .. } => None,
        }
    }

    /// Returns the reason for a missing value.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ok { .. } => None,
            Self::Undefined { reason } => Some(reason),
        }
    }
}

impl<T, E: std::fmt::Display> From<Result<T, E>> for Defined<T> {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::Ok { value },
            Err(error) => Self::Undefined { reason: error.to_string() },
        }
    }
}

/// The outcome of a whole listening test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The name of the study.
    pub study: String,
    /// The hash of the plan; `None` without a plan, when nothing is known to have been declared beforehand.
    pub design: Option<String>,
    /// The origin of the ratings: simulated as soon as one of them is.
    pub origin: Origin,
    /// The paradigm of the test.
    pub paradigm: Paradigm,
    /// The system that the others are compared with; `None` for a MOS test without one.
    pub reference: Option<String>,
    /// States that the reference is human recordings.
    pub human_reference: bool,
    /// The analysis, declared before the test if there is a design.
    pub analysis: Analysis,
    /// The protocol, if there was a plan.
    pub protocol: Option<Protocol>,
    /// The systems under test in the plan's order, then the anchors; in a MOS test a rated reference comes first.
    pub systems: Vec<SystemVerdict>,
    /// The ability of this test to detect a difference.
    pub assay: Assay,
    /// The systems under test against each other. Undefined for one, and for more than 30.
    pub ranking: Defined<Ranking>,
    /// The comparisons of the reference with itself.
    pub null_pairs: Defined<NullPairs>,
    /// The ratings excluded by the declared rules.
    pub screening: Screening,
    /// The agreement of the raters: Krippendorff's alpha for ordered categories, over all systems and sentences. Near 0 in a
    /// comparison of equals, where there is nothing to agree on.
    pub agreement: Defined<f64>,
    /// The raters, sorted by name; empty in a rehearsal.
    pub raters: Vec<RaterSummary>,
    /// Sentences that belong next to the results: missing ratings, several comparisons, simulated rows.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Returns the coverage of the interval of a system's mean, or 1 - alpha if no system under test has an interval.
    #[must_use]
    pub fn mean_level(&self) -> f64 {
        self.level(|system| &system.interval, self.analysis.alpha)
    }

    /// Returns the coverage of the interval of a system's difference, larger than 1 - alpha if several are under test.
    #[must_use]
    pub fn difference_level(&self) -> f64 {
        self.level(|system| &system.difference, self.analysis.alpha)
    }

    /// Returns the coverage of the interval that must lie within the margin.
    #[must_use]
    pub fn equivalence_level(&self) -> f64 {
        self.level(|system| &system.equivalence_interval, 2.0 * self.analysis.alpha)
    }

    fn level(&self, of: fn(&SystemVerdict) -> &Defined<Interval>, otherwise: f64) -> f64 {
        self.systems
            .iter()
            .filter(|system| system.role == Role::Candidate)
            .find_map(|system| of(system).value())
            .map_or(1.0 - otherwise, |interval| interval.level)
    }
}

/// The verdict on one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemVerdict {
    /// The system.
    pub system: String,
    /// Its role.
    pub role: Role,
    /// The number of ratings, without null pairs.
    pub n_ratings: usize,
    /// The number of rated sentences.
    pub n_items: usize,
    /// The number of raters.
    pub n_raters: usize,
    /// The smallest number of raters of any rated sentence.
    pub minimum_ratings_per_item: usize,
    /// The mean score; CMOS: system minus reference; ABX: the share of right answers.
    pub mean: Defined<f64>,
    /// The mean with its interval, from standard errors jackknifed over raters and sentences. The coverage is that of
    /// `difference` for CMOS and 1 - alpha for MOS.
    pub interval: Defined<Interval>,
    /// The mean with the interval that assumes independent ratings: too narrow, and the one in most papers.
    pub naive_interval: Defined<Interval>,
    /// (clustered standard error / naive standard error)²: the factor by which the naive interval overcounts ratings.
    pub design_effect: Defined<f64>,
    /// System minus reference with its interval; ABX: the share of right answers minus one half. With several systems under test, all intervals together contain the truth
    /// with probability 1 - alpha, so the coverage of each is larger. CMOS: the same as `interval`.
    pub difference: Defined<Interval>,
    /// The standard error of the difference, or of the mean if there is no difference.
    pub standard_error: Defined<f64>,
    /// The degrees of freedom of Student's t.
    pub degrees_of_freedom: Defined<f64>,
    /// The number of raters with equal shares that would weigh as much; less than `n_raters` if shares differ.
    pub effective_raters: Defined<f64>,
    /// The number of equally often rated sentences that would weigh as much.
    pub effective_items: Defined<f64>,
    /// The difference with its interval of coverage 1 - 2 alpha, more for several systems under test. Equivalence means that
    /// it lies within the margin.
    pub equivalence_interval: Defined<Interval>,
    /// The two one-sided tests of equivalence.
    pub equivalence: Defined<Tost>,
    /// The smallest margin for which these ratings would show equivalence. A margin chosen after the test proves nothing.
    pub achieved_margin: Defined<f64>,
    /// The t test of the difference against 0, two-sided, with clustered standard errors.
    pub t_test: Defined<TestResult>,
    /// The p-value corrected for all systems under test by the joint distribution of their differences: below alpha for
    /// `better` and `worse`. Undefined for anchors and the reference.
    pub adjusted_p_value: Defined<f64>,
    /// CMOS: the Wilcoxon signed-rank test on all ratings, as in the paper; it assumes independence.
    pub wilcoxon_ratings: Defined<TestResult>,
    /// CMOS: the Wilcoxon signed-rank test on the means of the sentences.
    pub wilcoxon_item_means: Defined<TestResult>,
    /// MOS: the rank-sum (Mann-Whitney) test against the reference's ratings, as in the paper; it assumes independence.
    pub rank_sum: Defined<TestResult>,
    /// MOS: the rank-sum test on the means of the sentences.
    pub rank_sum_item_means: Defined<TestResult>,
    /// The effect size, -1 to 1. CMOS: the matched rank-biserial correlation; MOS: Cliff's delta against the reference's
    /// ratings.
    pub effect_size: Defined<f64>,
    /// CMOS: mean score when the system was heard second minus mean score when it was heard first. Undefined if the order of
    /// some ratings is unknown and the known ones do not balance.
    pub order_effect: Defined<Interval>,
    /// The count of each point of the scale, from the lowest to the highest, including zeros; with the points halfway between
    /// two if any score is one.
    pub histogram: Vec<ScoreCount>,
    /// The mean score of each judged sentence.
    pub item_means: Vec<ItemMean>,
    /// The outcome of the rule of the NaturalSpeech paper.
    pub paper_rule: PaperRule,
    /// ABX: the p-value of the sign test by raters and by sentences, where answers are too much alike for an interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_test_p_value: Option<f64>,
    /// The conclusion of the declared analysis; `None` if there is nothing to compare with.
    pub conclusion: Option<Conclusion>,
    /// The results of other analyses of the same ratings.
    pub sensitivity: Vec<Reanalysis>,
    /// The sources of the variation of the scores; undefined in a rehearsal.
    pub components: Defined<VarianceComponents>,
    /// States that people found the system equivalent in a planned comparison with human recordings that met the sizes of the
    /// protocol and found its anchors worse. Only then do the words speak of human level.
    pub human_level: bool,
    /// The conclusion as a sentence.
    pub words: String,
}

impl SystemVerdict {
    /// Returns the outcome of a rank test on all ratings, and on the means of the sentences.
    #[must_use]
    pub fn rank_test(&self, test: RankTest) -> (&Defined<TestResult>, &Defined<TestResult>) {
        match test {
            RankTest::SignedRank => (&self.wilcoxon_ratings, &self.wilcoxon_item_means),
            RankTest::RankSum => (&self.rank_sum, &self.rank_sum_item_means),
        }
    }
}

/// The sources of the variation of scores, as standard deviations in points.
///
/// They explain why intervals of different tests differ: more sentences average out `item_sd` and more raters `rater_sd`,
/// whatever the number of ratings. Estimated by the linear mixed model with crossed effects ([`mynah_stats::mixed`]); for
/// single clips with a reference, of system and reference together after subtraction of their means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VarianceComponents {
    /// Between raters.
    pub rater_sd: f64,
    /// Between sentences.
    pub item_sd: f64,
    /// Within a rater and a sentence, with the rounding to the points of the scale.
    pub residual_sd: f64,
}

/// The result of another analysis than the declared one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reanalysis {
    /// The analysis.
    pub analysis: ReanalysisMethod,
    /// The screening rules applied: those declared, or the other choice in [`Verdict::screening`].
    pub screening: Vec<ScreeningRule>,
    /// States that it allows for raters who judge several sentences, and sentences judged by several raters.
    pub allows_for_dependence: bool,
    /// The difference with its interval, at the coverage of the declared analysis; undefined for rank tests.
    pub interval: Defined<Interval>,
    /// The p-value of "no difference".
    pub p_value: Defined<f64>,
    /// The conclusion by the same rule as the declared analysis; `None` for rank tests, which cannot show equivalence.
    pub conclusion: Option<Conclusion>,
}

/// An analysis of ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReanalysisMethod {
    /// Standard errors jackknifed over raters and sentences: the declared analysis.
    TwoWayClustered,
    /// A linear mixed model with crossed effects of raters and sentences, by REML.
    MixedModel,
    /// A cumulative link mixed model (probit) with crossed effects of raters and sentences, by Laplace's approximation.
    OrdinalModel,
    /// A bootstrap that draws raters and sentences with replacement, 10,000 times.
    CrossedBootstrap,
    /// The t test on the means of the sentences.
    ItemMeans,
    /// The t test that assumes independent ratings.
    Naive,
    /// The signed-rank test on all ratings, zeros discarded.
    WilcoxonRatingsWilcox,
    /// The signed-rank test on all ratings, zeros ranked and left out.
    WilcoxonRatingsPratt,
    /// The signed-rank test on all ratings, the ranks of zeros shared.
    WilcoxonRatingsZsplit,
    /// The signed-rank test on the means of the sentences, zeros discarded.
    WilcoxonItemMeansWilcox,
    /// The signed-rank test on the means of the sentences, zeros ranked and left out.
    WilcoxonItemMeansPratt,
    /// The signed-rank test on the means of the sentences, the ranks of zeros shared.
    WilcoxonItemMeansZsplit,
    /// The rank-sum test on all ratings of the system and of the reference.
    RankSum,
    /// The rank-sum test on the means of the sentences.
    RankSumItemMeans,
    /// The Hodges-Lehmann estimate from the means of the sentences, with the interval that matches the signed-rank test.
    HodgesLehmannItemMeans,
    /// The sign test on the means of the sentences.
    SignTestItemMeans,
}

impl ReanalysisMethod {
    /// Returns the title used in tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TwoWayClustered => "two-way clustered t",
            Self::MixedModel => "linear mixed model, REML",
            Self::OrdinalModel => "cumulative link mixed model",
            Self::CrossedBootstrap => "crossed bootstrap, 10,000 draws",
            Self::ItemMeans => "t on sentence means",
            Self::Naive => "t on ratings as if independent",
            Self::WilcoxonRatingsWilcox => "Wilcoxon on ratings, zeros left out",
            Self::WilcoxonRatingsPratt => "Wilcoxon on ratings, zeros by Pratt",
            Self::WilcoxonRatingsZsplit => "Wilcoxon on ratings, zeros shared",
            Self::WilcoxonItemMeansWilcox => "Wilcoxon on sentence means, zeros left out",
            Self::WilcoxonItemMeansPratt => "Wilcoxon on sentence means, zeros by Pratt",
            Self::WilcoxonItemMeansZsplit => "Wilcoxon on sentence means, zeros shared",
            Self::RankSum => "rank sum on ratings",
            Self::RankSumItemMeans => "rank sum on sentence means",
            Self::HodgesLehmannItemMeans => "Hodges-Lehmann on sentence means",
            Self::SignTestItemMeans => "sign test on sentence means",
        }
    }
}

/// The ratings of one rater, compared with those of the others. Null pairs do not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaterSummary {
    /// The rater.
    pub rater: String,
    /// The number of ratings.
    pub n_ratings: usize,
    /// The excess of the rater's scores over everybody's ([`mynah_stats::bias`]).
    pub bias: Defined<f64>,
    /// The standard deviation of the rater's scores about the quality of each clip plus the bias.
    pub inconsistency: Defined<f64>,
    /// The correlation of the rater's scores with the means of the other raters ([`mynah_stats::reliability`]).
    pub agreement: Defined<f64>,
    /// The share of all ratings that the rater gave, from 0 to 1.
    pub share: f64,
    /// The minutes from the opening of each page to its answer, summed over all answers, null pairs included.
    pub minutes: Defined<f64>,
}

/// The count of one point of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreCount {
    /// The point of the scale.
    pub score: f64,
    /// The number of ratings that gave it.
    pub count: usize,
}

/// The ratings of one sentence of a system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemMean {
    /// The sentence.
    pub item: String,
    /// The number of ratings.
    pub n_ratings: usize,
    /// Their mean.
    pub mean: f64,
}

/// The ability of a test to detect a difference, without which "no difference found" means nothing.
///
/// A test shows it by finding its anchors, systems known to be worse, worse than the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assay {
    /// `true` if every anchor was found worse; `None` without anchors.
    pub sensitive: Option<bool>,
    /// The same as a sentence.
    pub explanation: String,
}

/// The ratings excluded by screening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// The declared rules.
    pub rules: Vec<ScreeningRule>,
    /// The answers of each rater to gold trials and traps, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<ControlCounts>,
    /// The ratings they exclude, which enter no number of the verdict.
    pub excluded: Vec<Exclusion>,
    /// The opposite choice, shown in the sensitivity tables: no rules if some were declared, all rules if none were.
    pub other_rules: Vec<ScreeningRule>,
    /// The ratings that it would exclude.
    pub other_excluded: Vec<Exclusion>,
}

/// The rule by which the NaturalSpeech paper calls a system human-level, reported next to our conclusion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperRule {
    /// States that there are enough sentences, and enough raters of each.
    pub sizes_met: bool,
    /// `true` if the rule calls the system human-level; `None` if it cannot be applied.
    pub passes: Option<bool>,
    /// The reasons, as one or two sentences.
    pub explanation: String,
}

/// The conclusion of the declared analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// The interval of the difference lies above 0.
    Better,
    /// It contains 0, and the equivalence interval lies within the margin.
    Equivalent,
    /// It contains 0, and the equivalence interval lies above -margin but not below +margin.
    NonInferior,
    /// The interval of the difference lies below 0, however small the deficit.
    Worse,
    /// ABX: the interval of the share of right answers does not contain one half, however near it is.
    ToldApart,
    /// None of these: the test was too small to tell.
    Inconclusive,
}

impl Conclusion {
    /// Returns the name used in files and on command lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Equivalent => "equivalent",
            Self::NonInferior => "non-inferior",
            Self::Worse => "worse",
            Self::ToldApart => "told-apart",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Returns `true` if this conclusion is at least as strong as another.
    ///
    /// `better` implies `non-inferior`, as `equivalent` does; `better` does not imply `equivalent`.
    #[must_use]
    pub fn implies(self, required: Self) -> bool {
        self == required || (required == Self::NonInferior && matches!(self, Self::Better | Self::Equivalent))
    }
}

/// The comparisons of the reference with itself: second clip minus first, expected to be 0 on average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullPairs {
    /// The number of comparisons.
    pub n_ratings: usize,
    /// The number of people who judged them.
    pub n_raters: usize,
    /// The mean: the bias of raters toward the second clip of a pair.
    pub mean: f64,
    /// The mean with its interval of coverage 1 - alpha, clustered by rater and by sentence. A bias is shown if it does not
    /// contain 0.
    pub interval: Defined<Interval>,
    /// The standard deviation: the noise of the ratings.
    pub standard_deviation: Defined<f64>,
}
