//! The identity of people who enter.

use std::collections::BTreeMap;

use mynah_listening::Pages;
use mynah_study::{Identity, Platform};

use crate::listen::served_args::EntryArg;

/// The assignment of a preview on Mechanical Turk.
const PREVIEW: &str = "ASSIGNMENT_ID_NOT_AVAILABLE";
/// The longest name of a participant.
const NAME_BYTES: usize = 64;

/// A reason why nobody enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such code.
    UnknownCode,
    /// The link lacks what the study asks for.
    Entry,
    /// The task has not been accepted yet.
    Preview,
}

/// Returns who enters with these parameters of the page's address.
pub(super) fn identity(
    entry: EntryArg,
    parameters: &BTreeMap<String, String>,
    pages: &Pages<'_>,
) -> Result<Identity, Refusal> {
    let named = |key: &str| {
        let name = parameters.get(key).map(|name| name.trim()).filter(|name| !name.is_empty());
        let is_fine = |name: &&str| {
            name.len() <= NAME_BYTES
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        name.filter(is_fine).map(str::to_owned)
    };
    let of = |platform, person, assignment| Identity { platform, person, assignment, session: None };
    match entry {
        EntryArg::Code => {
            let code = parameters.get("code").ok_or(Refusal::UnknownCode)?;
            let session = pages.session_of_code(code).ok_or(Refusal::UnknownCode)?;
            let person = pages.plan().sessions[session].rater.clone();
            Ok(Identity { session: Some(session), ..of(Platform::Code, person, None) })
        }
        EntryArg::Prolific => {
            let person = named("PROLIFIC_PID").ok_or(Refusal::Entry)?;
            Ok(of(Platform::Prolific, person, named("SESSION_ID")))
        }
        EntryArg::Mturk => {
            let assignment = named("assignmentId");
            if assignment.as_deref() == Some(PREVIEW) {
                return Err(Refusal::Preview);
            }
            let person = named("workerId").ok_or(Refusal::Entry)?;
            Ok(of(Platform::Mturk, person, assignment))
        }
        EntryArg::Open => {
            let visitor = named("visitor").filter(|visitor| visitor.len() >= 16).ok_or(Refusal::Entry)?;
            Ok(of(Platform::Open, visitor, None))
        }
    }
}
