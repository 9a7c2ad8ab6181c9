//! From ratings to a verdict, by the analysis that was declared with the plan.

use std::collections::BTreeSet;

use mynah_stats::clustered::{Clustered, difference};
use mynah_stats::equivalence::Tost;
use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};
use mynah_stats::{Interval, TestResult, holm};

use crate::error::Error;
use crate::plan::{Plan, Role};
use crate::protocol::Analysis;
use crate::rating::{Kind, Origin, Paradigm, Rating};
use crate::rating_check::check_ratings;
use crate::scores::{Against, Indices, Scores, clustered_difference, clustered_mean, explain};
use crate::sensitivity::{conclude, reanalyse};
use crate::verdict::{
    Conclusion, Defined, NullPairs, PaperRule, Reanalysis, ScoreCount, SystemVerdict, Verdict,
};
use crate::words::{notes, paper_explanation, system_words};

/// Judges the systems of a plan by its ratings.
///
/// ```text
/// interval              mean ± t · SE, SE clustered by rater and item (mynah_stats::clustered), coverage 1 - alpha
/// better, worse         the interval of the difference lies above 0, below 0
/// equivalent            else, and the interval of coverage 1 - 2 alpha lies within ±margin
/// non-inferior          else, and that interval lies above -margin
/// inconclusive          else, and where no interval can be computed
/// ```
///
/// In a comparison (CMOS) the difference is the mean score, system minus reference. In a test of single clips (MOS) it
/// is the difference between the system's mean and the reference's, where there is a reference; else nothing is
/// concluded.
///
/// Beside it stands the rule of the `NaturalSpeech` paper: enough sentences and judges, the Wilcoxon signed-rank test on
/// all ratings not significant, and a mean close to 0, for which the paper gives no number: here, within the margin.
///
/// Ratings that are missing are counted in the notes, so that a study can be judged while it runs. The words speak of
/// human level only where people compared with human recordings, the sizes of the protocol are met, and the conclusion
/// is `equivalent`.
///
/// # Errors
///
/// [`Error::Rating`], with file and row, for a rating of another design, one that contradicts the plan or itself, one that
/// nobody was asked for, a score off the scale, and a second judgement of the same thing.
///
/// # References
///
/// X. Tan et al. (2022), "`NaturalSpeech`: end-to-end text to speech synthesis with human-level quality",
/// arXiv 2205.04421, section 2.
pub fn judge(plan: &Plan, ratings: &[Rating]) -> Result<Verdict, Error> {
    judge_with(plan, ratings, reanalyse)
}

/// [`judge`], with the other analyses of each system's ratings by this function.
pub(crate) fn judge_with(
    plan: &Plan,
    ratings: &[Rating],
    others: impl Fn(&Plan, &Scores, &Against<'_>) -> Vec<Reanalysis>,
) -> Result<Verdict, Error> {
    check_ratings(plan, ratings)?;
    let simulated = ratings.iter().any(|rating| rating.origin == Origin::Simulated);
    let origin = if simulated { Origin::Simulated } else { Origin::Human };
    let indices = Indices::of(plan);
    let reference = plan.reference();
    let reference_scores = reference.map(|system| Scores::of(ratings, &system.name, &indices));

    let mut systems: Vec<SystemVerdict> = plan
        .judged_systems()
        .map(|system| {
            let scores = Scores::of(ratings, &system.name, &indices);
            let role = match (system.role, plan.protocol.paradigm, &reference_scores) {
                (_, Paradigm::Cmos, _) => Against::Zero,
                (Role::Candidate, Paradigm::Mos, Some(reference)) => Against::Reference(reference),
                (Role::Candidate, Paradigm::Mos, None) => Against::Nothing("there is no reference"),
                (Role::Reference, Paradigm::Mos, _) => Against::Nothing("this is the reference"),
            };
            let sensitivity = others(plan, &scores, &role);
            SystemVerdict { sensitivity, ..judge_system(plan, &system.name, &scores, &role) }
        })
        .collect();
    correct_for_several(&mut systems);
    for system in &mut systems {
        system.paper_rule.explanation = paper_explanation(plan, system);
        system.words = system_words(plan, origin, system);
    }
    let null_pairs = null_pairs(plan, ratings);
    let notes = notes(plan, ratings, &systems);
    Ok(Verdict {
        study: plan.study.clone(),
        design: plan.design.clone(),
        origin,
        paradigm: plan.protocol.paradigm,
        reference: reference.map(|system| system.name.clone()),
        human_reference: plan.protocol.human_reference,
        analysis: plan.protocol.analysis.clone(),
        systems,
        null_pairs,
        notes,
    })
}

const ONLY_COMPARISON: &str = "a test of single clips has no differences to rank";

fn judge_system(plan: &Plan, name: &str, scores: &Scores, against: &Against<'_>) -> SystemVerdict {
    let analysis = &plan.protocol.analysis;
    let level = 1.0 - analysis.alpha;
    let mean = scores.mean();
    let clustered = clustered_mean(scores);
    let effect: Result<Clustered, String> = match against {
        Against::Zero => clustered.clone(),
        Against::Reference(reference) => clustered_difference(scores, reference),
        Against::Nothing(reason) => Err((*reason).to_owned()),
    };
    let t_test: Defined<TestResult> = effect.clone().map(|effect| effect.t_test()).into();
    let equivalence: Defined<_> = effect
        .clone()
        .and_then(|effect| effect.tost(analysis.margin, analysis.alpha).map_err(|error| error.to_string()))
        .into();
    let difference: Defined<_> =
        effect.and_then(|effect| effect.interval(level).map_err(|error| error.to_string())).into();
    let conclusion = match against {
        Against::Nothing(_) => None,
        Against::Zero | Against::Reference(_) => {
            Some(conclusion_of(&difference, &equivalence, analysis.margin))
        }
    };
    let per_item = scores.ratings_per_item();
    let minimum_ratings_per_item = per_item.values().copied().min().unwrap_or(0);
    let sizes_met = per_item.len() >= analysis.minimum_items as usize
        && minimum_ratings_per_item >= analysis.minimum_ratings_per_item as usize;
    let signed = |values: &[f64]| -> Defined<TestResult> {
        match against {
            Against::Zero => {
                let config = SignedRankConfig { zeros: analysis.zeros, ..SignedRankConfig::default() };
                signed_rank(values, &config).map_err(explain).into()
            }
            _ => Defined::Undefined { reason: ONLY_COMPARISON.to_owned() },
        }
    };
    let wilcoxon_ratings = signed(&scores.values);
    let passes = match (&mean, &wilcoxon_ratings) {
        (Defined::Ok { value: mean }, Defined::Ok { value: test })
            if sizes_met && plan.protocol.human_reference =>
        {
            Some(test.p_value > analysis.alpha && mean.abs() <= analysis.margin)
        }
        _ => None,
    };
    let interval_of = |interval: fn(&Clustered, f64) -> Result<_, mynah_stats::Error>| {
        clustered.clone().and_then(|mean| interval(&mean, level).map_err(|error| error.to_string())).into()
    };
    SystemVerdict {
        system: name.to_owned(),
        n_ratings: scores.values.len(),
        n_items: per_item.len(),
        n_raters: scores.raters.iter().collect::<BTreeSet<_>>().len(),
        minimum_ratings_per_item,
        mean,
        interval: interval_of(Clustered::interval),
        naive_interval: interval_of(Clustered::naive_interval),
        design_effect: clustered.clone().map(|mean| mean.design_effect()).into(),
        equivalence_interval: match &equivalence {
            Defined::Ok { value } => Defined::Ok { value: value.interval },
            Defined::Undefined { reason } => Defined::Undefined { reason: reason.clone() },
        },
        difference,
        achieved_margin: match &equivalence {
            Defined::Ok { value } => Defined::Ok { value: value.achieved_margin() },
            Defined::Undefined { reason } => Defined::Undefined { reason: reason.clone() },
        },
        equivalence,
        t_test,
        holm_p_value: Defined::Undefined { reason: String::new() },
        wilcoxon_item_means: signed(&scores.means_by_item().into_values().collect::<Vec<_>>()),
        wilcoxon_ratings,
        rank_sum: match against {
            Against::Zero => Defined::Undefined { reason: "a comparison has one sample".to_owned() },
            Against::Nothing(reason) => Defined::Undefined { reason: (*reason).to_owned() },
            Against::Reference(reference) => {
                rank_sum(&scores.values, &reference.values, &RankSumConfig::default()).map_err(explain).into()
            }
        },
        order_effect: order_effect(scores, against, analysis),
        histogram: histogram(scores, plan.protocol.paradigm),
        paper_rule: PaperRule { sizes_met, passes, explanation: String::new() },
        conclusion,
        sensitivity: Vec::new(),
        words: String::new(),
    }
}

fn order_effect(scores: &Scores, against: &Against<'_>, analysis: &Analysis) -> Defined<Interval> {
    if !matches!(against, Against::Zero) {
        return Defined::Undefined { reason: "single clips have no order".to_owned() };
    }
    difference(&scores.values, &scores.heard_second, &scores.raters, &scores.items)
        .and_then(|effect| effect.interval(1.0 - analysis.alpha))
        .map_err(explain)
        .into()
}

/// What follows from the intervals; inconclusive where there are none.
fn conclusion_of(difference: &Defined<Interval>, equivalence: &Defined<Tost>, margin: f64) -> Conclusion {
    match (difference.value(), equivalence.value()) {
        (Some(interval), Some(tost)) => conclude(interval, &tost.interval, margin),
        _ => Conclusion::Inconclusive,
    }
}

/// Fills in the probabilities that are corrected for the number of systems.
fn correct_for_several(systems: &mut [SystemVerdict]) {
    let p_values: Vec<f64> =
        systems.iter().filter_map(|system| system.t_test.value()).map(|test| test.p_value).collect();
    let mut adjusted = holm(&p_values).unwrap_or_default().into_iter();
    for system in systems {
        system.holm_p_value = match &system.t_test {
            Defined::Ok { .. } => {
                adjusted.next().ok_or_else(|| "the tests have no probabilities".to_owned()).into()
            }
            Defined::Undefined { reason } => Defined::Undefined { reason: reason.clone() },
        };
    }
}

fn null_pairs(plan: &Plan, ratings: &[Rating]) -> Defined<NullPairs> {
    let pairs: Vec<&Rating> = ratings.iter().filter(|rating| rating.kind == Kind::NullPair).collect();
    if pairs.is_empty() {
        let planned = plan.protocol.null_pairs > 0;
        let reason = if planned { "none of the planned ones was judged" } else { "none were planned" };
        return Defined::Undefined { reason: reason.to_owned() };
    }
    let n = pairs.len() as f64;
    let mean = pairs.iter().map(|pair| pair.score).sum::<f64>() / n;
    let squares: f64 = pairs.iter().map(|pair| (pair.score - mean).powi(2)).sum();
    let standard_deviation = if pairs.len() < 2 {
        Defined::Undefined { reason: "there is only one".to_owned() }
    } else {
        Defined::Ok { value: (squares / (n - 1.0)).sqrt() }
    };
    Defined::Ok {
        value: NullPairs {
            n_ratings: pairs.len(),
            n_raters: pairs.iter().map(|pair| &pair.rater).collect::<BTreeSet<_>>().len(),
            mean,
            standard_deviation,
        },
    }
}

fn histogram(scores: &Scores, paradigm: Paradigm) -> Vec<ScoreCount> {
    let (lowest, highest) = paradigm.scale();
    (lowest..=highest)
        .map(|score| {
            let count = scores.values.iter().filter(|value| **value as i32 == score).count();
            ScoreCount { score, count }
        })
        .collect()
}
