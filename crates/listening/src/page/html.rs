//! The page that raters see: one file, no network.
//!
//! Everything it needs to know is in one JSON element: opaque names, no system, no key. The content security policy
//! names the hashes of the one style and the one script, so that nothing else on the page can run or be fetched.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::design::plan::Plan;
use crate::page::blinding::Names;
use crate::page::bundle::Key;
use crate::rating::Paradigm;

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(include_str!("store.js"), include_str!("page.js"));

#[derive(Serialize)]
struct Data<'a> {
    study: &'a str,
    design: &'a str,
    bundle: &'a str,
    comparison: bool,
    question: &'a str,
    labels: &'a [String],
    lowest: i32,
    consent: &'a str,
    instructions: &'a str,
    volume: String,
    /// What the clips hold, by their names.
    contents: BTreeMap<&'a str, &'a str>,
    sessions: BTreeMap<&'a str, Vec<Page>>,
}

#[derive(Serialize)]
struct Page {
    id: String,
    first: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<String>,
}

/// The bytes of `index.html`.
pub(crate) fn page(plan: &Plan, names: &Names, key: &Key) -> String {
    let sessions = plan.sessions.iter().map(|session| {
        let pages = session.trials.iter().enumerate().map(|(page, trial)| {
            let (first, second) = names.heard(trial);
            Page { id: names.trial(&session.rater, page), first, second }
        });
        (session.rater.as_str(), pages.collect())
    });
    let data = Data {
        study: &plan.study,
        design: &plan.design,
        bundle: &key.bundle,
        comparison: plan.protocol.paradigm == Paradigm::Cmos,
        question: &plan.protocol.question,
        labels: &plan.protocol.labels,
        lowest: plan.protocol.paradigm.scale().0,
        consent: &plan.protocol.consent,
        instructions: &plan.protocol.instructions,
        volume: names.volume(),
        contents: key.clips.iter().map(|(name, clip)| (name.as_str(), clip.content.as_str())).collect(),
        sessions: sessions.collect(),
    };
    let data = serde_json::to_string(&data).expect("strings and numbers have a JSON form");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    // Clips are the only thing that is loaded; a page that was opened as a file loads them as files.
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; media-src 'self' file:; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    // The data goes in last: nothing in it is taken for a place to fill.
    HTML.replace("{{policy}}", &policy)
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        .replace("{{data}}", &data.replace('<', "\\u003c"))
}
