//! The order of the clips of a comparison, and what it says about the sign of the scores.

use crate::analysis::found::FoundStudy;
use crate::analysis::verdict::{SystemVerdict, Verdict};
use crate::error::Error;
use crate::rating::Rating;
use crate::score_sign::ScoreSign;
use crate::trial::{First, Kind};

/// The share of ratings with the system second beyond which an order counts as unbalanced.
const UNBALANCED: f64 = 0.65;

/// The ratio of an order effect to half its interval beyond which it is taken for a fact: of honest scores of a test at
/// 5 %, one in a hundred exceeds it.
const CLEAR: f64 = 1.3;

/// Reports unknown and unbalanced orders, and a conversion of the scores.
pub(crate) fn notes(study: &FoundStudy, rows: &[Rating]) -> Vec<String> {
    let mut notes = Vec::new();
    let judged: Vec<&Rating> = rows.iter().filter(|row| row.kind == Kind::Rating).collect();
    let known: Vec<First> = judged.iter().filter_map(|row| row.first).collect();
    let n_unknown = judged.len() - known.len();
    if known.is_empty() {
        notes.push(
            "Which clip of a pair was heard first is unknown, so a preference for the first or the second clip cannot be told \
             from a difference."
                .to_owned(),
        );
    } else if n_unknown > 0 {
        notes.push(format!(
            "Which clip was heard first is unknown for {n_unknown} of {} ratings.",
            judged.len()
        ));
    }
    let n_second = known.iter().filter(|first| **first == First::Reference).count();
    let share = n_second as f64 / known.len() as f64;
    if n_unknown == 0 && !known.is_empty() && !(1.0 - UNBALANCED..=UNBALANCED).contains(&share) {
        notes.push(format!(
            "The order of the clips was not balanced: the system was heard second in {n_second} of {} ratings. A preference \
             for the first or the second clip is part of the difference.",
            known.len()
        ));
    }
    if let Some(sign) = study.score_sign.filter(|sign| *sign != ScoreSign::SystemMinusReference) {
        notes.push(format!(
            "The scores were {} and have been converted to system minus reference.",
            sign.words()
        ));
    }
    notes
}

/// Refuses scores that look like second minus first unless their sign is stated, and then notes it.
///
/// With d the difference between system and reference and b the preference for the second clip, scores of either kind
/// have the means d + b and d - b in the two orders, or d + b and b - d. The order effect is 2b or 2d, the mean d or b: the
/// two kinds differ only in which of d and b is large. Listeners rarely prefer the second clip by more than they prefer one
/// of the systems.
pub(crate) fn check(study: &FoundStudy, mut verdict: Verdict) -> Result<Verdict, Error> {
    let suspect = verdict.systems.iter().find_map(looks_raw);
    match (suspect, study.score_sign) {
        (None, _) => Ok(verdict),
        (Some((system, order_effect, mean)), None) => Err(Error::ScoreSign { system, order_effect, mean }),
        (Some((system, order_effect, mean)), Some(sign)) => {
            verdict.notes.push(format!(
                "The order of the clips matters more than the system: the scores of `{system}` differ by {order_effect:.2} points \
                 with the order, and from 0 by {mean:.2} on average. Check that they are {}.",
                sign.words()
            ));
            Ok(verdict)
        }
    }
}

/// Returns the name, order effect and mean of a system whose scores depend on the order more than on the system.
fn looks_raw(system: &SystemVerdict) -> Option<(String, f64, f64)> {
    let (order, mean) = (system.order_effect.value()?, *system.mean.value()?);
    let is_clear = order.estimate.abs() > CLEAR * order.half_width();
    (is_clear && order.estimate.abs() / 2.0 > mean.abs())
        .then(|| (system.system.clone(), order.estimate, mean))
}
