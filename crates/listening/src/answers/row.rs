//! The row of a planned trial.

use crate::design::plan::Plan;
use crate::rating::{Origin, Rating};
use crate::trial::{Session, Trial};

/// Returns the row of a trial on a page of a session with a score; plays, time and source are left empty.
pub(crate) fn planned_row(
    plan: &Plan,
    session: &Session,
    (page, trial): (usize, &Trial),
    origin: Origin,
    score: f64,
) -> Rating {
    let rules = plan.protocol.paradigm.rules();
    Rating {
        study: plan.study.clone(),
        design: plan.design.clone(),
        origin,
        paradigm: plan.protocol.paradigm,
        rater: session.rater.clone(),
        page: page as u32,
        item: trial.item.clone(),
        system: trial.system.clone(),
        reference: plan.opponent(trial).map(str::to_owned),
        first: trial.first,
        x: trial.x,
        kind: trial.kind,
        score,
        score_raw: if trial.kind.is_control() { score } else { rules.clicked(score, trial.first, trial.x) },
        plays_first: None,
        plays_second: None,
        plays_x: None,
        milliseconds: None,
        audio_ms: None,
        unheard_ms: None,
        gap_ms: None,
        hidden_ms: None,
        source_file: String::new(),
        source_row: 0,
    }
}
