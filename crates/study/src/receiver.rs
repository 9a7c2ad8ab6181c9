//! The receiver for web space: the contract of the server in one PHP file.

use mynah_listening::{ClipFile, Entry, PageOfTrial, Pages};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::participant::Places;
use crate::store::{ANSWER_BYTES, FORMAT, FORMS, SCHEMA};

const TEMPLATE: &str = include_str!("receiver.php");

#[derive(Serialize)]
struct Study<'a> {
    entry: Entry,
    copies: u32,
    overbook: u32,
    lease_ms: i64,
    completion_code: Option<&'a str>,
    redirect: Option<&'a str>,
    /// The token for the store, and part of the name of the folder that it lies in.
    secret: String,
    answer_bytes: usize,
    forms: [&'a str; FORMS.len()],
    scale: Vec<i32>,
    /// An answer has a score for each clip but the first.
    side_by_side: bool,
    codes: Vec<String>,
    volume: String,
    meta: BTreeMap<&'a str, String>,
    clips: BTreeMap<&'a str, ClipFile>,
    sessions: Vec<Session<'a>>,
}

#[derive(Serialize)]
struct Session<'a> {
    rater: &'a str,
    pages: Vec<PageOfTrial>,
}

/// Returns a PHP file that answers the requests of the page, and whose store this crate reads.
///
/// It needs PHP 8 with `pdo_sqlite` and a folder that it may write into.
///
/// # Panics
///
/// Never: strings and numbers have a JSON form.
#[must_use]
pub fn receiver(
    pages: &Pages<'_>,
    entry: Entry,
    places: &Places,
    (completion_code, redirect): (Option<&str>, Option<&str>),
) -> String {
    let plan = pages.plan();
    let (lowest, highest) = plan.protocol.paradigm.scale();
    let secret = pages.experimenter_secret();
    let study = Study {
        entry,
        copies: places.copies,
        overbook: places.overbook,
        lease_ms: places.lease_ms,
        completion_code,
        redirect,
        answer_bytes: ANSWER_BYTES,
        forms: FORMS,
        scale: (lowest..=highest).collect(),
        side_by_side: plan.protocol.paradigm.rules().rates_side_by_side(),
        codes: (0..plan.sessions.len()).map(|session| pages.code(session)).collect(),
        volume: pages.volume(),
        meta: [
            ("format", FORMAT.to_string()),
            ("study", plan.study.clone()),
            ("design", plan.design.clone()),
            ("bundle", pages.bundle().to_owned()),
            ("experimenter", secret.clone()),
        ]
        .into(),
        secret,
        clips: pages.clips(),
        sessions: plan
            .sessions
            .iter()
            .enumerate()
            .map(|(index, session)| Session { rater: &session.rater, pages: pages.of_session(index) })
            .collect(),
    };
    let study = serde_json::to_string(&study).expect("strings and numbers have a JSON form");
    TEMPLATE.replace("{{schema}}", SCHEMA.trim_end()).replace("{{study}}", &study)
}
