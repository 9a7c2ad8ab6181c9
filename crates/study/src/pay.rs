//! The list of payments.

use serde::Serialize;

use crate::error::Error;
use crate::participant::{Platform, State};
use crate::progress::{Progress, RaterProgress};
use crate::store::Store;

/// A decision on the pay of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Complete, and nothing speaks against it.
    Approve,
    /// Complete, but with flags: somebody should look first. Nobody is rejected by a program.
    Review,
    /// Not complete: on Prolific, to be asked to return the place; on Mechanical Turk there is nothing to decide.
    Unfinished,
}

/// The pay of one participant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Payment {
    /// The platform.
    pub platform: Platform,
    /// The platform's name for the participant.
    pub participant: String,
    /// The platform's name for the participation.
    pub assignment: Option<String>,
    /// The rater code.
    pub rater: String,
    /// The decision.
    pub decision: Decision,
    /// The flags.
    pub reason: String,
    /// Minutes spent on the answers.
    pub minutes: f64,
    /// The bonus of a participant who is approved.
    pub bonus: Option<f64>,
}

/// Lists the payments of all participants whose data are not deleted.
///
/// `bonus` is the same for everybody who is approved: a bonus for agreeing with the others would pay for conformity.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn payments(store: &Store, progress: &Progress, bonus: Option<f64>) -> Result<Vec<Payment>, Error> {
    let mut payments = Vec::new();
    for participant in store.participants()? {
        let Some(person) = participant.person else { continue };
        let Some(rater) = progress.raters.iter().find(|one| one.rater == participant.rater) else { continue };
        let RaterProgress { state, flags, minutes, .. } = rater;
        let decision = match state {
            State::Complete if flags.is_empty() => Decision::Approve,
            State::Complete => Decision::Review,
            _ => Decision::Unfinished,
        };
        payments.push(Payment {
            platform: participant.platform,
            participant: person,
            assignment: participant.assignment,
            rater: participant.rater,
            decision,
            reason: flags.join("; "),
            minutes: *minutes,
            bonus: bonus.filter(|_| decision == Decision::Approve),
        });
    }
    Ok(payments)
}
