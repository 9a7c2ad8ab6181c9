//! From ratings to a verdict, by the analysis declared with the plan.

use rayon::prelude::*;

use crate::analysis::discrimination::in_terms_of;
use crate::analysis::estimate::SystemEstimate;
use crate::analysis::family::Family;
use crate::analysis::ranking::ranking;
use crate::analysis::raters::{agreement, null_pairs, summaries};
use crate::analysis::sample::Sample;
use crate::analysis::scores::Indices;
use crate::analysis::screening::{rules_for, screen};
use crate::analysis::sensitivity::{fit_mixed_model, reanalyze, variance_components};
use crate::analysis::study::{Study, origin};
use crate::analysis::system::judge_system;
use crate::analysis::verdict::{Assay, Conclusion, Defined, Screening, SystemVerdict, Verdict};
use crate::analysis::words::{assay_explanation, is_human_level, notes, paper_explanation, system_words};
use crate::answers::check::check_ratings;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::paradigms::Paradigm;
use crate::rating::{Origin, Rating};
use crate::system::Role;

/// Judges the systems of a plan by its ratings.
///
/// ```text
/// interval              mean ± t · SE, SE jackknifed over raters and items (Clustered::jackknifed), coverage 1 - a
/// better, worse         the interval of the difference lies above 0, below 0
/// equivalent            else, and the interval of coverage 1 - 2 b lies within ±margin
/// non-inferior          else, and that interval lies above -margin
/// inconclusive          else, and where no interval can be computed
/// ```
///
/// With one system under test, a and b are alpha. With several they are smaller, such that in a share 1 - alpha of studies
/// all conclusions about all of them are right ([`mynah_stats::simultaneous()`]). Each anchor is judged alone.
///
/// Votes of a preference test are judged by [`judge_votes`](crate::judge_votes).
///
/// For a comparison (CMOS), the difference is the mean score, system minus reference. For single clips (MOS), degradations
/// (DMOS) and similarities (SMOS), it is the system's mean minus the reference's; without a reference, nothing is concluded.
/// For right and wrong answers (ABX) it is the share of right ones minus one half; outside 0 means told apart, and where
/// nearly all answers are right, a sign test by raters and by sentences decides.
///
/// The verdict also reports the rule of the `NaturalSpeech` paper: enough sentences and raters, a Wilcoxon signed-rank
/// test on all ratings that is not significant, and a mean close to 0, for which the paper gives no number: here, within
/// the margin. For single clips the rule uses the rank-sum test instead, and no mean.
///
/// Only the screening rules that the protocol declares exclude ratings; the sensitivity tables show the effect of the
/// opposite choice. Anchors are judged like any system. A test that finds all of its anchors worse has shown that it can
/// detect a difference ([`Assay`]).
///
/// Missing ratings are counted in the notes, so a study can be judged while it runs. The words speak of human level only
/// if people compared with human recordings, the sizes of the protocol are met, the anchors were found worse, and the
/// conclusion is `equivalent`.
///
/// # Errors
///
/// [`Error::Rating`], with file and row, for a rating of another design, one that contradicts the plan or itself, one for a
/// trial that was not planned, a score off the scale, and a repeated rating; [`Error::Found`] for a plan of a preference test.
///
/// # References
///
/// X. Tan et al. (2022), "`NaturalSpeech`: end-to-end text to speech synthesis with human-level quality",
/// arXiv 2205.04421, section 2.
pub fn judge(plan: &Plan, ratings: &[Rating]) -> Result<Verdict, Error> {
    refuse_votes(plan.protocol.paradigm)?;
    check_ratings(plan, ratings)?;
    Ok(judge_study(&Study::rated(plan, ratings), ratings, Sensitivity::Examined))
}

/// Rejects a paradigm whose answers are votes: their mean is no measure of a system.
pub(crate) fn refuse_votes(paradigm: Paradigm) -> Result<(), Error> {
    if !paradigm.rules().compares_all_pairs() {
        return Ok(());
    }
    let what = format!("{} tests give votes, not scores", paradigm.rules().abbreviation());
    Err(Error::Found { what, remedy: Some("judge them as a preference test") })
}

/// Selects whether sensitivity analyses run alongside the declared one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sensitivity {
    /// All of them run.
    Examined,
    /// None of them runs, as nobody reads them in a rehearsal of many studies.
    LeftOut,
}

/// Judges ratings that belong to a study.
pub(crate) fn judge_study(study: &Study, ratings: &[Rating], sensitivity: Sensitivity) -> Verdict {
    let indices = Indices::of(study);
    let rules = &study.analysis.screening;
    let declared = Sample::of(study, ratings, rules, &indices);
    let (kept, excluded) = screen(study, ratings, rules);
    let (mut systems, family) = judge_systems(study, &declared);
    // A rehearsal asks how often conclusions are right, and draws none from the ranking.
    let ranking = match sensitivity {
        Sensitivity::Examined => ranking(study, &declared),
        Sensitivity::LeftOut => Defined::Undefined { reason: "it was left out".to_owned() },
    };
    let mut screening = Screening {
        rules: rules.clone(),
        controls: study.control_counts(ratings),
        excluded,
        other_rules: Vec::new(),
        other_excluded: Vec::new(),
    };
    if sensitivity == Sensitivity::Examined {
        examine(study, ratings, declared, &family, &mut systems, &mut screening);
    }
    let raters = match sensitivity {
        Sensitivity::Examined => summaries(study, &kept, &indices),
        Sensitivity::LeftOut => Vec::new(),
    };
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
        raters,
        systems,
        assay,
        ranking,
        screening,
    }
}

/// Judges every system by the declared analysis, and returns the levels at which that was done.
fn judge_systems(study: &Study, declared: &Sample<'_>) -> (Vec<SystemVerdict>, Family) {
    let estimates: Vec<SystemEstimate> = study
        .judged()
        .map(|(name, role)| {
            let scores = declared.of_system(name, role);
            SystemEstimate::of(role, &scores.system, scores.against(study, role))
        })
        .collect();
    let n_candidates = estimates.iter().filter(|estimate| estimate.role == Role::Candidate).count();
    let estimates: Vec<SystemEstimate> = estimates
        .into_iter()
        .map(|estimate| {
            let is_of_family = n_candidates > 1 && estimate.role == Role::Candidate;
            if is_of_family { estimate.in_a_family() } else { estimate }
        })
        .collect();
    let family = Family::of(&estimates, study.analysis.alpha);
    let systems = study
        .judged()
        .zip(&estimates)
        .map(|((name, role), estimate)| {
            let scores = declared.of_system(name, role);
            let against = scores.against(study, role);
            judge_system(study, name, &scores.system, against, estimate, &family.levels(role))
        })
        .collect();
    (systems, family)
}

/// Adds the sensitivity analyses of every system: other statistics, and the opposite choice of screening.
fn examine(
    study: &Study,
    ratings: &[Rating],
    declared: Sample<'_>,
    family: &Family,
    systems: &mut [SystemVerdict],
    screening: &mut Screening,
) {
    let indices = Indices::of(study);
    if screening.rules.is_empty() {
        screening.other_rules = study.screening_rules();
    }
    screening.other_excluded = screen(study, ratings, &screening.other_rules).1;
    let mut samples = vec![(&screening.rules, declared)];
    if screening.other_excluded != screening.excluded {
        let other = Sample::of(study, ratings, &screening.other_rules, &indices);
        samples.push((&screening.other_rules, other));
    }
    systems.par_iter_mut().for_each(|system| {
        let levels = family.levels(system.role);
        let levels = (levels.difference, levels.equivalence);
        for (index, (rules, sample)) in samples.iter().enumerate() {
            let scores = sample.of_system(&system.system, system.role);
            let against = scores.against(study, system.role);
            let rules = rules_for(rules, system.role);
            let model = fit_mixed_model(&scores.system, &against);
            system.sensitivity.extend(reanalyze(
                &study.analysis,
                levels,
                &rules,
                (&scores.system, &against),
                &model,
            ));
            for one in &mut system.sensitivity {
                one.conclusion = one.conclusion.map(|conclusion| in_terms_of(study, conclusion));
            }
            // The declared sample is the first.
            if index == 0 {
                system.components = variance_components(model).into();
            }
        }
    });
}

/// Determines whether every anchor was found worse than the reference.
fn assay(study: &Study, origin: Origin, systems: &[SystemVerdict]) -> Assay {
    let anchors: Vec<&SystemVerdict> = systems.iter().filter(|system| system.role == Role::Anchor).collect();
    let is_found = |anchor: &&SystemVerdict| {
        matches!(anchor.conclusion, Some(Conclusion::Worse | Conclusion::ToldApart))
    };
    let missed: Vec<&SystemVerdict> = anchors.iter().filter(|anchor| !is_found(anchor)).copied().collect();
    Assay {
        sensitive: (!anchors.is_empty()).then_some(missed.is_empty()),
        explanation: assay_explanation(study, origin, &anchors, &missed),
    }
}
