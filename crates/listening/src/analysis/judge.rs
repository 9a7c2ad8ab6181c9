//! From ratings to a verdict, by the analysis that was declared with the plan.

use std::collections::BTreeSet;

use mynah_stats::clustered::{Clustered, difference};
use mynah_stats::effect::{cliffs_delta, rank_biserial};
use mynah_stats::equivalence::Tost;
use mynah_stats::krippendorff::{self, Scale};
use mynah_stats::mann_whitney::{RankSumConfig, rank_sum};
use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};
use mynah_stats::{Interval, Simultaneous, TestResult, simultaneous};

use rayon::prelude::*;

use crate::analysis::scores::{
    Against, Estimate, Indices, Scores, clustered_difference, clustered_mean, explain,
};
use crate::analysis::screening::{ScreeningRule, rules_for, screen};
use crate::analysis::sensitivity::{conclude, reanalyse};
use crate::analysis::study::{Study, origin};
use crate::analysis::verdict::{
    Assay, Conclusion, Defined, ItemMean, NullPairs, PaperRule, ScoreCount, Screening, SystemVerdict, Verdict,
};
use crate::analysis::words::{assay_explanation, is_human_level, notes, paper_explanation, system_words};
use crate::answers::check::check_ratings;
use crate::design::plan::{Plan, Role};
use crate::design::protocol::Analysis;
use crate::error::Error;
use crate::rating::{Kind, Origin, Paradigm, Rating};

/// Judges the systems of a plan by its ratings.
///
/// ```text
/// interval              mean ± t · SE, SE from leaving out raters and items (Clustered::jackknifed), coverage 1 - a
/// better, worse         the interval of the difference lies above 0, below 0
/// equivalent            else, and the interval of coverage 1 - 2 b lies within ±margin
/// non-inferior          else, and that interval lies above -margin
/// inconclusive          else, and where no interval can be computed
/// ```
///
/// With one system under test a and b are alpha. With several they are smaller, such that in a share 1 - alpha of studies
/// every word about every one of them is right ([`mynah_stats::simultaneous()`]). An anchor is judged for itself.
///
/// In a comparison (CMOS) the difference is the mean score, system minus reference. In a test of single clips (MOS) it
/// is the difference between the system's mean and the reference's, where there is a reference; else nothing is
/// concluded.
///
/// Beside it stands the rule of the `NaturalSpeech` paper: enough sentences and judges, the Wilcoxon signed-rank test on
/// all ratings not significant, and a mean close to 0, for which the paper gives no number: here, within the margin.
///
/// For single clips the rule has the rank-sum test in place of the signed-rank test, and no mean to be close to 0.
///
/// Ratings are left out by the rules that the protocol declares, and by no others; the sensitivity tables show what the
/// other choice would have made of it. An anchor is judged like any system; a test whose anchors are all found worse has
/// shown that it can find a difference ([`Assay`]).
///
/// Ratings that are missing are counted in the notes, so that a study can be judged while it runs. The words speak of
/// human level only where people compared with human recordings, the sizes of the protocol are met, the anchors were
/// found worse, and the conclusion is `equivalent`.
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
    check_ratings(plan, ratings)?;
    Ok(judge_study(&Study::of(plan), ratings, Sensitivity::Examined))
}

/// Whether other analyses are made, beside the declared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sensitivity {
    /// All of them.
    Examined,
    /// None: of many studies nobody reads them.
    LeftOut,
}

/// Judges ratings that belong to a study.
pub(crate) fn judge_study(study: &Study, ratings: &[Rating], sensitivity: Sensitivity) -> Verdict {
    let indices = Indices::of(study);
    let rules = &study.analysis.screening;
    let declared = Sample::of(study, ratings, rules, &indices);
    let (kept, excluded) = screen(study, ratings, rules);
    let estimates: Vec<SystemEstimate> = study
        .judged()
        .map(|(name, role)| {
            let (scores, reference) = declared.of_system(name, role);
            let mean = clustered_mean(&scores);
            let effect = match against(study, role, reference.as_ref()) {
                Against::Zero => mean.clone(),
                Against::Reference(reference) => clustered_difference(&scores, reference),
                Against::Nothing(reason) => Err(reason.to_owned()),
            };
            SystemEstimate { role, mean, effect }
        })
        .collect();
    let family = family(&estimates, study.analysis.alpha);
    let levels = |role| Levels::of(study, role, family.as_ref());
    let mut systems: Vec<SystemVerdict> = study
        .judged()
        .zip(&estimates)
        .map(|((name, role), estimate)| {
            let (scores, reference) = declared.of_system(name, role);
            let against = against(study, role, reference.as_ref());
            judge_system(study, name, &scores, &against, estimate, &levels(role))
        })
        .collect();
    let mut screening =
        Screening { rules: rules.clone(), excluded, other_rules: Vec::new(), other_excluded: Vec::new() };
    if sensitivity == Sensitivity::Examined {
        screening.other_rules = if rules.is_empty() { ScreeningRule::of(study.paradigm) } else { Vec::new() };
        screening.other_excluded = screen(study, ratings, &screening.other_rules).1;
        let mut samples = vec![(rules, declared)];
        if screening.other_excluded != screening.excluded {
            samples
                .push((&screening.other_rules, Sample::of(study, ratings, &screening.other_rules, &indices)));
        }
        systems.par_iter_mut().for_each(|system| {
            for (rules, sample) in &samples {
                let (scores, reference) = sample.of_system(&system.system, system.role);
                let against = against(study, system.role, reference.as_ref());
                let rules = rules_for(rules, system.role);
                let levels = levels(system.role);
                let levels = (levels.difference, levels.equivalence);
                system.sensitivity.extend(reanalyse(&study.analysis, levels, &rules, &scores, &against));
            }
        });
    }
    let origin = origin(ratings);
    let assay = assay(study, origin, &systems);
    for system in &mut systems {
        system.paper_rule.explanation = paper_explanation(study, system);
        system.words = system_words(study, origin, &assay, system);
        system.human_level = is_human_level(study, origin, &assay, system);
    }
    Verdict {
        notes: notes(study, ratings, &systems, &screening),
        study: study.name.clone(),
        design: study.design.clone(),
        origin,
        paradigm: study.paradigm,
        reference: study.reference().map(str::to_owned),
        human_reference: study.human_reference,
        analysis: study.analysis.clone(),
        protocol: study.protocol.clone(),
        null_pairs: null_pairs(study, &kept, &indices),
        agreement: agreement(study, &kept, &indices),
        systems,
        assay,
        screening,
    }
}

/// Ratings after screening, for the systems and, with one rule less, for the anchors.
struct Sample<'a> {
    study: &'a Study,
    indices: &'a Indices<'a>,
    ratings: Vec<&'a Rating>,
    of_anchors: Vec<&'a Rating>,
}

impl<'a> Sample<'a> {
    fn of(
        study: &'a Study,
        ratings: &'a [Rating],
        rules: &[ScreeningRule],
        indices: &'a Indices<'a>,
    ) -> Self {
        let kept = |role| screen(study, ratings, &rules_for(rules, role)).0;
        Self { study, indices, ratings: kept(Role::Candidate), of_anchors: kept(Role::Anchor) }
    }

    /// The scores of a system, and those of the reference where it has any of its own.
    fn of_system(&self, name: &str, role: Role) -> (Scores, Option<Scores>) {
        let ratings = if role == Role::Anchor { &self.of_anchors } else { &self.ratings };
        let scores = |name: &str| Scores::of(ratings, Kind::Rating, name, self.indices);
        let reference = self.study.reference().filter(|_| self.study.paradigm == Paradigm::Mos);
        (scores(name), reference.map(scores))
    }
}

/// What a system's scores are held against.
fn against<'a>(study: &Study, role: Role, reference: Option<&'a Scores>) -> Against<'a> {
    match (study.paradigm, role, reference) {
        (Paradigm::Cmos, _, _) => Against::Zero,
        (Paradigm::Mos, Role::Reference, _) => Against::Nothing("this is the reference"),
        (Paradigm::Mos, _, Some(reference)) => Against::Reference(reference),
        (Paradigm::Mos, _, None) => Against::Nothing("there is no reference"),
    }
}

/// Whether every anchor was found worse than the reference.
fn assay(study: &Study, origin: Origin, systems: &[SystemVerdict]) -> Assay {
    let anchors: Vec<&SystemVerdict> = systems.iter().filter(|system| system.role == Role::Anchor).collect();
    let missed: Vec<&SystemVerdict> =
        anchors.iter().filter(|anchor| anchor.conclusion != Some(Conclusion::Worse)).copied().collect();
    Assay {
        sensitive: (!anchors.is_empty()).then_some(missed.is_empty()),
        explanation: assay_explanation(study, origin, &anchors, &missed),
    }
}

/// What is estimated of one system.
struct SystemEstimate {
    role: Role,
    mean: Result<Estimate, String>,
    /// What the system adds to what it is held against.
    effect: Result<Estimate, String>,
}

/// The simultaneous inference over the systems under test; none where nothing is known of any.
fn family(estimates: &[SystemEstimate], alpha: f64) -> Option<Simultaneous> {
    let influences: Vec<_> = estimates
        .iter()
        .filter(|one| one.role == Role::Candidate)
        .filter_map(|one| one.effect.as_ref().ok().map(|(_, influence)| influence))
        .collect();
    simultaneous(&influences, alpha).ok()
}

/// The levels at which one system is judged.
struct Levels<'a> {
    difference: f64,
    equivalence: f64,
    /// The family that it belongs to.
    family: Option<&'a Simultaneous>,
}

impl<'a> Levels<'a> {
    fn of(study: &Study, role: Role, family: Option<&'a Simultaneous>) -> Self {
        let alpha = study.analysis.alpha;
        match family.filter(|_| role == Role::Candidate) {
            Some(family) => Self {
                difference: family.difference_alpha,
                equivalence: family.equivalence_alpha,
                family: Some(family),
            },
            None => Self { difference: alpha, equivalence: alpha, family: None },
        }
    }
}

const ONLY_COMPARISON: &str = "a test of single clips has no differences to rank";

fn judge_system(
    study: &Study,
    name: &str,
    scores: &Scores,
    against: &Against<'_>,
    estimate: &SystemEstimate,
    levels: &Levels<'_>,
) -> SystemVerdict {
    let analysis = &study.analysis;
    let role = estimate.role;
    let mean = scores.mean();
    let only = |estimate: &Result<Estimate, String>| estimate.as_ref().map(|one| one.0).map_err(Clone::clone);
    let (clustered, effect) = (only(&estimate.mean), only(&estimate.effect));
    // A comparison's mean is its difference, and has the same interval.
    let (level, mean_level) = match against {
        Against::Zero => (1.0 - levels.difference, 1.0 - levels.difference),
        _ => (1.0 - levels.difference, 1.0 - analysis.alpha),
    };
    let known = effect.clone().or_else(|_| clustered.clone());
    let of = |value: fn(&Clustered) -> f64| -> Defined<f64> {
        known.as_ref().map(value).map_err(Clone::clone).into()
    };
    let t_test: Defined<TestResult> = effect.clone().map(|effect| effect.t_test()).into();
    let equivalence: Defined<_> = effect
        .clone()
        .and_then(|effect| {
            effect.tost(analysis.margin, levels.equivalence).map_err(|error| error.to_string())
        })
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
    let ranked = |one: &[f64], other: fn(&Scores) -> Vec<f64>| -> Defined<TestResult> {
        match against {
            Against::Zero => Defined::Undefined { reason: "a comparison has one sample".to_owned() },
            Against::Nothing(reason) => Defined::Undefined { reason: (*reason).to_owned() },
            Against::Reference(reference) => {
                rank_sum(one, &other(reference), &RankSumConfig::default()).map_err(explain).into()
            }
        }
    };
    let rank_sum = ranked(&scores.values, |reference| reference.values.clone());
    // The paper gives no number for "close to 0", and asks it of a comparison only.
    let test = match study.paradigm {
        Paradigm::Cmos => {
            mean.value().filter(|mean| mean.abs() <= analysis.margin).and(wilcoxon_ratings.value())
        }
        Paradigm::Mos => rank_sum.value(),
    };
    let applies = sizes_met
        && study.human_reference
        && (wilcoxon_ratings.value().is_some() || rank_sum.value().is_some());
    let passes = applies.then(|| test.is_some_and(|test| test.p_value > analysis.alpha));
    let interval_of = |interval: fn(&Clustered, f64) -> Result<_, mynah_stats::Error>| {
        clustered
            .clone()
            .and_then(|mean| interval(&mean, mean_level).map_err(|error| error.to_string()))
            .into()
    };
    SystemVerdict {
        system: name.to_owned(),
        role,
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
        adjusted_p_value: adjusted(&t_test, role, levels),
        t_test,
        standard_error: of(|effect| effect.standard_error),
        degrees_of_freedom: of(|effect| effect.degrees_of_freedom),
        effective_raters: of(|effect| effect.effective_raters),
        effective_items: of(|effect| effect.effective_items),
        wilcoxon_item_means: signed(&scores.item_means()),
        wilcoxon_ratings,
        rank_sum_item_means: ranked(&scores.item_means(), Scores::item_means),
        rank_sum,
        effect_size: match against {
            Against::Zero => rank_biserial(&scores.values, analysis.zeros).map_err(explain).into(),
            Against::Nothing(reason) => Defined::Undefined { reason: (*reason).to_owned() },
            Against::Reference(reference) => {
                cliffs_delta(&scores.values, &reference.values).map_err(explain).into()
            }
        },
        order_effect: order_effect(scores, against, analysis),
        histogram: histogram(scores, study.paradigm),
        item_means: scores
            .means_by_item()
            .into_iter()
            .map(|(item, mean)| ItemMean {
                item: study.items[item].clone(),
                n_ratings: per_item[&item],
                mean,
            })
            .collect(),
        paper_rule: PaperRule { sizes_met, passes, explanation: String::new() },
        conclusion,
        sensitivity: Vec::new(),
        human_level: false,
        words: String::new(),
    }
}

fn order_effect(scores: &Scores, against: &Against<'_>, analysis: &Analysis) -> Defined<Interval> {
    if !matches!(against, Against::Zero) {
        return Defined::Undefined { reason: "single clips have no order".to_owned() };
    }
    difference(&scores.values, &scores.heard_second, &scores.raters, &scores.items)
        // Nothing is concluded from it, so that the plain errors do where one sentence was heard in one order only.
        .and_then(|effect| effect.jackknifed().unwrap_or(effect).interval(1.0 - analysis.alpha))
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

/// The probability that is corrected for the number of systems under test.
fn adjusted(t_test: &Defined<TestResult>, role: Role, levels: &Levels<'_>) -> Defined<f64> {
    match (t_test, levels.family) {
        _ if role != Role::Candidate => Defined::Undefined { reason: "it is not under test".to_owned() },
        (Defined::Undefined { reason }, _) => Defined::Undefined { reason: reason.clone() },
        (Defined::Ok { .. }, None) => {
            Defined::Undefined { reason: "the systems have no joint distribution".to_owned() }
        }
        (Defined::Ok { value }, Some(family)) => Defined::Ok { value: family.adjusted(value.p_value) },
    }
}

fn null_pairs(study: &Study, ratings: &[&Rating], indices: &Indices<'_>) -> Defined<NullPairs> {
    let pairs = match study.reference() {
        Some(reference) => Scores::of(ratings, Kind::NullPair, reference, indices),
        None => return Defined::Undefined { reason: "there is no reference".to_owned() },
    };
    let n = pairs.values.len();
    let Defined::Ok { value: mean } = pairs.mean() else {
        let planned = study.protocol.as_ref().is_some_and(|protocol| protocol.null_pairs > 0);
        let reason = if planned { "none of the planned ones was judged" } else { "none were planned" };
        return Defined::Undefined { reason: reason.to_owned() };
    };
    let squares: f64 = pairs.values.iter().map(|score| (score - mean).powi(2)).sum();
    let standard_deviation = if n < 2 {
        Defined::Undefined { reason: "there is only one".to_owned() }
    } else {
        Defined::Ok { value: (squares / (n as f64 - 1.0)).sqrt() }
    };
    let interval = clustered_mean(&pairs)
        .and_then(|(mean, _)| mean.interval(1.0 - study.analysis.alpha).map_err(|error| error.to_string()));
    Defined::Ok {
        value: NullPairs {
            n_ratings: n,
            n_raters: pairs.raters.iter().collect::<BTreeSet<_>>().len(),
            mean,
            interval: interval.into(),
            standard_deviation,
        },
    }
}

/// Krippendorff's alpha over all systems and sentences, null pairs left out.
fn agreement(study: &Study, ratings: &[&Rating], indices: &Indices<'_>) -> Defined<f64> {
    let (mut values, mut units) = (Vec::new(), Vec::new());
    for (position, (name, _)) in study.judged().enumerate() {
        let scores = Scores::of(ratings, Kind::Rating, name, indices);
        values.extend(scores.values);
        units.extend(scores.items.into_iter().map(|item| position * study.items.len() + item));
    }
    krippendorff::alpha(&values, &units, Scale::Ordinal).map_err(explain).into()
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
