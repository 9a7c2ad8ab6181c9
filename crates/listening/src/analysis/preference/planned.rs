//! Votes of a planned preference test.

use mynah_stats::preference::Preference;

use super::judge::judge_checked;
use super::{PreferenceStudy, PreferenceVerdict, Vote};
use crate::analysis::screening::{Exclusion, controls_note, screen, screening_note};
use crate::analysis::study::Study;
use crate::answers::check::check_ratings;
use crate::design::controls::ControlCounts;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::rating::Rating;
use crate::trial::First;

/// Judges the votes of a planned preference test, by the level and the screening declared with the plan.
///
/// The statistics are those of [`judge_preferences`](crate::judge_preferences). Missing votes are counted in the notes, so a
/// test can be judged while it runs. A reference that nobody has judged yet is left out, and a note says so.
///
/// # Errors
///
/// [`Error::Rating`], with file and row, for a vote of another design, one that contradicts the plan or itself, one for a
/// trial that was not planned, and a repeated vote; [`Error::Found`] for a plan of a test that gives scores, if there are no
/// votes, also after screening, and for more than 30 systems.
///
/// # Examples
///
/// ```
/// use mynah_listening::{Paradigm, Plan, Protocol, Role, Simulation, System, judge_votes, simulate};
///
/// let protocol = Protocol::standard(Paradigm::Ab);
/// let system = |name: &str| System { name: name.into(), role: Role::Candidate, directory: name.into() };
/// let items = (1..=50).map(|number| format!("LJ050-{number:04}")).collect();
/// let plan = Plan::new(protocol, vec![system("old"), system("new")], items, "first-look", 1)?;
///
/// let simulation = Simulation { true_differences: [("new".to_owned(), 0.5)].into(), ..Simulation::default() };
/// let verdict = judge_votes(&plan, &simulate(&plan, &simulation)?)?;
/// assert!(verdict.words.starts_with("Simulated ratings, not a finding: Listeners prefer `new` to `old`"));
/// # Ok::<(), mynah_listening::Error>(())
/// ```
pub fn judge_votes(plan: &Plan, ratings: &[Rating]) -> Result<PreferenceVerdict, Error> {
    if !plan.protocol.paradigm.rules().compares_all_pairs() {
        let what =
            format!("a {} test gives scores, not votes", plan.protocol.paradigm.rules().abbreviation());
        return Err(Error::Found { what, remedy: Some("judge it as a test that gives scores") });
    }
    check_ratings(plan, ratings)?;
    judge_planned(&Study::rated(plan, ratings), ratings)
}

/// Judges votes that belong to a study.
pub(crate) fn judge_planned(study: &Study, ratings: &[Rating]) -> Result<PreferenceVerdict, Error> {
    let (kept, excluded) = screen(study, ratings, &study.analysis.screening);
    let votes: Vec<Vote> = kept.into_iter().map(vote).collect();
    let is_judged = |name: &&str| votes.iter().any(|vote| vote.first == **name || vote.second == **name);
    let reference = study.reference().filter(is_judged);
    let settings = PreferenceStudy {
        name: study.name.clone(),
        reference: reference.map(str::to_owned),
        alpha: study.analysis.alpha,
        repeats: false,
    };
    let verdict = judge_checked(&settings, &votes)?;
    let controls = study.control_counts(ratings);
    let mut notes = notes(study, &controls, &excluded);
    notes.extend(
        study
            .reference()
            .filter(|_| reference.is_none())
            .map(|reference| format!("Nobody has judged `{reference}` yet, so nothing is compared with it.")),
    );
    notes.extend(verdict.notes);
    Ok(PreferenceVerdict {
        design: study.design.clone(),
        protocol: study.protocol.clone(),
        controls,
        excluded,
        notes,
        ..verdict
    })
}

/// Turns a rating into the vote that it is.
///
/// The opponent is the `reference` of the rating; its score is a vote for the system if positive, for the opponent if negative.
fn vote(rating: &Rating) -> Vote {
    let reference = rating.reference.clone().unwrap_or_default();
    let (first, second) = match rating.first {
        Some(First::System) => (rating.system.clone(), reference),
        Some(First::Reference) | None => (reference, rating.system.clone()),
    };
    Vote {
        rater: rating.rater.clone(),
        item: rating.item.clone(),
        first,
        second,
        choice: if rating.score_raw < 0.0 {
            Preference::First
        } else if rating.score_raw > 0.0 {
            Preference::Second
        } else {
            Preference::Tie
        },
        origin: rating.origin,
        source_file: rating.source_file.clone(),
        source_row: rating.source_row,
    }
}

/// Accounts for votes that are missing or left out.
fn notes(study: &Study, controls: &[ControlCounts], excluded: &[Exclusion]) -> Vec<String> {
    let missing = study.missing.and_then(|missing| missing.note("votes"));
    let before = missing.into_iter().chain(controls_note(controls));
    before.chain(screening_note(&study.analysis.screening, excluded, "votes")).collect()
}
