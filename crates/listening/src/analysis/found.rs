//! Ratings that came without a plan: anybody's, from any tool.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::judge::{Sensitivity, judge_study};
use crate::analysis::study::Study;
use crate::analysis::verdict::Verdict;
use crate::design::plan::Role;
use crate::design::protocol::Analysis;
use crate::error::Error;
use crate::rating::{First, Kind, Origin, Paradigm, Rating};

/// A judgement without a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRating {
    /// Who judged.
    pub rater: String,
    /// The sentence.
    pub item: String,
    /// The system that was judged. In a comparison the reference itself stands for a null pair.
    pub system: String,
    /// CMOS: system minus reference, -3 to 3. MOS: 1 to 5.
    pub score: f64,
    /// CMOS: what was heard first, where that is known.
    pub first: Option<First>,
    /// Whether somebody gave it.
    pub origin: Origin,
    /// Where it came from.
    pub source_file: String,
    /// Its row there, from 1.
    pub source_row: u64,
}

/// What has to be known about ratings that came without a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundStudy {
    /// A name for the report.
    pub name: String,
    /// What was asked.
    pub paradigm: Paradigm,
    /// What the systems were compared with. CMOS: its name, whether it has rows or not; MOS: one of the systems, or nothing.
    pub reference: Option<String>,
    /// Whether that is human recordings.
    pub human_reference: bool,
    /// The systems that are known to be worse than the reference.
    pub anchors: Vec<String>,
    /// How to judge.
    pub analysis: Analysis,
    /// Whether one rater may judge one sentence of one system more than once; else a second judgement is an error.
    pub repeats: bool,
}

/// Judges ratings that came without a plan, as [`judge`](crate::judge()) does with one.
///
/// The verdict has no design: nothing shows what was declared before anybody listened, and it says so. Systems, raters and
/// sentences are those that occur, systems in the order in which they first do. What is missing cannot be known.
///
/// # Errors
///
/// [`Error::Protocol`] for an analysis that breaks a rule; [`Error::Found`] without ratings, for a comparison without a reference, and for a reference or anchor that nobody judged;
/// [`Error::Rating`], with file and row, for an empty name, a score that is no point of the scale, and a second judgement of
/// the same thing.
///
/// # Examples
///
/// ```
/// use mynah_listening::{Analysis, FoundRating, FoundStudy, Origin, Paradigm, judge_found};
///
/// let rows = [("ann", "s1", 0.0), ("ann", "s2", -1.0), ("bob", "s1", -1.0), ("bob", "s2", 0.0)];
/// let ratings: Vec<FoundRating> = (1..)
///     .zip(rows)
///     .map(|(source_row, (rater, item, score))| FoundRating {
///         rater: rater.into(),
///         item: item.into(),
///         system: "vits".into(),
///         score,
///         first: None,
///         origin: Origin::Human,
///         source_file: "votes.csv".into(),
///         source_row,
///     })
///     .collect();
/// let study = FoundStudy {
///     name: "votes".into(),
///     paradigm: Paradigm::Cmos,
///     reference: Some("recordings".into()),
///     human_reference: true,
///     anchors: vec![],
///     analysis: Analysis::default(),
///     repeats: false,
/// };
/// let verdict = judge_found(&study, &ratings)?;
/// assert!(verdict.systems[0].words.starts_with("The test cannot tell whether `vits` is as good as `recordings`"));
/// # Ok::<(), mynah_listening::Error>(())
/// ```
pub fn judge_found(study: &FoundStudy, ratings: &[FoundRating]) -> Result<Verdict, Error> {
    study.analysis.check(study.paradigm)?;
    check(study, ratings)?;
    let is_comparison = study.paradigm == Paradigm::Cmos;
    let reference = study.reference.as_ref();
    let mut names: Vec<&String> = reference.into_iter().collect();
    let mut seen: BTreeSet<&String> = names.iter().copied().collect();
    names.extend(ratings.iter().map(|rating| &rating.system).filter(|system| seen.insert(system)));
    let role = |name: &String| {
        if reference == Some(name) {
            Role::Reference
        } else if study.anchors.contains(name) {
            Role::Anchor
        } else {
            Role::Candidate
        }
    };
    let mut systems: Vec<(String, Role)> = names.into_iter().map(|name| (name.clone(), role(name))).collect();
    systems.sort_by_key(|(_, role)| *role == Role::Anchor);
    let distinct = |name: fn(&FoundRating) -> &String| -> Vec<String> {
        ratings.iter().map(name).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    };
    let known = Study {
        name: study.name.clone(),
        design: None,
        paradigm: study.paradigm,
        human_reference: study.human_reference,
        analysis: study.analysis.clone(),
        protocol: None,
        systems,
        raters: distinct(|rating| &rating.rater),
        items: distinct(|rating| &rating.item),
        n_planned: None,
    };
    let rows: Vec<Rating> = ratings
        .iter()
        .map(|rating| {
            let is_null = is_comparison && reference == Some(&rating.system);
            Rating {
                study: study.name.clone(),
                design: String::new(),
                origin: rating.origin,
                paradigm: study.paradigm,
                rater: rating.rater.clone(),
                page: 0,
                item: rating.item.clone(),
                system: rating.system.clone(),
                reference: reference.filter(|_| is_comparison).cloned(),
                first: rating.first,
                kind: if is_null { Kind::NullPair } else { Kind::Rating },
                score: rating.score,
                score_raw: rating.score * rating.first.map_or(1.0, First::sign) + 0.0,
                plays_first: None,
                plays_second: None,
                milliseconds: None,
                source_file: rating.source_file.clone(),
                source_row: rating.source_row,
            }
        })
        .collect();
    Ok(judge_study(&known, &rows, Sensitivity::Examined))
}

fn check(study: &FoundStudy, ratings: &[FoundRating]) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::Found { what });
    if ratings.is_empty() {
        return refuse("there are no ratings".to_owned());
    }
    let systems: BTreeSet<&String> = ratings.iter().map(|rating| &rating.system).collect();
    let listed = || systems.iter().map(|system| format!("`{system}`")).collect::<Vec<_>>().join(", ");
    match (&study.reference, study.paradigm) {
        (None, Paradigm::Cmos) => {
            return refuse("a comparison needs the name of what the systems were compared with".to_owned());
        }
        (Some(reference), Paradigm::Mos) if !systems.contains(reference) => {
            return refuse(format!("nobody judged the reference `{reference}`; judged were {}", listed()));
        }
        (None, Paradigm::Mos) if !study.anchors.is_empty() => {
            return refuse("an anchor is worse than the reference: name that too".to_owned());
        }
        _ => {}
    }
    for anchor in &study.anchors {
        if !systems.contains(anchor) || study.reference.as_ref() == Some(anchor) {
            return refuse(format!("`{anchor}` cannot be an anchor; judged were {}", listed()));
        }
    }
    let n_candidates = systems
        .iter()
        .filter(|system| study.reference.as_ref() != Some(system) && !study.anchors.contains(system));
    if n_candidates.count() == 0 {
        return refuse(format!("no system is under test; judged were {}", listed()));
    }
    let mut first_row: BTreeMap<(&str, &str, &str), &FoundRating> = BTreeMap::new();
    for rating in ratings {
        let fault = |what: String| {
            Err(Error::Rating { file: rating.source_file.clone(), row: rating.source_row, what })
        };
        for (name, value) in [("rater", &rating.rater), ("item", &rating.item), ("system", &rating.system)] {
            if value.trim().is_empty() {
                return fault(format!("it has no {name}"));
            }
        }
        if !study.paradigm.has_point(rating.score) {
            let (lowest, highest) = study.paradigm.scale();
            return fault(format!(
                "score {} is no point of the scale, the whole numbers from {lowest} to {highest}",
                rating.score
            ));
        }
        let subject = (rating.rater.as_str(), rating.item.as_str(), rating.system.as_str());
        if let Some(earlier) = first_row.insert(subject, rating).filter(|_| !study.repeats) {
            return fault(format!(
                "rater `{}` judged item `{}` of `{}` already in row {}: remove one of them, or say that judgements may \
                 be repeated",
                rating.rater, rating.item, rating.system, earlier.source_row
            ));
        }
    }
    Ok(())
}
