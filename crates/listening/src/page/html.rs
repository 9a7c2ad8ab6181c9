//! The page that raters see: one file, which asks for nothing but its clips and, where there is one, its server.
//!
//! Its data is one JSON element with opaque names, without systems or keys. The content security policy names the hashes
//! of the one style and the one script, so that nothing else can run or be fetched.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::design::plan::Plan;
use crate::design::session_settings::{Question, SessionSettings};
use crate::page::bundle::hexadecimal;
use crate::page::pages::{ClipFile, PageOfPractice, PageOfTrial, Pages};
use crate::page::strings::Strings;

/// The addresses of Mechanical Turk and of its sandbox.
const MTURK: [&str; 2] = ["https://www.mturk.com", "https://workersandbox.mturk.com"];

/// The way in which participants enter a study that a server holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// With a code of the list of links.
    Code,
    /// From Prolific, whose links carry `PROLIFIC_PID`.
    Prolific,
    /// From Amazon Mechanical Turk, whose links carry `workerId` and `assignmentId`.
    Mturk,
    /// Anybody; the browser keeps a random number.
    Open,
}

/// The data of the page.
#[derive(Serialize)]
struct Data<'a> {
    study: &'a str,
    design: &'a str,
    bundle: &'a str,
    paradigm: &'static str,
    question: &'a str,
    labels: &'a [String],
    lowest: i32,
    highest: i32,
    /// The keys of the words for the clips of a trial, in the order in which they are heard.
    buttons: &'static [&'static str],
    consent: &'a str,
    instructions: &'a str,
    settings: Settings<'a>,
    /// The exercises before the first trial, with their clips.
    practice: Vec<PageOfPractice<'a>>,
    strings: &'a BTreeMap<String, String>,
    volume: String,
    /// The addresses that a finished task may be sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    platforms: Option<[&'static str; 2]>,
    /// The address of requests, to which the name of one is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'static str>,
    /// A server holds the sessions; else the page does.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Entry>,
    /// All clips, without a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    clips: Option<BTreeMap<&'a str, ClipFile>>,
    /// All sessions by the hash of their code, without a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<BTreeMap<String, SessionOfRater<'a>>>,
}

/// The parts around the trials, none of them left out.
#[derive(Serialize)]
struct Settings<'a> {
    headphone_check: bool,
    /// 0 for no breaks.
    break_every: u32,
    comments: bool,
    questions: &'a [Question],
}

impl<'a> Settings<'a> {
    fn of(settings: &'a SessionSettings) -> Self {
        Self {
            headphone_check: settings.headphone_check,
            break_every: settings.break_every.unwrap_or(0),
            comments: settings.comments,
            questions: &settings.questions,
        }
    }
}

#[derive(Serialize)]
struct SessionOfRater<'a> {
    rater: &'a str,
    /// Its position in the plan.
    number: usize,
    pages: Vec<PageOfTrial>,
}

/// Returns the page that holds all sessions and needs no server.
pub(crate) fn static_page(plan: &Plan, pages: &Pages<'_>, strings: &Strings) -> String {
    let sessions = plan.sessions.iter().enumerate().map(|(index, session)| {
        let hash = hash_of_code(&plan.design, &pages.code(index));
        (hash, SessionOfRater { rater: &session.rater, number: index, pages: pages.of_session(index) })
    });
    let mut data = data(plan, pages, strings);
    data.clips = Some(pages.clips());
    data.sessions = Some(sessions.collect());
    fill(plan, &data, strings)
}

/// Returns the page that gets its session from a server and hands every answer to it. `api` is the address of requests, such
/// as `api/`, to which the name of one is added.
#[must_use]
pub fn served_page(
    plan: &Plan,
    pages: &Pages<'_>,
    strings: &Strings,
    (entry, api): (Entry, &'static str),
) -> String {
    let mut data = data(plan, pages, strings);
    data.entry = Some(entry);
    data.platforms = (entry == Entry::Mturk).then_some(MTURK);
    data.api = Some(api);
    fill(plan, &data, strings)
}

fn data<'a>(plan: &'a Plan, pages: &'a Pages<'_>, strings: &'a Strings) -> Data<'a> {
    let rules = plan.protocol.paradigm.rules();
    let (lowest, highest) = rules.scale();
    Data {
        study: &plan.study,
        design: &plan.design,
        bundle: pages.bundle(),
        paradigm: rules.name(),
        question: &plan.protocol.question,
        labels: &plan.protocol.labels,
        lowest,
        highest,
        buttons: rules.clip_order().buttons(),
        consent: &plan.protocol.consent,
        instructions: &plan.protocol.instructions,
        settings: Settings::of(&plan.protocol.session),
        practice: pages.practice(),
        strings: strings.all(),
        volume: pages.volume(),
        entry: None,
        api: None,
        platforms: None,
        clips: None,
        sessions: None,
    }
}

fn fill(plan: &Plan, data: &Data<'_>, strings: &Strings) -> String {
    let json = serde_json::to_string(data).expect("strings and numbers have a JSON form");
    let template = plan.protocol.paradigm.rules().page();
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let forms = data.platforms.map_or_else(|| "'none'".to_owned(), |platforms| platforms.join(" "));
    // Only clips and the server are asked; a page opened as a file plays them as files.
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; media-src 'self' file:; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action {forms}",
        hash(template.script),
        hash(template.style)
    );
    // The data goes in last, so that nothing in it is mistaken for a placeholder.
    template
        .html
        .replace("{{policy}}", &policy)
        .replace("{{language}}", &escaped(strings.language()))
        .replace("{{direction}}", strings.direction())
        .replace("{{title}}", &escaped(strings.text("title")))
        .replace("{{noscript}}", &escaped(strings.text("noscript")))
        .replace("{{style}}", template.style)
        .replace("{{script}}", template.script)
        .replace("{{data}}", &json.replace('<', "\\u003c"))
}

/// Escapes text for an element or an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Returns the hash by which the page finds the session of a code, without naming the code.
pub(crate) fn hash_of_code(design: &str, code: &str) -> String {
    const DIGITS: usize = 32;
    hexadecimal(&Sha256::digest(format!("{design}:{code}")))[..DIGITS].to_owned()
}
