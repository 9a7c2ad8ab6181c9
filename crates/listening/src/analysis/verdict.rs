//! What the ratings of a listening test say, with everything that a reader needs to doubt it.
//!
//! The types only; `judge` fills them.

use mynah_stats::equivalence::Tost;
use mynah_stats::{Interval, TestResult};
use serde::{Deserialize, Serialize};

use crate::analysis::screening::{Exclusion, ScreeningRule};
use crate::design::plan::Role;
use crate::design::protocol::{Analysis, Protocol};
use crate::rating::{Origin, Paradigm};

/// A number that may have no meaning here, and then says why: there is no NaN in a verdict.
///
/// In JSON: `{"status": "ok", "value": …}` or `{"status": "undefined", "reason": "…"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Defined<T> {
    /// It has a value.
    Ok {
        /// The value.
        value: T,
    },
    /// The definition gives none for these ratings.
    Undefined {
        /// Why, as a fragment that fits "undefined: …".
        reason: String,
    },
}

impl<T> Defined<T> {
    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Ok { value } => Some(value),
            Self::Undefined { .. } => None,
        }
    }

    /// Why there is no value, where there is none.
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
    /// The hash of the plan; `None` where there was no plan, so that nothing is known to have been declared beforehand.
    pub design: Option<String>,
    /// Simulated as soon as one of the ratings is.
    pub origin: Origin,
    /// What was asked.
    pub paradigm: Paradigm,
    /// The system that the others are compared with; `None` for a MOS test without one.
    pub reference: Option<String>,
    /// Whether the reference is human recordings.
    pub human_reference: bool,
    /// The analysis; declared before the test where there is a design.
    pub analysis: Analysis,
    /// What raters were asked and how it was presented, where there was a plan.
    pub protocol: Option<Protocol>,
    /// One for each system under test, in the plan's order, then the anchors; in a MOS test the reference, where it is
    /// rated, comes first.
    pub systems: Vec<SystemVerdict>,
    /// Whether this test could have found a difference.
    pub assay: Assay,
    /// The comparisons of the reference with itself.
    pub null_pairs: Defined<NullPairs>,
    /// What the declared rules have left out.
    pub screening: Screening,
    /// Whether raters agree about what they judged: Krippendorff's alpha for ordered categories, over every system and
    /// sentence. Near 0 in a comparison of equals, where there is nothing to agree on.
    pub agreement: Defined<f64>,
    /// Plain sentences that belong beside the results: missing ratings, several comparisons, simulated rows.
    pub notes: Vec<String>,
}

impl Verdict {
    /// The coverage of the interval of a system's mean: that of the systems under test, or 1 - alpha where none has any.
    #[must_use]
    pub fn mean_level(&self) -> f64 {
        self.level(|system| &system.interval, self.analysis.alpha)
    }

    /// The coverage of the interval of a system's difference, larger than 1 - alpha when several are under test.
    #[must_use]
    pub fn difference_level(&self) -> f64 {
        self.level(|system| &system.difference, self.analysis.alpha)
    }

    /// The coverage of the interval that has to lie within the margin.
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

/// What the ratings say about one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemVerdict {
    /// The system.
    pub system: String,
    /// The part it plays.
    pub role: Role,
    /// How many judgements there are, null pairs not counted.
    pub n_ratings: usize,
    /// How many sentences were judged.
    pub n_items: usize,
    /// How many people judged.
    pub n_raters: usize,
    /// The smallest number of judges that any judged sentence has.
    pub minimum_ratings_per_item: usize,
    /// The mean score; CMOS: system minus reference.
    pub mean: Defined<f64>,
    /// The mean with its interval, from standard errors by leaving out raters and sentences. CMOS: of the coverage of
    /// `difference`; MOS: 1 - alpha.
    pub interval: Defined<Interval>,
    /// The mean with the interval that takes every judgement for independent: what most papers print, and too narrow.
    pub naive_interval: Defined<Interval>,
    /// (clustered standard error / naive standard error)²: how many times too many judgements the naive one believes in.
    pub design_effect: Defined<f64>,
    /// System minus reference with its interval. Of several systems under test all intervals together hold the truth with
    /// probability 1 - alpha, so that the coverage of each is larger. CMOS: the same as `interval`.
    pub difference: Defined<Interval>,
    /// The standard error of the difference, or where there is none of the mean.
    pub standard_error: Defined<f64>,
    /// The degrees of freedom of Student's t for it.
    pub degrees_of_freedom: Defined<f64>,
    /// As how many raters who all judge as much these weigh; less than `n_raters` when some did much and others little.
    pub effective_raters: Defined<f64>,
    /// As how many equally judged sentences these weigh.
    pub effective_items: Defined<f64>,
    /// The difference with its interval of coverage 1 - 2 alpha, more for several systems under test: equivalence is that this lies within the margin.
    pub equivalence_interval: Defined<Interval>,
    /// The two one-sided tests behind it.
    pub equivalence: Defined<Tost>,
    /// The smallest margin for which these ratings would show equivalence. One that is chosen after the test proves nothing.
    pub achieved_margin: Defined<f64>,
    /// The t test of the difference against 0, two-sided, with clustered standard errors.
    pub t_test: Defined<TestResult>,
    /// Its probability corrected for all systems under test, by the joint distribution of their differences: `better` and
    /// `worse` are those below alpha. Anchors and the reference have none.
    pub adjusted_p_value: Defined<f64>,
    /// CMOS: the Wilcoxon signed-rank test on all judgements, as the paper has it; it takes them for independent.
    pub wilcoxon_ratings: Defined<TestResult>,
    /// CMOS: the Wilcoxon signed-rank test on the means of the sentences.
    pub wilcoxon_item_means: Defined<TestResult>,
    /// MOS: the rank-sum (Mann-Whitney) test against the reference's ratings, as the paper has it; it takes them for
    /// independent.
    pub rank_sum: Defined<TestResult>,
    /// MOS: the rank-sum test on the means of the sentences.
    pub rank_sum_item_means: Defined<TestResult>,
    /// By how much better judgements outweigh worse ones, -1 to 1. CMOS: the matched rank-biserial correlation; MOS: Cliff's
    /// delta against the reference's ratings.
    pub effect_size: Defined<f64>,
    /// CMOS: mean score when the system was heard second minus mean score when it was heard first.
    pub order_effect: Defined<Interval>,
    /// How often each point of the scale was given, from the lowest to the highest, zeros included.
    pub histogram: Vec<ScoreCount>,
    /// The mean score of each sentence that was judged.
    pub item_means: Vec<ItemMean>,
    /// The rule of the NaturalSpeech paper.
    pub paper_rule: PaperRule,
    /// What follows from the declared analysis; `None` where there is nothing to compare with.
    pub conclusion: Option<Conclusion>,
    /// What other analyses make of the same ratings.
    pub sensitivity: Vec<Reanalysis>,
    /// Whether people, in a planned comparison with human recordings that met the sizes of the protocol and found its
    /// anchors worse, found it equivalent. Only then do the words speak of human level.
    pub human_level: bool,
    /// The conclusion as one plain sentence.
    pub words: String,
}

/// What another analysis than the declared one makes of the same ratings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reanalysis {
    /// Which.
    pub analysis: ReanalysisMethod,
    /// The rules by which ratings were left out: those that were declared, or else as [`Verdict::screening`] says.
    pub screening: Vec<ScreeningRule>,
    /// Whether it allows for raters who judge several sentences and sentences that are judged by several raters.
    pub allows_for_dependence: bool,
    /// The difference with its interval, of the coverage that the declared analysis has; rank tests have none.
    pub interval: Defined<Interval>,
    /// The probability of the difference if there is none.
    pub p_value: Defined<f64>,
    /// What would follow, by the same rule as the declared analysis; rank tests say nothing about equivalence.
    pub conclusion: Option<Conclusion>,
}

/// An analysis of ratings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReanalysisMethod {
    /// Standard errors by leaving out raters and sentences: the declared analysis.
    TwoWayClustered,
    /// A linear mixed model with crossed effects of raters and sentences, by REML.
    MixedModel,
    /// A cumulative link mixed model (probit) with crossed effects of raters and sentences, by Laplace's approximation.
    OrdinalModel,
    /// Raters and sentences drawn with replacement, 10,000 times.
    CrossedBootstrap,
    /// The t test on the means of the sentences.
    ItemMeans,
    /// The t test that takes all judgements for independent.
    Naive,
    /// The signed-rank test on all judgements, zeros left out.
    WilcoxonRatingsWilcox,
    /// The signed-rank test on all judgements, zeros ranked and left out.
    WilcoxonRatingsPratt,
    /// The signed-rank test on all judgements, the ranks of zeros shared.
    WilcoxonRatingsZsplit,
    /// The signed-rank test on the means of the sentences, zeros left out.
    WilcoxonItemMeansWilcox,
    /// The signed-rank test on the means of the sentences, zeros ranked and left out.
    WilcoxonItemMeansPratt,
    /// The signed-rank test on the means of the sentences, the ranks of zeros shared.
    WilcoxonItemMeansZsplit,
    /// The rank-sum test on all judgements of the system and of the reference.
    RankSum,
    /// The rank-sum test on the means of the sentences.
    RankSumItemMeans,
}

impl ReanalysisMethod {
    /// What a table calls it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::TwoWayClustered => "two-way clustered t",
            Self::MixedModel => "linear mixed model, REML",
            Self::OrdinalModel => "cumulative link mixed model",
            Self::CrossedBootstrap => "crossed bootstrap, 10,000 draws",
            Self::ItemMeans => "t on sentence means",
            Self::Naive => "t on judgements as if independent",
            Self::WilcoxonRatingsWilcox => "Wilcoxon on judgements, zeros left out",
            Self::WilcoxonRatingsPratt => "Wilcoxon on judgements, zeros by Pratt",
            Self::WilcoxonRatingsZsplit => "Wilcoxon on judgements, zeros shared",
            Self::WilcoxonItemMeansWilcox => "Wilcoxon on sentence means, zeros left out",
            Self::WilcoxonItemMeansPratt => "Wilcoxon on sentence means, zeros by Pratt",
            Self::WilcoxonItemMeansZsplit => "Wilcoxon on sentence means, zeros shared",
            Self::RankSum => "rank sum on judgements",
            Self::RankSumItemMeans => "rank sum on sentence means",
        }
    }
}

/// How often a point of the scale was given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreCount {
    /// The point of the scale.
    pub score: i32,
    /// How many judgements gave it.
    pub count: usize,
}

/// How a sentence of a system was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemMean {
    /// The sentence.
    pub item: String,
    /// How many judgements there are.
    pub n_ratings: usize,
    /// Their mean.
    pub mean: f64,
}

/// Whether a test could have found a difference, which "no difference found" rests on.
///
/// A test shows that by finding its anchors worse than the reference: systems of which everybody knows that they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assay {
    /// Whether every anchor was found worse; `None` where there is none.
    pub sensitive: Option<bool>,
    /// That as a plain sentence.
    pub explanation: String,
}

/// What rules of screening have left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// The declared rules.
    pub rules: Vec<ScreeningRule>,
    /// What they left out; it is in no number of the verdict.
    pub excluded: Vec<Exclusion>,
    /// The other choice, which the sensitivity tables show: no rules where some were declared, all of them where none were.
    pub other_rules: Vec<ScreeningRule>,
    /// What that would leave out.
    pub other_excluded: Vec<Exclusion>,
}

/// The rule by which the NaturalSpeech paper calls a system human-level, reported beside our conclusion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperRule {
    /// Enough sentences, and enough judges of each of them.
    pub sizes_met: bool,
    /// Whether the rule calls the system human-level; `None` where it cannot be applied.
    pub passes: Option<bool>,
    /// What was met and what was not, as one or two plain sentences.
    pub explanation: String,
}

/// What follows from the declared analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// The interval of the difference lies above 0.
    Better,
    /// It contains 0, and the equivalence interval lies within the margin.
    Equivalent,
    /// It contains 0, and the equivalence interval lies above -margin but not below +margin.
    NonInferior,
    /// The interval of the difference lies below 0, be the deficit ever so small.
    Worse,
    /// None of these: the test was too small to tell.
    Inconclusive,
}

impl Conclusion {
    /// The name that files and command lines use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Equivalent => "equivalent",
            Self::NonInferior => "non-inferior",
            Self::Worse => "worse",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Whether this conclusion gives at least what another one would.
    ///
    /// `better` implies `non-inferior`, as `equivalent` does; `better` does not imply `equivalent`.
    #[must_use]
    pub fn implies(self, required: Self) -> bool {
        self == required || (required == Self::NonInferior && matches!(self, Self::Better | Self::Equivalent))
    }
}

/// The comparisons of the reference with itself: second clip minus first, which should be 0 on average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullPairs {
    /// How many there are.
    pub n_ratings: usize,
    /// How many people judged them.
    pub n_raters: usize,
    /// The mean: what raters add to the second clip of a pair.
    pub mean: f64,
    /// The mean with its interval of coverage 1 - alpha, clustered by rater and by sentence. A bias of the raters is shown
    /// where it does not contain 0.
    pub interval: Defined<Interval>,
    /// The standard deviation: the noise of the judgements.
    pub standard_deviation: Defined<f64>,
}
