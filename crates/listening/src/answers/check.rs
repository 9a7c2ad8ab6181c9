//! Validation of ratings against their plan.

use std::collections::BTreeMap;

use crate::design::plan::Plan;
use crate::error::Error;
use crate::rating::Rating;
use crate::trial::{First, Kind, Slot};

/// The subject of a rating: rater, item, system, opponent, kind.
type Subject<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Kind);
/// The clip heard first, and that of which X is a copy.
type Order = (Option<First>, Option<Slot>);

/// Rejects ratings that do not belong to a plan, contradict it, or occur twice.
///
/// Missing ratings are not an error: a study may be judged while it runs.
pub(crate) fn check_ratings(plan: &Plan, ratings: &[Rating]) -> Result<(), Error> {
    let planned: BTreeMap<Subject<'_>, Order> = plan
        .sessions
        .iter()
        .flat_map(|session| session.trials.iter().map(move |trial| (session, trial)))
        .map(|(session, trial)| {
            let (item, system) = (trial.item.as_str(), trial.system.as_str());
            ((session.rater.as_str(), item, system, plan.opponent(trial), trial.kind), (trial.first, trial.x))
        })
        .collect();
    let mut seen: BTreeMap<Subject<'_>, &Rating> = BTreeMap::new();
    for rating in ratings {
        let (item, system) = (rating.item.as_str(), rating.system.as_str());
        let subject = (rating.rater.as_str(), item, system, rating.reference.as_deref(), rating.kind);
        let is_of_plan = rating.design == plan.design;
        let mut remedy = (!is_of_plan).then_some("use the plan that was rated");
        // Whoever does a session after somebody else has the same trials.
        let session = plan.session_of(&rating.rater).map(|session| plan.sessions[session].rater.as_str());
        let trial = (session.unwrap_or(subject.0), subject.1, subject.2, subject.3, subject.4);
        let fault = contradiction(plan, rating).or_else(|| match planned.get(&trial) {
            None => Some(unplanned(plan, rating)),
            Some((first, _)) if *first != rating.first => {
                Some("the clips were heard in another order than planned".to_owned())
            }
            Some((_, x)) if *x != rating.x => Some("X was a copy of another clip than planned".to_owned()),
            Some(_) => seen.insert(subject, rating).map(|earlier| {
                remedy = Some("remove one of them");
                format!(
                    "rater `{}` judged item `{}` of {} already in `{}`, row {}",
                    rating.rater,
                    rating.item,
                    judged(plan, rating),
                    earlier.source_file,
                    earlier.source_row
                )
            }),
        });
        if let Some(what) = fault {
            let (file, row) = (rating.source_file.clone(), rating.source_row);
            return Err(Error::Rating { file, row, what, remedy });
        }
    }
    Ok(())
}

/// Finds a contradiction between a rating and the plan as a whole, or within the rating.
fn contradiction(plan: &Plan, rating: &Rating) -> Option<String> {
    let paradigm = plan.protocol.paradigm;
    if rating.design != plan.design {
        return Some(format!("it was given for design `{}`, the plan is `{}`", rating.design, plan.design));
    }
    if rating.paradigm != paradigm {
        return Some("it has another paradigm than the plan".to_owned());
    }
    let rules = paradigm.rules();
    let reference = plan.reference().map(|system| system.name.as_str()).filter(|_| rules.plays_reference());
    let is_control = rating.kind.is_control();
    // Of every two systems, the pairs of the plan tell which were compared; of controls, that nothing was.
    if !rules.compares_all_pairs() && !is_control && rating.reference.as_deref() != reference {
        return Some(format!("it has reference {:?}, the plan has {reference:?}", rating.reference));
    }
    if !paradigm.has_point(rating.score) {
        let (lowest, highest) = paradigm.scale();
        return Some(format!("score {} is not a point of the scale, {lowest} to {highest}", rating.score));
    }
    #[expect(clippy::float_cmp, reason = "both are points of the scale: whole numbers")]
    let consistent = rating.score
        == if is_control { rating.score_raw } else { rules.score(rating.score_raw, rating.first, rating.x) };
    if !consistent {
        return Some(format!(
            "score {} does not follow from the clicked {} and the order of the clips",
            rating.score, rating.score_raw
        ));
    }
    None
}

/// Names the part of a rating that is not in the plan.
fn unplanned(plan: &Plan, rating: &Rating) -> String {
    if plan.session_of(&rating.rater).is_none() {
        return format!("rater `{}` is not in the plan", rating.rater);
    }
    if rating.kind.is_control() {
        return format!("rater `{}` was not to answer control `{}`", rating.rater, rating.item);
    }
    if !plan.systems.iter().any(|system| system.name == rating.system) {
        return format!("system `{}` is not in the plan", rating.system);
    }
    let versus = rating.reference.as_ref().filter(|name| !plan.systems.iter().any(|one| one.name == **name));
    if let Some(versus) = versus {
        return format!("system `{versus}` is not in the plan");
    }
    if !plan.items.contains(&rating.item) {
        return format!("item `{}` is not in the plan", rating.item);
    }
    format!("rater `{}` was not to judge item `{}` of {}", rating.rater, rating.item, judged(plan, rating))
}

/// Names the system of a rating and, if that is not always the reference, its opponent.
fn judged(plan: &Plan, rating: &Rating) -> String {
    match &rating.reference {
        _ if rating.kind.is_control() => "a control".to_owned(),
        Some(versus) if plan.protocol.paradigm.rules().compares_all_pairs() => {
            format!("`{}` against `{versus}`", rating.system)
        }
        _ => format!("`{}`", rating.system),
    }
}
