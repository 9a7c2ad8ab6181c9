//! Ratings without a plan, from any tool.

mod order;
mod pairing;
mod trim;

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::judge::{Sensitivity, judge_study, refuse_votes};
use crate::analysis::study::Study;
use crate::analysis::verdict::Verdict;
use crate::design::protocol::Analysis;
use crate::error::Error;
use crate::paradigms::Paradigm;
use crate::rating::{Origin, Rating};
use crate::score_sign::ScoreSign;
use crate::system::Role;
use crate::trial::{First, Kind};

/// A judgment without a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRating {
    /// The rater.
    pub rater: String,
    /// The sentence.
    pub item: String,
    /// The system that was judged. In a comparison, the reference itself marks a null pair.
    pub system: String,
    /// CMOS: -3 to 3, with the sign of [`FoundStudy::score_sign`]. MOS, DMOS and SMOS: 1 to 5. ABX: 1 for a right answer, 0 for a
    /// wrong one. Half points are allowed.
    pub score: f64,
    /// CMOS and ABX: the clip heard first, where that is known.
    pub first: Option<First>,
    /// Human or simulated.
    pub origin: Origin,
    /// The file that it came from.
    pub source_file: String,
    /// Its row in that file, from 1.
    pub source_row: u64,
}

/// The facts needed to judge ratings without a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundStudy {
    /// A name for the report.
    pub name: String,
    /// The paradigm of the test.
    pub paradigm: Paradigm,
    /// The system that the others were compared with. CMOS and ABX: any name; DMOS and SMOS: one of the systems; MOS: one of the
    /// systems, or `None`.
    pub reference: Option<String>,
    /// States that the reference is human recordings.
    pub human_reference: bool,
    /// The systems known to be worse than the reference.
    pub anchors: Vec<String>,
    /// The analysis.
    pub analysis: Analysis,
    /// Allows a rater to judge a sentence of a system more than once; otherwise a second judgment is an error.
    pub repeats: bool,
    /// The meaning of a positive score of a comparison. `None` is system minus reference as well, but then scores that look
    /// like second minus first are an error.
    pub score_sign: Option<ScoreSign>,
}

/// Judges ratings without a plan, as [`judge`](crate::judge()) does with one.
///
/// The verdict has no design and notes that nothing shows what was declared before anybody listened. Systems, raters and
/// sentences are those that occur, systems in order of appearance. Missing ratings cannot be detected.
///
/// Blanks around names are removed. The notes of the verdict count them, and report ratings whose order is unknown,
/// orders that are not balanced, and sentences that are named differently for each system, which are not paired.
///
/// Scores that are second minus first, but were taken as system minus reference, have a mean near 0 and depend on the
/// order of the clips by twice the difference. As true scores rarely do that, such ratings are refused unless
/// [`FoundStudy::score_sign`] states their sign.
///
/// # Errors
///
/// [`Error::Protocol`] for an analysis that breaks a rule; [`Error::Found`] for the paradigm of votes, without ratings, for a
/// comparison without a reference, for a reference or anchor that nobody judged, and for scores that cannot be converted
/// because the order is unknown; [`Error::ScoreSign`] for scores that look like second minus first; [`Error::Rating`], with file and row, for
/// an empty name, a score off the scale, and a repeated judgment.
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
///     score_sign: None,
/// };
/// let verdict = judge_found(&study, &ratings)?;
/// assert!(verdict.systems[0].words.starts_with("The test cannot tell whether `vits` is as good as `recordings`"));
/// # Ok::<(), mynah_listening::Error>(())
/// ```
pub fn judge_found(study: &FoundStudy, ratings: &[FoundRating]) -> Result<Verdict, Error> {
    refuse_votes(study.paradigm)?;
    study.analysis.check(study.paradigm)?;
    let (ratings, trimmed) = trim::trimmed(ratings);
    let (study, ratings) = (&trim::trimmed_study(study), &ratings[..]);
    check(study, ratings)?;
    let mut notes: Vec<String> = trimmed.into_iter().collect();
    notes.extend(pairing::note(study, ratings));
    let rules = study.paradigm.rules();
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
    let rows = rows(study, ratings)?;
    if rules.is_signed() {
        notes.extend(order::notes(study, &rows));
    }
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
        missing: None,
        notes,
    };
    let verdict = judge_study(&known, &rows, Sensitivity::Examined);
    if rules.is_signed() { order::check(study, verdict) } else { Ok(verdict) }
}

/// Converts ratings to rows of the ratings table.
fn rows(study: &FoundStudy, ratings: &[FoundRating]) -> Result<Vec<Rating>, Error> {
    let rules = study.paradigm.rules();
    let reference = study.reference.as_ref();
    let sign = study.score_sign.unwrap_or(ScoreSign::SystemMinusReference);
    let kind_of = |rating: &FoundRating| {
        let is_null = rules.allows_null_pairs() && reference == Some(&rating.system);
        if is_null { Kind::NullPair } else { Kind::Rating }
    };
    let without_order: Vec<&FoundRating> = ratings
        .iter()
        .filter(|rating| sign.convert(rating.score, rating.first, kind_of(rating)).is_none())
        .collect();
    if let Some(first) = without_order.first() {
        return Err(Error::Found {
            what: format!(
                "{} of {} do not say which clip was heard first, among them row {} of `{}`; scores that are {} need it",
                without_order.len(),
                ratings.len(),
                first.source_row,
                first.source_file,
                sign.words()
            ),
            remedy: Some(
                "add a column with the clip heard first, or convert the scores to system minus reference",
            ),
        });
    }
    let row = |rating: &FoundRating| {
        let kind = kind_of(rating);
        let score = sign.convert(rating.score, rating.first, kind).unwrap_or(rating.score);
        let first = rating.first.filter(|_| rules.has_order());
        Rating {
            study: study.name.clone(),
            design: String::new(),
            origin: rating.origin,
            paradigm: study.paradigm,
            rater: rating.rater.clone(),
            page: 0,
            item: rating.item.clone(),
            system: rating.system.clone(),
            reference: reference.filter(|_| rules.plays_reference()).cloned(),
            first,
            x: None,
            kind,
            score,
            score_raw: rules.clicked(score, first, None),
            plays_first: None,
            plays_second: None,
            plays_x: None,
            milliseconds: None,
            audio_ms: None,
            unheard_ms: None,
            gap_ms: None,
            hidden_ms: None,
            source_file: rating.source_file.clone(),
            source_row: rating.source_row,
        }
    };
    Ok(ratings.iter().map(row).collect())
}

/// Validates ratings without a plan.
fn check(study: &FoundStudy, ratings: &[FoundRating]) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::Found { what, remedy: None });
    if ratings.is_empty() {
        return refuse("there are no ratings".to_owned());
    }
    let systems: BTreeSet<&String> = ratings.iter().map(|rating| &rating.system).collect();
    let listed = || systems.iter().map(|system| format!("`{system}`")).collect::<Vec<_>>().join(", ");
    let rules = study.paradigm.rules();
    if let Some(sign) = study.score_sign.filter(|_| !rules.is_signed()) {
        let what = format!(
            "{} scores are not {}: they do not compare the second clip with the first",
            rules.abbreviation(),
            sign.words()
        );
        return Err(Error::Found { what, remedy: Some("leave the sign of the scores out") });
    }
    match &study.reference {
        None if rules.requires_reference() => {
            return refuse("a comparison needs the name of what the systems were compared with".to_owned());
        }
        None if !study.anchors.is_empty() => {
            let what = "an anchor is worse than the reference, and there is no reference".to_owned();
            return Err(Error::Found { what, remedy: Some("name that too") });
        }
        Some(reference) if rules.is_judged(Role::Reference) && !systems.contains(reference) => {
            return refuse(format!("nobody judged the reference `{reference}`; judged were {}", listed()));
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
            let (file, row) = (rating.source_file.clone(), rating.source_row);
            Err(Error::Rating { file, row, what, remedy: None })
        };
        for (name, value) in [("rater", &rating.rater), ("item", &rating.item), ("system", &rating.system)] {
            if value.trim().is_empty() {
                return fault(format!("it has no {name}"));
            }
        }
        if !study.paradigm.has_half_point(rating.score) {
            let (lowest, highest) = rules.scale();
            return Err(Error::Rating {
                file: rating.source_file.clone(),
                row: rating.source_row,
                what: format!(
                    "score {} is not a point of the scale, the whole and half numbers from {lowest} to {highest}",
                    rating.score
                ),
                remedy: Some("give single votes on this scale, one a row, not means or other units"),
            });
        }
        let subject = (rating.rater.as_str(), rating.item.as_str(), rating.system.as_str());
        if let Some(earlier) = first_row.insert(subject, rating).filter(|_| !study.repeats) {
            return Err(Error::Rating {
                file: rating.source_file.clone(),
                row: rating.source_row,
                what: format!(
                    "rater `{}` judged item `{}` of `{}` already in row {}",
                    rating.rater, rating.item, rating.system, earlier.source_row
                ),
                remedy: Some("remove one of them, or say that judgments may be repeated"),
            });
        }
    }
    Ok(())
}
